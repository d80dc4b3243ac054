import { definitionSchema } from '../../api/schema/definitions.ts';
import type { ScalarType } from '../../api/schema/schema.ts';
import { definitionMessages } from './definition-messages.ts';
import { laterMessages } from './later-messages.ts';
import { messageTable } from './message-table.ts';

/** A field of a message, as the JSON form and the wire name it. */
export interface FieldInfo {
  name: string;
  number: number;
  /** A scalar, a well-known type, or a message's full name: `core.v1.PodSpec`. */
  type: string;
  shape: 'single' | 'list' | 'map';
  /** Its members stand in the parent's JSON (Go's inlined structs). */
  inline: boolean;
  /** A pointer in the Go types, or always in JSON: a zero on the wire is not the same as absent. */
  pointer: boolean;
}

export interface MessageInfo {
  name: string;
  byNumber: Map<number, FieldInfo>;
  /** The fields, the highest number first, as they are encoded. */
  descending: readonly FieldInfo[];
}

/**
 * Scalars that are pointers in the Go types wherever their name occurs. Descriptors do not tell, and Go
 * writes every field that is no pointer, so that on the wire a zero of one means "not set".
 */
const pointerNames = new Set(
  `maxSurge maxUnavailable minAvailable collisionCount endPort lun activeDeadlineSeconds addresses adminAccess
  allNodes allowMultipleAllocations bindsToNode distinctAttribute errorCode extendedResourceName matchAttribute
  maxExpirationSeconds nodeAllocatableUpdatePeriodSeconds capacityKey perDeviceNodeSelection podGroupName
  preventPodSchedulingIfMissing serviceAccountTokenInSecrets shareID stopSignal terminatingReplicas
  allocateLoadBalancerNodePorts allowPrivilegeEscalation allowVolumeExpansion appProtocol attachRequired
  automountServiceAccountToken averageUtilization backoffLimit backoffLimitPerIndex blockOwnerDeletion
  completionMode completions completionIndexes controller defaultMode deletionGracePeriodSeconds dedicatedSeats
  defaultRequest enableServiceLinks expirationSeconds failedJobsHistoryLimit fsGroup fsGroupChangePolicy
  fsGroupPolicy gracePeriodSeconds holderIdentity hostProcess hostUsers immutable ingressClassName
  internalTrafficPolicy ipFamilyPolicy isCurrent leaseDurationSeconds leaseTransitions lendablePercent
  borrowingLimitPercent managedBy matchPolicy maxFailedIndexes minDomains minReplicas mode nodeAffinityPolicy
  nodeTaintsPolicy nominalConcurrencyShares optional orphanDependents parallelism partition pathType
  persistentVolumeClaimRetentionPolicy podInfoOnMount podReplacementPolicy preemptionPolicy preferredHolder priority
  privileged procMount progressDeadlineSeconds propagationPolicy readOnlyRootFilesystem ready reinvocationPolicy
  replicas requiresRepublish resourceClaimName resourceClaimTemplateName revisionHistoryLimit runAsGroup
  runAsNonRoot runAsUser runAsUserName runtimeClassName scope seLinuxMount seLinuxChangePolicy selectPolicy serving
  setHostnameAsFQDN shareProcessNamespace sideEffects stabilizationWindowSeconds startingDeadlineSeconds
  storageCapacity storageClassName successfulJobsHistoryLimit supplementalGroupsPolicy suspend terminating
  terminationGracePeriodSeconds timeZone timeoutSeconds tolerationSeconds trafficDistribution
  ttlSecondsAfterFinished unhealthyPodEvictionPolicy volumeAttributesClassName volumeBindingMode $ref
  deprecationWarning labelSelectorPath maxItems maxLength maxProperties maximum minItems minLength minProperties
  minimum multipleOf optionalOldSelf x-kubernetes-list-type x-kubernetes-map-type
  x-kubernetes-preserve-unknown-fields volumeMode hostname zone failurePolicy`.split(/\s+/),
);

