import { daemonSetRules } from './apps/daemonset.ts';
import { deploymentRules } from './apps/deployment.ts';
import { controllerRevisionRules, podTemplateRules } from './apps/history.ts';
import { replicaSetRules, replicationControllerRules } from './apps/replicaset.ts';
import { statefulSetRules } from './apps/statefulset.ts';
import { autoscalerRules, oldAutoscalerRules } from './autoscaling/autoscaler.ts';
import { cronJobRules } from './batch/cronjob.ts';
import { jobRules } from './batch/job.ts';
import { configMapRules, secretRules } from './core/config.ts';
import { eventRules, newEventRules } from './core/event.ts';
import { namespaceRules } from './core/namespace.ts';
import { nodeRules } from './core/node.ts';
import {
  mutatingBindingRules,
  mutatingPolicyRules,
  validatingBindingRules,
  validatingPolicyRules,
} from './extensions/admission-policies.ts';
import { apiServiceRules } from './extensions/api-service.ts';
import { definitionRules } from './extensions/custom-resource-definition.ts';
import { csrRules } from './extensions/signing-request.ts';
import { mutatingWebhookRules, validatingWebhookRules } from './extensions/webhooks.ts';
import { flowSchemaRules } from './flowcontrol/flow-schema.ts';
import { priorityLevelRules } from './flowcontrol/priority-level.ts';
import type { KindRules } from './kind-rules.ts';
import { endpointSliceRules, endpointsRules } from './networking/endpoints.ts';
import { ingressClassRules, ingressRules } from './networking/ingress.ts';
import { networkPolicyRules } from './networking/network-policy.ts';
import { serviceRules } from './networking/service.ts';
import { ipAddressRules, serviceCidrRules } from './networking/service-ranges.ts';
import { podRules } from './pod/pod.ts';
import { leaseRules, priorityClassRules, runtimeClassRules } from './policy/classes.ts';
import { disruptionBudgetRules } from './policy/disruption-budget.ts';
import { limitRangeRules, resourceQuotaRules } from './policy/quota.ts';
import { clusterRoleBindingRules, clusterRoleRules, roleBindingRules, roleRules } from './rbac/rbac.ts';
import { resourceClaimRules, resourceClaimTemplateRules } from './resource/claim.ts';
import { deviceClassRules } from './resource/device-class.ts';
import { resourceSliceRules } from './resource/slice.ts';
import { attachmentRules } from './storage/attachment.ts';
import { claimRules } from './storage/claim.ts';
import { attributesClassRules, storageClassRules } from './storage/classes.ts';
import { csiCapacityRules, csiDriverRules, csiNodeRules } from './storage/drivers.ts';
import { volumeRules } from './storage/volume.ts';

/** The rules of every kind that has some, by `group/Kind`, or `group/version/Kind` where versions differ. */
export const kindRules: Readonly<Record<string, KindRules>> = {
  '/ConfigMap': configMapRules,
  '/Endpoints': endpointsRules,
  '/Event': eventRules,
  '/LimitRange': limitRangeRules,
  '/Namespace': namespaceRules,
  '/Node': nodeRules,
  '/PersistentVolume': volumeRules,
  '/PersistentVolumeClaim': claimRules,
  '/Pod': podRules,
  '/PodTemplate': podTemplateRules,
  '/ReplicationController': replicationControllerRules,
  '/ResourceQuota': resourceQuotaRules,
  '/Secret': secretRules,
  '/Service': serviceRules,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': mutatingPolicyRules,
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': mutatingBindingRules,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': mutatingWebhookRules,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': validatingPolicyRules,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': validatingBindingRules,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': validatingWebhookRules,
  'apiextensions.k8s.io/CustomResourceDefinition': definitionRules,
  'apiregistration.k8s.io/APIService': apiServiceRules,
  'apps/ControllerRevision': controllerRevisionRules,
  'apps/DaemonSet': daemonSetRules,
  'apps/Deployment': deploymentRules,
  'apps/ReplicaSet': replicaSetRules,
  'apps/StatefulSet': statefulSetRules,
  'autoscaling/HorizontalPodAutoscaler': autoscalerRules,
  'autoscaling/v1/HorizontalPodAutoscaler': oldAutoscalerRules,
  'batch/CronJob': cronJobRules,
  'batch/Job': jobRules,
  'certificates.k8s.io/CertificateSigningRequest': csrRules,
  'coordination.k8s.io/Lease': leaseRules,
  'discovery.k8s.io/EndpointSlice': endpointSliceRules,
  'events.k8s.io/Event': newEventRules,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchemaRules,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevelRules,
  'networking.k8s.io/IPAddress': ipAddressRules,
  'networking.k8s.io/Ingress': ingressRules,
  'networking.k8s.io/IngressClass': ingressClassRules,
  'networking.k8s.io/NetworkPolicy': networkPolicyRules,
  'networking.k8s.io/ServiceCIDR': serviceCidrRules,
  'node.k8s.io/RuntimeClass': runtimeClassRules,
  'policy/PodDisruptionBudget': disruptionBudgetRules,
  'rbac.authorization.k8s.io/ClusterRole': clusterRoleRules,
  'rbac.authorization.k8s.io/ClusterRoleBinding': clusterRoleBindingRules,
  'rbac.authorization.k8s.io/Role': roleRules,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingRules,
  'resource.k8s.io/DeviceClass': deviceClassRules,
  'resource.k8s.io/ResourceClaim': resourceClaimRules,
  'resource.k8s.io/ResourceClaimTemplate': resourceClaimTemplateRules,
  'resource.k8s.io/ResourceSlice': resourceSliceRules,
  'scheduling.k8s.io/PriorityClass': priorityClassRules,
  'storage.k8s.io/CSIDriver': csiDriverRules,
  'storage.k8s.io/CSINode': csiNodeRules,
  'storage.k8s.io/CSIStorageCapacity': csiCapacityRules,
  'storage.k8s.io/StorageClass': storageClassRules,
  'storage.k8s.io/VolumeAttachment': attachmentRules,
  'storage.k8s.io/VolumeAttributesClass': attributesClassRules,
};
