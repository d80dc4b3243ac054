import type { ConfigMap, Namespace } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

export interface RootCaPublisherOptions {
  /** PEM of the authority that signs the API server's certificate. */
  caBundle: string;
}

const configMapName = 'kube-root-ca.crt';
const descriptionKey = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the ConfigMap `kube-root-ca.crt`, which pods mount beside their token, in every namespace. */
export class RootCaPublisher implements Component {
  readonly name = 'root-ca-publisher';
  readonly #deps: ControllerDeps;
  readonly #data: Record<string, string>;
  readonly #loop: ControllerLoop;
  readonly #namespaces: Informer<Namespace>;
  readonly #configMaps: Informer<ConfigMap>;
  readonly #client: ResourceClient<ConfigMap>;

  constructor(deps: ControllerDeps, options: RootCaPublisherOptions) {
    this.#deps = deps;
    this.#data = { 'ca.crt': options.caBundle };
    this.#namespaces = deps.informers.informer<Namespace>(resources.namespaces);
    // All of them, as the garbage collector has it: one watch serves both.
    this.#configMaps = deps.informers.informer<ConfigMap>(resources.configMaps);
    this.#client = new ResourceClient(deps.transport, resources.configMaps);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    this.#loop.follow(this.#namespaces, {
      added: ({ metadata }) => this.#loop.add(metadata.name),
      updated: ({ metadata }) => this.#loop.add(metadata.name),
    });
    this.#loop.follow(this.#configMaps, {
      updated: configMap => this.#configMapChanged(configMap),
      deleted: configMap => this.#configMapChanged(configMap),
    });
  }

  #configMapChanged({ metadata }: Stored<ConfigMap>): void {
    if (metadata.name === configMapName) this.#loop.add(metadata.namespace ?? '');
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(namespace: string): Promise<void> {
    const object = this.#namespaces.getByKey(namespace);
    if (object?.status?.phase === 'Terminating' || !object || object.metadata.deletionTimestamp) return;
    const present = this.#configMaps.get(namespace, configMapName);
    if (present && this.#isRight(present)) return;
    try {
      const written = await this.#write(namespace, present);
      const type = present ? 'controller.updated' : 'controller.created';
      const why = 'pods verify the API server with it';
      this.#deps.decisions.record(type, decisionObject(written), { by: this.name, why });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }

  #write(namespace: string, present: Stored<ConfigMap> | undefined): Promise<Stored<ConfigMap>> {
    const annotations = { ...present?.metadata.annotations, [descriptionKey]: description };
    if (present) {
      const metadata = { ...present.metadata, annotations };
      return this.#client.update({ ...present, metadata, data: this.#data });
    }
    return this.#client.create({
      metadata: { namespace, name: configMapName, annotations },
      data: this.#data,
    });
  }

  #isRight({ data = {}, metadata }: Stored<ConfigMap>): boolean {
    const sameData = Object.keys(data).length === 1 && data['ca.crt'] === this.#data['ca.crt'];
    return sameData && metadata.annotations?.[descriptionKey] === description;
  }
}
