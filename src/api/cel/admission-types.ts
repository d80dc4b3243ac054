import {
  boolType,
  type CelType,
  dynType,
  intType,
  listOf,
  mapOf,
  type ObjectType,
  stringType,
  timestampType,
} from './types.ts';

/** The types of what admission tells expressions besides the objects (upstream: plugin/cel/compile.go). */

function object(
  name: string,
  fields: Record<string, CelType>,
  jsonNames: Record<string, string> = {},
): ObjectType {
  const entries = Object.entries(fields).map(
    ([field, type]) => [field, { name: jsonNames[field] ?? field, type }] as const,
  );
  return { kind: 'object', name, fields: new Map(entries) };
}

const groupVersionKind = object('kubernetes.GroupVersionKind', {
  group: stringType,
  version: stringType,
  kind: stringType,
});
const groupVersionResource = object('kubernetes.GroupVersionResource', {
  group: stringType,
  version: stringType,
  resource: stringType,
});
const userInfo = object('kubernetes.UserInfo', {
  username: stringType,
  uid: stringType,
  groups: listOf(stringType),
  extra: mapOf(stringType, listOf(stringType)),
});

export const requestType = object('kubernetes.AdmissionRequest', {
  kind: groupVersionKind,
  resource: groupVersionResource,
  subResource: stringType,
  requestKind: groupVersionKind,
  requestResource: groupVersionResource,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo,
  dryRun: boolType,
  options: dynType,
});

const namespaceMeta = object(
  'kubernetes.NamespaceMetadata',
  {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: listOf(stringType),
  },
  { UID: 'uid' },
);

const namespaceCondition = object('kubernetes.NamespaceCondition', {
  status: stringType,
  type: stringType,
  lastTransitionTime: timestampType,
  message: stringType,
  reason: stringType,
});

export const namespaceType = object('kubernetes.Namespace', {
  metadata: namespaceMeta,
  spec: object('kubernetes.NamespaceSpec', { finalizers: listOf(stringType) }),
  status: object('kubernetes.NamespaceStatus', { conditions: listOf(namespaceCondition), phase: stringType }),
});
