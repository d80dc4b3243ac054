import type { KubeObject } from '../../api/objects.ts';
import {
  csrPrinter,
  disruptionBudgetPrinter,
  leasePrinter,
  priorityClassPrinter,
  roleBindingPrinter,
  runtimeClassPrinter,
} from './access.ts';
import { ageOf } from './age.ts';
import { autoscalerPrinter, oldAutoscalerPrinter } from './autoscaling.ts';
import { ageColumn, createdAtColumn, nameColumn } from './columns.ts';
import {
  componentStatusPrinter,
  configMapPrinter,
  eventPrinter,
  namespacePrinter,
  newEventPrinter,
  nodePrinter,
  resourceQuotaPrinter,
  secretPrinter,
  serviceAccountPrinter,
} from './core.ts';
import {
  apiServicePrinter,
  flowSchemaPrinter,
  mutatingPolicyPrinter,
  policyBindingPrinter,
  priorityLevelPrinter,
  resourceClaimPrinter,
  resourceSlicePrinter,
  validatingPolicyPrinter,
  webhooksPrinter,
} from './extension.ts';
import { metricsPrinter } from './metrics.ts';
import {
  endpointSlicePrinter,
  endpointsPrinter,
  ingressClassPrinter,
  ingressPrinter,
  ipAddressPrinter,
  networkPolicyPrinter,
  serviceCidrPrinter,
  servicePrinter,
} from './networking.ts';
import { podPrinter, podTemplatePrinter } from './pods.ts';
import {
  attachmentPrinter,
  attributesClassPrinter,
  claimPrinter,
  csiCapacityPrinter,
  csiDriverPrinter,
  csiNodePrinter,
  storageClassPrinter,
  volumePrinter,
} from './storage.ts';
import type { Printer } from './table.ts';
import {
  controllerRevisionPrinter,
  cronJobPrinter,
  daemonSetPrinter,
  deploymentPrinter,
  jobPrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  statefulSetPrinter,
} from './workloads.ts';

/** Name and age. */
const agePrinter: Printer<KubeObject> = {
  columns: [nameColumn, ageColumn],
  cells: (object, now) => [object.metadata?.name ?? '', ageOf(object, now)],
};

/** Kinds upstream has no printer for: roles, limit ranges, custom resource definitions. */
export const createdAtPrinter: Printer<KubeObject> = {
  columns: [nameColumn, createdAtColumn],
  cells: object => [object.metadata?.name ?? '', object.metadata?.creationTimestamp ?? null],
};

/** By `group/Kind`, or `group/version/Kind` where versions differ. */
export const printers: Readonly<Record<string, Printer>> = {
  '/ComponentStatus': componentStatusPrinter,
  '/ConfigMap': configMapPrinter,
  '/Endpoints': endpointsPrinter,
  '/Event': eventPrinter,
  '/Namespace': namespacePrinter,
  '/Node': nodePrinter,
  '/PersistentVolume': volumePrinter,
  '/PersistentVolumeClaim': claimPrinter,
  '/Pod': podPrinter,
  '/PodTemplate': podTemplatePrinter,
  '/ReplicationController': replicationControllerPrinter,
  '/ResourceQuota': resourceQuotaPrinter,
  '/Secret': secretPrinter,
  '/Service': servicePrinter,
  '/ServiceAccount': serviceAccountPrinter,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': mutatingPolicyPrinter,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': policyBindingPrinter,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooksPrinter,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingPolicyPrinter,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': policyBindingPrinter,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooksPrinter,
  'apiregistration.k8s.io/APIService': apiServicePrinter,
  'apps/ControllerRevision': controllerRevisionPrinter,
  'apps/DaemonSet': daemonSetPrinter,
  'apps/Deployment': deploymentPrinter,
  'apps/ReplicaSet': replicaSetPrinter,
  'apps/StatefulSet': statefulSetPrinter,
  'metrics.k8s.io/NodeMetrics': metricsPrinter,
  'metrics.k8s.io/PodMetrics': metricsPrinter,
  'autoscaling/HorizontalPodAutoscaler': autoscalerPrinter,
  'autoscaling/v1/HorizontalPodAutoscaler': oldAutoscalerPrinter,
  'batch/CronJob': cronJobPrinter,
  'batch/Job': jobPrinter,
  'certificates.k8s.io/CertificateSigningRequest': csrPrinter,
  'coordination.k8s.io/Lease': leasePrinter,
  'discovery.k8s.io/EndpointSlice': endpointSlicePrinter,
  'events.k8s.io/Event': newEventPrinter,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaPrinter,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelPrinter,
  'networking.k8s.io/IPAddress': ipAddressPrinter,
  'networking.k8s.io/Ingress': ingressPrinter,
  'networking.k8s.io/IngressClass': ingressClassPrinter,
  'networking.k8s.io/NetworkPolicy': networkPolicyPrinter,
  'networking.k8s.io/ServiceCIDR': serviceCidrPrinter,
  'node.k8s.io/RuntimeClass': runtimeClassPrinter,
  'policy/PodDisruptionBudget': disruptionBudgetPrinter,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBindingPrinter,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingPrinter,
  'resource.k8s.io/DeviceClass': agePrinter,
  'resource.k8s.io/ResourceClaim': resourceClaimPrinter,
  'resource.k8s.io/ResourceClaimTemplate': agePrinter,
  'resource.k8s.io/ResourceSlice': resourceSlicePrinter,
  'scheduling.k8s.io/PriorityClass': priorityClassPrinter,
  'storage.k8s.io/CSIDriver': csiDriverPrinter,
  'storage.k8s.io/CSINode': csiNodePrinter,
  'storage.k8s.io/CSIStorageCapacity': csiCapacityPrinter,
  'storage.k8s.io/StorageClass': storageClassPrinter,
  'storage.k8s.io/VolumeAttachment': attachmentPrinter,
  'storage.k8s.io/VolumeAttributesClass': attributesClassPrinter,
};
