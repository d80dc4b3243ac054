import type { PersistentVolumeClaim, Pod, Volume } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { claimNameOf, isClaimOfPod } from '../../api/storage/claims.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNamespaceTerminating, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

/** Makes the claims that stand for pods' ephemeral volumes. They belong to the pod and go with it. */
export class EphemeralVolumeController implements Component {
  readonly name = 'ephemeral-volume-controller';
  readonly #deps: ControllerDeps;
  readonly #pods: Informer<Pod>;
  readonly #client: ResourceClient<PersistentVolumeClaim>;
  readonly #loop: ControllerLoop;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#pods = deps.informers.informer(resources.pods);
    this.#client = new ResourceClient(deps.transport, resources.persistentVolumeClaims);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    this.#loop.follow(this.#pods, {
      added: pod => {
        if ((pod.spec?.volumes ?? []).some(({ ephemeral }) => ephemeral)) this.#loop.add(objectKey(pod));
      },
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const pod = this.#pods.getByKey(key);
    if (!pod || pod.metadata.deletionTimestamp) return;
    for (const volume of pod.spec?.volumes ?? []) if (volume.ephemeral) await this.#ensure(pod, volume);
  }

  async #ensure(pod: Stored<Pod>, volume: Volume): Promise<void> {
    const { namespace = '', name: podName, uid } = pod.metadata;
    const name = claimNameOf(pod, volume)!;
    const present = await orNotFound(this.#client.get(namespace, name));
    if (present && isClaimOfPod(present, pod)) return;
    const { decisions, recorder } = this.#deps;
    if (present) {
      const message = `ephemeral volume "${volume.name}": PVC ${namespace}/${name} was not created for pod ${namespace}/${podName} (pod is not owner)`;
      recorder.event(pod, 'Warning', 'FailedCreate', message);
      throw new Error(message);
    }
    const { metadata, spec } = volume.ephemeral?.volumeClaimTemplate ?? { spec: {} };
    const owner = { apiVersion: 'v1', kind: 'Pod', name: podName, uid };
    try {
      const claim = await this.#client.create({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          ...{ name, namespace, labels: metadata?.labels, annotations: metadata?.annotations },
          ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
        },
        spec,
      });
      decisions.record('controller.created', decisionObject(claim), {
        by: this.name,
        why: `ephemeral volume of ${podName}`,
      });
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
}
