import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../generated/types.ts';
import { compareText, readQuantity } from '../kinds/quantities.ts';
import type { KubeObject } from '../objects.ts';
import type { Quantity } from '../quantity.ts';
import { quantityOf } from '../quantity.ts';
import { isPodUsage, missingOfPod, podUsage } from './pod-usage.ts';
import { claimMatchesScope, matchesNoScope, podMatchesScope, type ScopeMatcher, scopesOf } from './scopes.ts';
import { one, type Usage, zero } from './usage.ts';

/** What the objects of one resource use of a quota (upstream's quota.Evaluator). */
export interface Evaluator {
  /** Whether a change of this kind may use more than before. */
  handles(operation: string, subresource: string): boolean;
  /** Whether an object can use what a quota calls by this name. */
  uses(name: string): boolean;
  /** @param now milliseconds */
  usage(object: KubeObject, now: number): Usage;
  matchesScope: ScopeMatcher;
  /** What the object would have to say, where `names` are bounded. */
  missing?(names: readonly string[], object: KubeObject): string | undefined;
}

/** Core kinds that were counted by their plain names before `count/…` came. */
const plainCounts = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);
const evaluators = new Map<string, Evaluator>();

/** @param group of the resource as it is stored. */
export function evaluatorOf(group: string, plural: string): Evaluator {
  const name = group ? `${plural}.${group}` : plural;
  let found = special[name] ?? evaluators.get(name);
  if (!found) {
    found = counter(name);
    evaluators.set(name, found);
  }
  return found;
}

/** Whether the quota bounds what objects like this one use. */
export function matchesQuota(evaluator: Evaluator, quota: ResourceQuota, object: KubeObject): boolean {
  const hard = Object.keys(quota.status?.hard ?? quota.spec?.hard ?? {});
  if (!hard.some(name => evaluator.uses(name))) return false;
  return scopesOf(quota).every(scope => evaluator.matchesScope(scope, object));
}

function counter(resource: string): Evaluator {
  const names = [`count/${resource}`, ...(plainCounts.has(resource) ? [resource] : [])];
  const usage = Object.fromEntries(names.map(name => [name, one]));
  return {
    handles: (operation, subresource) => operation === 'CREATE' && !subresource,
    uses: name => names.includes(name),
    usage: () => usage,
    matchesScope: matchesNoScope,
  };
}

const pods: Evaluator = {
  handles: (operation, subresource) =>
    (operation === 'CREATE' && !subresource) || (operation === 'UPDATE' && subresource === 'resize'),
  uses: isPodUsage,
  usage: podUsage,
  matchesScope: podMatchesScope,
  missing: (names, object) => missingOfPod(names, object as Pod),
};

const createOrUpdate = (operation: string, subresource: string) =>
  (operation === 'CREATE' || operation === 'UPDATE') && !subresource;

const serviceNames = new Set(['count/services', 'services', 'services.nodeports', 'services.loadbalancers']);

const services: Evaluator = {
  handles: createOrUpdate,
  uses: name => serviceNames.has(name),
  usage: object => serviceUsage(object as Service),
  matchesScope: matchesNoScope,
};

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports ?? [];
  let nodePorts = 0;
  if (spec?.type === 'NodePort') nodePorts = ports.length;
  else if (spec?.type === 'LoadBalancer') {
    const asked = ports.filter(port => port.nodePort);
    nodePorts = spec.allocateLoadBalancerNodePorts === false ? asked.length : ports.length;
  }
  return {
    'count/services': one,
    services: one,
    'services.nodeports': quantityOf(nodePorts),
    'services.loadbalancers': spec?.type === 'LoadBalancer' ? one : zero,
  };
}

const claimNames = new Set(['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage']);
const classSuffix = '.storageclass.storage.k8s.io/';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

const claims: Evaluator = {
  handles: createOrUpdate,
  uses(name) {
    const ofClass = name.split(classSuffix)[1];
    return claimNames.has(name) || ofClass === 'requests.storage' || ofClass === 'persistentvolumeclaims';
  },
  usage: object => claimUsage(object as PersistentVolumeClaim),
  matchesScope: claimMatchesScope,
};

function claimUsage({ metadata, spec, status }: PersistentVolumeClaim): Usage {
  const usage: Record<string, Quantity> = {};
  const storageClass = metadata?.annotations?.[classAnnotation] ?? spec?.storageClassName;
  const count = (name: string, amount: Quantity) => {
    usage[name] = amount;
    if (storageClass) usage[`${storageClass}${classSuffix}${name}`] = amount;
  };
  usage['count/persistentvolumeclaims'] = one;
  count('persistentvolumeclaims', one);
  // An expansion that failed and was taken back still holds what was allocated for it.
  const [wanted, allocated] = [spec?.resources?.requests?.storage, status?.allocatedResources?.storage];
  const storage = readQuantity(compareText(wanted, allocated) < 0 ? allocated : wanted);
  if (storage) count('requests.storage', storage);
  return usage;
}

const special: Readonly<Record<string, Evaluator>> = { pods, services, persistentvolumeclaims: claims };
