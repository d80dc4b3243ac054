/**
 * An object of a kind before anyone has set a field: Go's zero value as JSON. Structs that are no pointers in
 * Go's types are there, empty, so that nobody comes to own them as such.
 */
import type { JsonObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';

/** Fields of that kind, wherever they occur; with a definition where the name alone does not tell. */
const presentStructs = new Set(
  `metadata spec status strategy updateStrategy jobTemplate involvedObject source scaleTargetRef roleRef
  loadBalancer daemonEndpoints kubeletEndpoint nodeInfo state lastState
  apps.v1.DeploymentSpec.template apps.v1.ReplicaSetSpec.template apps.v1.DaemonSetSpec.template
  apps.v1.StatefulSetSpec.template batch.v1.JobSpec.template core.v1.PodTemplate.template
  core.v1.PersistentVolumeClaimSpec.resources networking.v1.NetworkPolicySpec.podSelector`.split(/\s+/),
);

/** The empty object. Required lists and maps are null. */
export function emptyObject(schema: StructSchema): JsonObject {
  const object: JsonObject = {};
  // Of custom resources nothing is there before it is set.
  if (schema.definition === '') return object;
  for (const field of schema.fields.values()) {
    const { kind } = field.schema;
    const present =
      presentStructs.has(field.name) || presentStructs.has(`${schema.definition}.${field.name}`);
    if (field.schema.kind === 'struct') {
      if (present) object[field.name] = emptyObject(field.schema);
    } else if (field.required && (kind === 'list' || kind === 'map')) object[field.name] = null;
  }
  return object;
}