/** Where the rule by name is wrong: pointers that share a name with plain fields, and the other way round. */
const pointerExceptions: Record<string, boolean> = {
  'core.v1.Probe timeoutSeconds': false,
  'admissionregistration.v1.MutatingWebhook timeoutSeconds': true,
  'core.v1.PodSpec hostname': false,
  'core.v1.LoadBalancerIngress hostname': false,
  'core.v1.PersistentVolumeSpec storageClassName': false,
  'meta.v1.Preconditions uid': true,
  'meta.v1.Preconditions resourceVersion': true,
  'networking.v1.NetworkPolicyPort protocol': true,
  'networking.v1.NetworkPolicyPort port': true,
  'discovery.v1.EndpointPort name': true,
  'discovery.v1.EndpointPort protocol': true,
  'discovery.v1.EndpointPort port': true,
  'discovery.v1.Endpoint nodeName': true,
  'networking.v1.IngressClassParametersReference scope': true,
  'networking.v1.IngressClassParametersReference namespace': true,
  'core.v1.TypedLocalObjectReference apiGroup': true,
  'core.v1.TypedObjectReference apiGroup': true,
  'core.v1.TypedObjectReference namespace': true,
  'admissionregistration.v1.ServiceReference path': true,
  'admissionregistration.v1.ServiceReference port': true,
  'admissionregistration.v1.WebhookClientConfig url': true,
  'core.v1.HostPathVolumeSource type': true,
  'batch.v1.JobSpec manualSelector': true,
  'batch.v1.PodFailurePolicyOnExitCodesRequirement containerName': true,
  'core.v1.SeccompProfile localhostProfile': true,
  'core.v1.AppArmorProfile localhostProfile': true,
  'core.v1.PodDNSConfigOption value': true,
  'core.v1.CSIVolumeSource readOnly': true,
  'core.v1.CSIVolumeSource fsType': true,
  'core.v1.ServiceSpec externalTrafficPolicy': false,
  'core.v1.ServiceSpec loadBalancerClass': true,
  'core.v1.ServiceAccountTokenProjection expirationSeconds': true,
  'authentication.v1.TokenRequestSpec expirationSeconds': true,
  'core.v1.GRPCAction service': true,
  'core.v1.VolumeMount mountPropagation': true,
  'core.v1.VolumeMount recursiveReadOnly': true,
  'core.v1.Container restartPolicy': true,
  'core.v1.EphemeralContainerCommon restartPolicy': true,
  'core.v1.ClusterTrustBundleProjection name': true,
  'core.v1.ClusterTrustBundleProjection signerName': true,
  'core.v1.EnvVar value': false,
  'storage.v1.StorageClass reclaimPolicy': true,
  'storage.v1.VolumeNodeResources count': true,
  'core.v1.AzureDiskVolumeSource readOnly': true,
  'core.v1.AWSElasticBlockStoreVolumeSource partition': false,
  'core.v1.GCEPersistentDiskVolumeSource partition': false,
  'core.v1.EndpointAddress hostname': false,
  // No pointers, and told in JSON all the same when they are 0.
  'scheduling.v1.PriorityClass value': true,
  'apps.v1.StatefulSetStatus availableReplicas': true,
  'policy.v1.PodDisruptionBudgetStatus currentHealthy': true,
  'policy.v1.PodDisruptionBudgetStatus desiredHealthy': true,
  'policy.v1.PodDisruptionBudgetStatus disruptionsAllowed': true,
  'policy.v1.PodDisruptionBudgetStatus expectedPods': true,
  'storage.v1.VolumeAttachmentSource persistentVolumeName': true,
  'core.v1.PodSpec priorityClassName': false,
  'coordination.v1.LeaseSpec strategy': true,
  'autoscaling.v1.HorizontalPodAutoscalerSpec targetCPUUtilizationPercentage': true,
  'core.v1.ContainerStatus started': true,
  'core.v1.NodeSwapStatus capacity': true,
  'core.v1.NodeAllocatableResourceClaimStatus resourceClaimName': false,
  'core.v1.PodExtendedResourceClaimStatus resourceClaimName': false,
  'core.v1.ResourceHealth message': true,
  'apiregistration.v1.ServiceReference port': true,
  'admissionregistration.v1.MutatingAdmissionPolicySpec reinvocationPolicy': false,
  'apiextensions.v1.CustomResourceColumnDefinition priority': false,
  'apiextensions.v1.CustomResourceSubresources status': true,
  'apiextensions.v1.ServiceReference path': true,
  'apiextensions.v1.ServiceReference port': true,
  'apiextensions.v1.ValidationRule reason': true,
  'apiextensions.v1.WebhookClientConfig url': true,
  'resource.v1.DeviceAttribute int': true,
  'resource.v1.DeviceAttribute bool': true,
  'resource.v1.DeviceAttribute string': true,
  'resource.v1.DeviceAttribute version': true,
  'resource.v1.Device nodeName': true,
  'resource.v1.ResourceSliceSpec nodeName': true,
};

