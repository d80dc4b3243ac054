/** What mutated requests are made of: objects as they should be, and where they live. */
import type { JsonObject } from '../../../api/json.ts';
import type { Random } from '../../random.ts';

export interface Sample {
  collection: string;
  object: JsonObject & { metadata: JsonObject & { name: string } };
}

const template = {
  metadata: { labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
};

/** They exist before the first request, under these names. */
export const samples: readonly Sample[] = [
  {
    collection: '/api/v1/namespaces/default/configmaps',
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: 'b' } },
  },
  {
    collection: '/api/v1/namespaces/default/pods',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { a: 'b' } },
      spec: template.spec,
    },
  },
  {
    collection: '/api/v1/namespaces/default/services',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports: [{ port: 80, name: 'http' }], selector: { a: 'b' } },
    },
  },
  {
    collection: '/apis/apps/v1/namespaces/default/deployments',
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template },
    },
  },
  {
    collection: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    },
  },
];

/** An object as it could be created: under a name of its own. */
export function fresh({ object }: Sample): JsonObject {
  return structuredClone({ ...object, metadata: { ...object.metadata, name: 'fresh' } });
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}

/** Sets what is at a path of an object; the steps before the last must lead somewhere. */
export function setAt(object: JsonObject, path: readonly (string | number)[], value: unknown): JsonObject {
  let at = object as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) at = at[step] as typeof at;
  at[path.at(-1)!] = value;
  return object;
}
