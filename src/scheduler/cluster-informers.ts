import type {
  LabelSelector,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
} from '../api/generated/types.ts';
import type { KubeObject, Stored } from '../api/objects.ts';
import { builtinByResource, type ResourceInfo } from '../api/resources.ts';
import type { Informer } from '../client/informer.ts';
import type { PodInfo } from './pod-info.ts';

/** Where the scheduler gets its informers: an `InformerFactory`, or a test's stand-in. */
export interface InformerSource {
  informer<T extends KubeObject>(resource: ResourceInfo): Informer<T>;
}

type Owner = ReplicaSet | StatefulSet | ReplicationController;

const servicesByPair = 'scheduler/selector-pair';

/** The collections the scheduler watches, and what it reads from them besides pods and nodes. */
export class ClusterInformers {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly #namespaces: Informer<Namespace>;
  readonly classes: Informer<StorageClass>;
  readonly #services: Informer<Service>;
  readonly #owners: ReadonlyMap<string, Pick<Informer<Owner>, 'get' | 'whenSynced'>>;

  constructor(source: InformerSource) {
    const informer = <T extends KubeObject>(group: string, resource: string) =>
      source.informer<T>(builtin(group, resource));
    this.pods = informer('', 'pods');
    this.nodes = informer('', 'nodes');
    this.claims = informer('', 'persistentvolumeclaims');
    this.volumes = informer('', 'persistentvolumes');
    this.budgets = informer('policy', 'poddisruptionbudgets');
    this.#namespaces = informer('', 'namespaces');
    this.classes = informer('storage.k8s.io', 'storageclasses');
    this.#services = informer('', 'services');
    this.#services.addIndex(servicesByPair, selectorPairs);
    this.#owners = new Map<string, Pick<Informer<Owner>, 'get' | 'whenSynced'>>([
      ['ReplicaSet', informer<ReplicaSet>('apps', 'replicasets')],
      ['StatefulSet', informer<StatefulSet>('apps', 'statefulsets')],
      ['ReplicationController', informer<ReplicationController>('', 'replicationcontrollers')],
    ]);
  }

  /** Everything that has to be there before the first pod is placed. */
  all(): Pick<Informer, 'whenSynced'>[] {
    const { pods, nodes, claims, volumes, budgets } = this;
    return [
      pods,
      nodes,
      claims,
      volumes,
      budgets,
      this.#namespaces,
      this.classes,
      this.#services,
      ...this.#owners.values(),
    ];
  }

  namespaceLabels(name: string): Readonly<Record<string, string>> | undefined {
    const namespace = this.#namespaces.getByKey(name);
    return namespace && (namespace.metadata.labels ?? {});
  }

  claim(namespace: string, name: string): Stored<PersistentVolumeClaim> | undefined {
    return this.claims.get(namespace, name);
  }

  volume(name: string): Stored<PersistentVolume> | undefined {
    return this.volumes.getByKey(name);
  }

  storageClass(name: string): Stored<StorageClass> | undefined {
    return this.classes.getByKey(name);
  }

  /** The selectors of the pod's Services and of its owner, joined; undefined where it has neither. */
  workloadSelector(pod: PodInfo): LabelSelector | undefined {
    const matchLabels: Record<string, string> = {};
    for (const service of this.#servicesOf(pod)) Object.assign(matchLabels, service.spec?.selector);
    const selector = this.#ownerSelector(pod);
    Object.assign(matchLabels, selector?.matchLabels);
    const { matchExpressions = [] } = selector ?? {};
    if (Object.keys(matchLabels).length + matchExpressions.length === 0) return undefined;
    return { matchLabels, matchExpressions };
  }

  #servicesOf(pod: PodInfo): Stored<Service>[] {
    const found: Stored<Service>[] = [];
    for (const [key, value] of Object.entries(pod.labels)) {
      for (const service of this.#services.byIndex(servicesByPair, `${pod.namespace}/${key}=${value}`)) {
        const selector = Object.entries(service.spec?.selector ?? {});
        if (selector.every(([name, wanted]) => pod.labels[name] === wanted)) found.push(service);
      }
    }
    return found;
  }

  #ownerSelector({ pod, namespace }: PodInfo): LabelSelector | undefined {
    const owner = pod.metadata.ownerReferences?.find(reference => reference.controller);
    const object = owner && this.#owners.get(owner.kind)?.get(namespace, owner.name);
    if (!object || object.metadata.uid !== owner.uid) return undefined;
    if (object.kind === 'ReplicationController') {
      return { matchLabels: (object as ReplicationController).spec?.selector };
    }
    return (object as ReplicaSet | StatefulSet).spec?.selector;
  }
}

/** A Service stands under the first pair of its selector: every pod it selects has that one. */
function selectorPairs({ metadata, spec }: Stored<Service>): string[] {
  const first = Object.entries(spec?.selector ?? {}).sort()[0];
  return first ? [`${metadata.namespace}/${first[0]}=${first[1]}`] : [];
}

function builtin(group: string, resource: string): ResourceInfo {
  const found = builtinByResource({ group, version: 'v1', resource });
  if (!found) throw new Error(`no built-in resource ${resource}.${group}`);
  return found;
}
