/**
 * Go's names of types that are plain in JSON, by definition and field, for the messages of failed decoding:
 * `cannot unmarshal number into Go struct field ContainerPort.spec.containers.ports.protocol of type v1.Protocol`.
 * Of a list the name is its items'; `map:` marks the name of the map itself.
 */
const resourceList = 'map:v1.ResourceList';
const conditionStatus = 'v1.ConditionStatus';
const finalizer = 'v1.FinalizerName';
const labelSelectorOperator = 'v1.LabelSelectorOperator';
const uriScheme = 'v1.URIScheme';

export const goTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'meta.v1.ObjectMeta': { uid: 'types.UID' },
  'meta.v1.OwnerReference': { uid: 'types.UID' },
  'meta.v1.ManagedFieldsEntry': { operation: 'v1.ManagedFieldsOperationType' },
  'meta.v1.LabelSelectorRequirement': { operator: labelSelectorOperator },
  'meta.v1.Condition': { status: conditionStatus },
  'meta.v1.DeleteOptions': { propagationPolicy: 'v1.DeletionPropagation' },
  'meta.v1.Preconditions': { uid: 'types.UID' },
  'core.v1.ObjectReference': { uid: 'types.UID' },
  'core.v1.Container': {
    imagePullPolicy: 'v1.PullPolicy',
    restartPolicy: 'v1.ContainerRestartPolicy',
    terminationMessagePolicy: 'v1.TerminationMessagePolicy',
  },
  'core.v1.EphemeralContainer': {
    imagePullPolicy: 'v1.PullPolicy',
    restartPolicy: 'v1.ContainerRestartPolicy',
    terminationMessagePolicy: 'v1.TerminationMessagePolicy',
  },
  'core.v1.ContainerPort': { protocol: 'v1.Protocol' },
  'core.v1.ServicePort': { protocol: 'v1.Protocol' },
  'core.v1.EndpointPort': { protocol: 'v1.Protocol' },
  'core.v1.PortStatus': { protocol: 'v1.Protocol' },
  'discovery.v1.EndpointPort': { protocol: 'v1.Protocol' },
  'discovery.v1.EndpointSlice': { addressType: 'v1.AddressType' },
  'networking.v1.NetworkPolicyPort': { protocol: 'v1.Protocol' },
  'networking.v1.NetworkPolicySpec': { policyTypes: 'v1.PolicyType' },
  'networking.v1.HTTPIngressPath': { pathType: 'v1.PathType' },
  'core.v1.HTTPGetAction': { scheme: uriScheme },
  'core.v1.ResourceRequirements': { limits: resourceList, requests: resourceList },
  'core.v1.VolumeResourceRequirements': { limits: resourceList, requests: resourceList },
  'core.v1.ResourceQuotaSpec': { hard: resourceList, scopes: 'v1.ResourceQuotaScope' },
  'core.v1.ResourceQuotaStatus': { hard: resourceList, used: resourceList },
  'core.v1.LimitRangeItem': {
    default: resourceList,
    defaultRequest: resourceList,
    max: resourceList,
    maxLimitRequestRatio: resourceList,
    min: resourceList,
    type: 'v1.LimitType',
  },
  'core.v1.NodeStatus': {
    allocatable: resourceList,
    capacity: resourceList,
    phase: 'v1.NodePhase',
    volumesInUse: 'v1.UniqueVolumeName',
  },
  'core.v1.NodeCondition': { status: conditionStatus, type: 'v1.NodeConditionType' },
  'core.v1.NodeAddress': { type: 'v1.NodeAddressType' },
  'core.v1.NodeSelectorRequirement': { operator: 'v1.NodeSelectorOperator' },
  'core.v1.Taint': { effect: 'v1.TaintEffect' },
  'core.v1.Toleration': { effect: 'v1.TaintEffect', operator: 'v1.TolerationOperator' },
  'core.v1.PodSpec': {
    dnsPolicy: 'v1.DNSPolicy',
    overhead: resourceList,
    preemptionPolicy: 'v1.PreemptionPolicy',
    restartPolicy: 'v1.RestartPolicy',
  },
  'core.v1.PodStatus': { phase: 'v1.PodPhase', qosClass: 'v1.PodQOSClass', resize: 'v1.PodResizeStatus' },
  'core.v1.PodCondition': { status: conditionStatus, type: 'v1.PodConditionType' },
  'core.v1.PodReadinessGate': { conditionType: 'v1.PodConditionType' },
  'core.v1.PodOS': { name: 'v1.OSName' },
  'core.v1.PodSecurityContext': {
    fsGroupChangePolicy: 'v1.PodFSGroupChangePolicy',
    supplementalGroupsPolicy: 'v1.SupplementalGroupsPolicy',
  },
  'core.v1.SecurityContext': { procMount: 'v1.ProcMountType' },
  'core.v1.Capabilities': { add: 'v1.Capability', drop: 'v1.Capability' },
  'core.v1.SeccompProfile': { type: 'v1.SeccompProfileType' },
  'core.v1.AppArmorProfile': { type: 'v1.AppArmorProfileType' },
  'core.v1.VolumeMount': {
    mountPropagation: 'v1.MountPropagationMode',
    recursiveReadOnly: 'v1.RecursiveReadOnlyMode',
  },
  'core.v1.EmptyDirVolumeSource': { medium: 'v1.StorageMedium' },
  'core.v1.HostPathVolumeSource': { type: 'v1.HostPathType' },
  'core.v1.TopologySpreadConstraint': {
    nodeAffinityPolicy: 'v1.NodeInclusionPolicy',
    nodeTaintsPolicy: 'v1.NodeInclusionPolicy',
    whenUnsatisfiable: 'v1.UnsatisfiableConstraintAction',
  },
  'core.v1.ContainerResizePolicy': {
    resourceName: 'v1.ResourceName',
    restartPolicy: 'v1.ResourceResizeRestartPolicy',
  },
  'core.v1.ServiceSpec': {
    externalTrafficPolicy: 'v1.ServiceExternalTrafficPolicy',
    internalTrafficPolicy: 'v1.ServiceInternalTrafficPolicy',
    ipFamilies: 'v1.IPFamily',
    ipFamilyPolicy: 'v1.IPFamilyPolicy',
    sessionAffinity: 'v1.ServiceAffinity',
    type: 'v1.ServiceType',
  },
  'core.v1.NamespaceSpec': { finalizers: finalizer },
  'core.v1.NamespaceStatus': { phase: 'v1.NamespacePhase' },
  'core.v1.NamespaceCondition': { status: conditionStatus, type: 'v1.NamespaceConditionType' },
  'core.v1.Secret': { type: 'v1.SecretType' },
  'core.v1.PersistentVolumeSpec': {
    accessModes: 'v1.PersistentVolumeAccessMode',
    capacity: resourceList,
    persistentVolumeReclaimPolicy: 'v1.PersistentVolumeReclaimPolicy',
    volumeMode: 'v1.PersistentVolumeMode',
  },
  'core.v1.PersistentVolumeStatus': { phase: 'v1.PersistentVolumePhase' },
  'core.v1.PersistentVolumeClaimSpec': {
    accessModes: 'v1.PersistentVolumeAccessMode',
    volumeMode: 'v1.PersistentVolumeMode',
  },
  'core.v1.PersistentVolumeClaimStatus': {
    accessModes: 'v1.PersistentVolumeAccessMode',
    allocatedResources: resourceList,
    capacity: resourceList,
    phase: 'v1.PersistentVolumeClaimPhase',
  },
  'core.v1.ReplicationControllerCondition': {
    status: conditionStatus,
    type: 'v1.ReplicationControllerConditionType',
  },
  'apps.v1.DeploymentStrategy': { type: 'v1.DeploymentStrategyType' },
  'apps.v1.DeploymentCondition': { status: conditionStatus, type: 'v1.DeploymentConditionType' },
  'apps.v1.ReplicaSetCondition': { status: conditionStatus, type: 'v1.ReplicaSetConditionType' },
  'apps.v1.DaemonSetUpdateStrategy': { type: 'v1.DaemonSetUpdateStrategyType' },
  'apps.v1.DaemonSetCondition': { status: conditionStatus, type: 'v1.DaemonSetConditionType' },
  'apps.v1.StatefulSetSpec': { podManagementPolicy: 'v1.PodManagementPolicyType' },
  'apps.v1.StatefulSetUpdateStrategy': { type: 'v1.StatefulSetUpdateStrategyType' },
  'apps.v1.StatefulSetCondition': { status: conditionStatus, type: 'v1.StatefulSetConditionType' },
  'batch.v1.JobSpec': {
    completionMode: 'v1.CompletionMode',
    podReplacementPolicy: 'v1.PodReplacementPolicy',
  },
  'batch.v1.JobCondition': { status: conditionStatus, type: 'v1.JobConditionType' },
  'batch.v1.CronJobSpec': { concurrencyPolicy: 'v1.ConcurrencyPolicy' },
  'certificates.v1.CertificateSigningRequestSpec': { usages: 'v1.KeyUsage' },
  'policy.v1.PodDisruptionBudgetSpec': {
    unhealthyPodEvictionPolicy: 'v1.UnhealthyPodEvictionPolicyType',
  },
  'storage.v1.StorageClass': {
    reclaimPolicy: 'v1.PersistentVolumeReclaimPolicy',
    volumeBindingMode: 'v1.VolumeBindingMode',
  },
};