/** Types whose values are any JSON: a zero of it is a value, and where there is none, there are no bytes. */
const jsonTypes = new Set([
  'runtime.RawExtension',
  'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaPropsOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray',
]);

const scalars = new Set(['double', 'int64', 'int32', 'bool', 'string', 'bytes', 'uint64', 'uint32']);

/** A message as the table has it: its package and its line there. */
interface Line {
  pack: string;
  text: string;
}

let lines: Map<string, Line> | undefined;
const messages = new Map<string, MessageInfo>();

/** Whether there is a message of this full name. */
export function hasMessage(name: string): boolean {
  lines ??= readTable(messageTable + laterMessages + definitionMessages);
  return lines.has(name);
}

/** The message of a full name; undefined where the table has none. Its line is read when it is first asked for. */
export function messageInfo(name: string): MessageInfo | undefined {
  const known = messages.get(name);
  if (known || !hasMessage(name)) return known;
  const message = readMessage(name, lines!.get(name)!);
  messages.set(name, message);
  return message;
}

function readTable(text: string): Map<string, Line> {
  const found = new Map<string, Line>();
  let pack = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# ')) {
      pack = line.slice(2);
      continue;
    }
    const space = line.indexOf(' ');
    found.set(`${pack}.${space < 0 ? line : line.slice(0, space)}`, { pack, text: line });
  }
  return found;
}

function readMessage(name: string, { pack, text }: Line): MessageInfo {
  const byNumber = new Map<number, FieldInfo>();
  for (const field of text.split(' ').slice(1)) {
    const info = readField(field, name, pack);
    byNumber.set(info.number, info);
  }
  const descending = [...byNumber.values()].sort((a, b) => b.number - a.number);
  return { name, byNumber, descending };
}

function readField(text: string, message: string, pack: string): FieldInfo {
  const [, name, star, number, prefix, type] = /^([\w$-]+)(\*?)=(\d+):(\[\]|map:)?([\w.]+)$/.exec(text)!;
  const full = type!.includes('.') || scalars.has(type!) ? type! : `${pack}.${type}`;
  return {
    name: name!,
    number: Number(number),
    type: full,
    shape: prefix === '[]' ? 'list' : prefix === 'map:' ? 'map' : 'single',
    inline: star === '*',
    pointer:
      pointerExceptions[`${message} ${name}`] ??
      (pointerNames.has(name!) || jsonTypes.has(full) || isRequiredNumber(message, name!)),
  };
}

/** Of the numbers and flags that JSON always tells, a zero is a value: the exit code of a container. */
function isRequiredNumber(message: string, name: string): boolean {
  const field = definitionSchema(message)?.fields.get(name);
  return field?.required === true && field.schema.kind === 'scalar' && requiredTypes.has(field.schema.type);
}

const requiredTypes = new Set<ScalarType>(['int32', 'int64', 'boolean']);
