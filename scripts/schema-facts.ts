/**
 * What the models of `@kubernetes/client-node` don't tell about Kubernetes 1.36's schemas: the package a type
 * belongs to, which texts are quantities, and how lists and maps are merged by patches and by apply. The
 * generator puts both together into `src/api/generated/schema.json`.
 */

/** Definition package → its types. A definition's name is `<package>.<Type>`. */
export const packages: Readonly<Record<string, string>> = {
  'admissionregistration.v1': `
    ApplyConfiguration AuditAnnotation ExpressionWarning JSONPatch MatchCondition MatchResources
    MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList
    MutatingAdmissionPolicyBindingSpec MutatingAdmissionPolicyList MutatingAdmissionPolicySpec
    MutatingWebhook MutatingWebhookConfiguration MutatingWebhookConfigurationList Mutation
    NamedRuleWithOperations ParamKind ParamRef RuleWithOperations ServiceReference TypeChecking
    ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList
    ValidatingAdmissionPolicyBindingSpec ValidatingAdmissionPolicyList ValidatingAdmissionPolicySpec
    ValidatingAdmissionPolicyStatus ValidatingWebhook ValidatingWebhookConfiguration
    ValidatingWebhookConfigurationList Validation Variable WebhookClientConfig
  `,
  'apiextensions.v1': `
    CustomResourceColumnDefinition CustomResourceConversion CustomResourceDefinition
    CustomResourceDefinitionCondition CustomResourceDefinitionList CustomResourceDefinitionNames
    CustomResourceDefinitionSpec CustomResourceDefinitionStatus CustomResourceDefinitionVersion
    CustomResourceSubresourceScale CustomResourceSubresources CustomResourceValidation
    ExternalDocumentation JSONSchemaProps SelectableField ServiceReference ValidationRule
    WebhookClientConfig WebhookConversion
  `,
  'apiregistration.v1': `
    APIService APIServiceCondition APIServiceList APIServiceSpec APIServiceStatus ServiceReference
  `,
  'apps.v1': `
    ControllerRevision ControllerRevisionList DaemonSet DaemonSetCondition DaemonSetList
    DaemonSetSpec DaemonSetStatus DaemonSetUpdateStrategy Deployment DeploymentCondition
    DeploymentList DeploymentSpec DeploymentStatus DeploymentStrategy ReplicaSet ReplicaSetCondition
    ReplicaSetList ReplicaSetSpec ReplicaSetStatus RollingUpdateDaemonSet RollingUpdateDeployment
    RollingUpdateStatefulSetStrategy StatefulSet StatefulSetCondition StatefulSetList
    StatefulSetOrdinals StatefulSetPersistentVolumeClaimRetentionPolicy StatefulSetSpec
    StatefulSetStatus StatefulSetUpdateStrategy
  `,
  'authentication.v1': `
    BoundObjectReference SelfSubjectReview SelfSubjectReviewStatus TokenRequest TokenRequestSpec
    TokenRequestStatus TokenReview TokenReviewSpec TokenReviewStatus UserInfo
  `,
  'authorization.v1': `
    FieldSelectorAttributes LabelSelectorAttributes LocalSubjectAccessReview NonResourceAttributes
    NonResourceRule ResourceAttributes ResourceRule SelfSubjectAccessReview
    SelfSubjectAccessReviewSpec SelfSubjectRulesReview SelfSubjectRulesReviewSpec
    SubjectAccessReview SubjectAccessReviewSpec SubjectAccessReviewStatus SubjectRulesReviewStatus
  `,
  'autoscaling.v1': `
    CrossVersionObjectReference HorizontalPodAutoscaler HorizontalPodAutoscalerList
    HorizontalPodAutoscalerSpec HorizontalPodAutoscalerStatus Scale ScaleSpec ScaleStatus
  `,
  'autoscaling.v2': `
    ContainerResourceMetricSource ContainerResourceMetricStatus CrossVersionObjectReference
    ExternalMetricSource ExternalMetricStatus HPAScalingPolicy HPAScalingRules
    HorizontalPodAutoscaler HorizontalPodAutoscalerBehavior HorizontalPodAutoscalerCondition
    HorizontalPodAutoscalerList HorizontalPodAutoscalerSpec HorizontalPodAutoscalerStatus
    MetricIdentifier MetricSpec MetricStatus MetricTarget MetricValueStatus ObjectMetricSource
    ObjectMetricStatus PodsMetricSource PodsMetricStatus ResourceMetricSource ResourceMetricStatus
  `,
  'batch.v1': `
    CronJob CronJobList CronJobSpec CronJobStatus Job JobCondition JobList JobSpec JobStatus
    JobTemplateSpec PodFailurePolicy PodFailurePolicyOnExitCodesRequirement
    PodFailurePolicyOnPodConditionsPattern PodFailurePolicyRule SuccessPolicy SuccessPolicyRule
    UncountedTerminatedPods
  `,
  'certificates.v1': `
    CertificateSigningRequest CertificateSigningRequestCondition CertificateSigningRequestList
    CertificateSigningRequestSpec CertificateSigningRequestStatus
  `,
  'coordination.v1': `
    Lease LeaseList LeaseSpec
  `,
  'core.v1': `
    AWSElasticBlockStoreVolumeSource Affinity AppArmorProfile AttachedVolume AzureDiskVolumeSource
    AzureFilePersistentVolumeSource AzureFileVolumeSource Binding CSIPersistentVolumeSource
    CSIVolumeSource Capabilities CephFSPersistentVolumeSource CephFSVolumeSource
    CinderPersistentVolumeSource CinderVolumeSource ClientIPConfig ClusterTrustBundleProjection
    ComponentCondition ComponentStatus ComponentStatusList ConfigMap ConfigMapEnvSource
    ConfigMapKeySelector ConfigMapList ConfigMapNodeConfigSource ConfigMapProjection
    ConfigMapVolumeSource Container ContainerExtendedResourceRequest ContainerImage ContainerPort
    ContainerResizePolicy ContainerRestartRule ContainerRestartRuleOnExitCodes ContainerState
    ContainerStateRunning ContainerStateTerminated ContainerStateWaiting ContainerStatus
    ContainerUser DaemonEndpoint DownwardAPIProjection DownwardAPIVolumeFile DownwardAPIVolumeSource
    EmptyDirVolumeSource EndpointAddress EndpointPort EndpointSubset Endpoints EndpointsList
    EnvFromSource EnvVar EnvVarSource EphemeralContainer EphemeralVolumeSource Event EventList
    EventSeries EventSource ExecAction FCVolumeSource FileKeySelector FlexPersistentVolumeSource
    FlexVolumeSource FlockerVolumeSource GCEPersistentDiskVolumeSource GRPCAction
    GitRepoVolumeSource GlusterfsPersistentVolumeSource GlusterfsVolumeSource HTTPGetAction
    HTTPHeader HostAlias HostIP HostPathVolumeSource ISCSIPersistentVolumeSource ISCSIVolumeSource
    ImageVolumeSource ImageVolumeStatus KeyToPath Lifecycle LifecycleHandler LimitRange
    LimitRangeItem LimitRangeList LimitRangeSpec LinuxContainerUser LoadBalancerIngress
    LoadBalancerStatus LocalObjectReference LocalVolumeSource ModifyVolumeStatus NFSVolumeSource
    Namespace NamespaceCondition NamespaceList NamespaceSpec NamespaceStatus Node NodeAddress
    NodeAffinity NodeAllocatableResourceClaimStatus NodeCondition NodeConfigSource NodeConfigStatus
    NodeDaemonEndpoints NodeFeatures NodeList NodeRuntimeHandler NodeRuntimeHandlerFeatures
    NodeSelector NodeSelectorRequirement NodeSelectorTerm NodeSpec NodeStatus NodeSwapStatus
    NodeSystemInfo ObjectFieldSelector ObjectReference PersistentVolume PersistentVolumeClaim
    PersistentVolumeClaimCondition PersistentVolumeClaimList PersistentVolumeClaimSpec
    PersistentVolumeClaimStatus PersistentVolumeClaimTemplate PersistentVolumeClaimVolumeSource
    PersistentVolumeList PersistentVolumeSpec PersistentVolumeStatus
    PhotonPersistentDiskVolumeSource Pod PodAffinity PodAffinityTerm PodAntiAffinity
    PodCertificateProjection PodCondition PodDNSConfig PodDNSConfigOption
    PodExtendedResourceClaimStatus PodIP PodList PodOS PodReadinessGate PodResourceClaim
    PodResourceClaimStatus PodSchedulingGate PodSchedulingGroup PodSecurityContext PodSpec PodStatus
    PodTemplate PodTemplateList PodTemplateSpec PortStatus PortworxVolumeSource
    PreferredSchedulingTerm Probe ProjectedVolumeSource QuobyteVolumeSource
    RBDPersistentVolumeSource RBDVolumeSource ReplicationController ReplicationControllerCondition
    ReplicationControllerList ReplicationControllerSpec ReplicationControllerStatus ResourceClaim
    ResourceFieldSelector ResourceHealth ResourceQuota ResourceQuotaList ResourceQuotaSpec
    ResourceQuotaStatus ResourceRequirements ResourceStatus SELinuxOptions
    ScaleIOPersistentVolumeSource ScaleIOVolumeSource ScopeSelector
    ScopedResourceSelectorRequirement SeccompProfile Secret SecretEnvSource SecretKeySelector
    SecretList SecretProjection SecretReference SecretVolumeSource SecurityContext Service
    ServiceAccount ServiceAccountList ServiceAccountTokenProjection ServiceList ServicePort
    ServiceSpec ServiceStatus SessionAffinityConfig SleepAction StorageOSPersistentVolumeSource
    StorageOSVolumeSource Sysctl TCPSocketAction Taint Toleration TopologySelectorLabelRequirement
    TopologySelectorTerm TopologySpreadConstraint TypedLocalObjectReference TypedObjectReference
    Volume VolumeDevice VolumeMount VolumeMountStatus VolumeNodeAffinity VolumeProjection
    VolumeResourceRequirements VolumeStatus VsphereVirtualDiskVolumeSource WeightedPodAffinityTerm
    WindowsSecurityContextOptions
  `,
  'discovery.v1': `
    Endpoint EndpointConditions EndpointHints EndpointPort EndpointSlice EndpointSliceList ForNode
    ForZone
  `,
  'events.v1': `
    Event EventList EventSeries
  `,
  'flowcontrol.v1': `
    ExemptPriorityLevelConfiguration FlowDistinguisherMethod FlowSchema FlowSchemaCondition
    FlowSchemaList FlowSchemaSpec FlowSchemaStatus GroupSubject LimitResponse
    LimitedPriorityLevelConfiguration NonResourcePolicyRule PolicyRulesWithSubjects
    PriorityLevelConfiguration PriorityLevelConfigurationCondition PriorityLevelConfigurationList
    PriorityLevelConfigurationReference PriorityLevelConfigurationSpec
    PriorityLevelConfigurationStatus QueuingConfiguration ResourcePolicyRule ServiceAccountSubject
    Subject UserSubject
  `,
  'meta.v1': `
    APIGroup APIGroupList APIResource APIResourceList APIVersions Condition DeleteOptions
    FieldSelectorRequirement FieldsV1 GroupResource GroupVersionForDiscovery LabelSelector
    LabelSelectorRequirement ListMeta ManagedFieldsEntry ObjectMeta OwnerReference Preconditions
    ServerAddressByClientCIDR ShardInfo Status StatusCause StatusDetails WatchEvent
  `,
  'networking.v1': `
    HTTPIngressPath HTTPIngressRuleValue IPAddress IPAddressList IPAddressSpec IPBlock Ingress
    IngressBackend IngressClass IngressClassList IngressClassParametersReference IngressClassSpec
    IngressList IngressLoadBalancerIngress IngressLoadBalancerStatus IngressPortStatus IngressRule
    IngressServiceBackend IngressSpec IngressStatus IngressTLS NetworkPolicy NetworkPolicyEgressRule
    NetworkPolicyIngressRule NetworkPolicyList NetworkPolicyPeer NetworkPolicyPort NetworkPolicySpec
    ParentReference ServiceBackendPort ServiceCIDR ServiceCIDRList ServiceCIDRSpec ServiceCIDRStatus
  `,
  'node.v1': `
    Overhead RuntimeClass RuntimeClassList Scheduling
  `,
  'policy.v1': `
    Eviction PodDisruptionBudget PodDisruptionBudgetList PodDisruptionBudgetSpec
    PodDisruptionBudgetStatus
  `,
  'rbac.v1': `
    AggregationRule ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList PolicyRule
    Role RoleBinding RoleBindingList RoleList RoleRef Subject
  `,
  'resource.v1': `
    AllocatedDeviceStatus AllocationResult CELDeviceSelector CapacityRequestPolicy
    CapacityRequestPolicyRange CapacityRequirements Counter CounterSet Device
    DeviceAllocationConfiguration DeviceAllocationResult DeviceAttribute DeviceCapacity DeviceClaim
    DeviceClaimConfiguration DeviceClass DeviceClassConfiguration DeviceClassList DeviceClassSpec
    DeviceConstraint DeviceCounterConsumption DeviceRequest DeviceRequestAllocationResult
    DeviceSelector DeviceSubRequest DeviceTaint DeviceToleration ExactDeviceRequest
    NetworkDeviceData NodeAllocatableResourceMapping OpaqueDeviceConfiguration ResourceClaim
    ResourceClaimConsumerReference ResourceClaimList ResourceClaimSpec ResourceClaimStatus
    ResourceClaimTemplate ResourceClaimTemplateList ResourceClaimTemplateSpec ResourcePool
    ResourceSlice ResourceSliceList ResourceSliceSpec
  `,
  'scheduling.v1': `
    PriorityClass PriorityClassList
  `,
  'storage.v1': `
    CSIDriver CSIDriverList CSIDriverSpec CSINode CSINodeDriver CSINodeList CSINodeSpec
    CSIStorageCapacity CSIStorageCapacityList StorageClass StorageClassList TokenRequest
    VolumeAttachment VolumeAttachmentList VolumeAttachmentSource VolumeAttachmentSpec
    VolumeAttachmentStatus VolumeAttributesClass VolumeAttributesClassList VolumeError
    VolumeNodeResources
  `,
};

/**
 * Facts of fields, by definition and field. Words: `atomic`, `set`, `map[keys]` are the list type of
 * server-side apply; `map-atomic`, `map-granular` the map type; `patch:merge(key)` the strategy and merge key
 * of strategic merge patches; `quantity` an amount in (the values of) the field.
 */
export const fieldFacts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'admissionregistration.v1.MatchResources': { excludeResourceRules: 'atomic', resourceRules: 'atomic' },
  'admissionregistration.v1.MutatingAdmissionPolicySpec': {
    matchConditions: 'map[name] patch:merge(name)',
    mutations: 'atomic',
    variables: 'atomic',
  },
  'admissionregistration.v1.MutatingWebhook': {
    admissionReviewVersions: 'atomic',
    matchConditions: 'map[name] patch:merge(name)',
    rules: 'atomic',
  },
  'admissionregistration.v1.MutatingWebhookConfiguration': { webhooks: 'map[name] patch:merge(name)' },
  'admissionregistration.v1.NamedRuleWithOperations': {
    apiGroups: 'atomic',
    apiVersions: 'atomic',
    operations: 'atomic',
    resourceNames: 'atomic',
    resources: 'atomic',
  },
  'admissionregistration.v1.RuleWithOperations': {
    apiGroups: 'atomic',
    apiVersions: 'atomic',
    operations: 'atomic',
    resources: 'atomic',
  },
  'admissionregistration.v1.TypeChecking': { expressionWarnings: 'atomic' },
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': { validationActions: 'set' },
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': {
    auditAnnotations: 'atomic',
    matchConditions: 'map[name] patch:merge(name)',
    validations: 'atomic',
    variables: 'map[name] patch:merge(name)',
  },
  'admissionregistration.v1.ValidatingAdmissionPolicyStatus': { conditions: 'map[type]' },
  'admissionregistration.v1.ValidatingWebhook': {
    admissionReviewVersions: 'atomic',
    matchConditions: 'map[name] patch:merge(name)',
    rules: 'atomic',
  },
  'admissionregistration.v1.ValidatingWebhookConfiguration': { webhooks: 'map[name] patch:merge(name)' },
  'apiextensions.v1.CustomResourceDefinitionNames': { categories: 'atomic', shortNames: 'atomic' },
  'apiextensions.v1.CustomResourceDefinitionSpec': { versions: 'atomic' },
  'apiextensions.v1.CustomResourceDefinitionStatus': { conditions: 'map[type]', storedVersions: 'atomic' },
  'apiextensions.v1.CustomResourceDefinitionVersion': {
    additionalPrinterColumns: 'atomic',
    selectableFields: 'atomic',
  },
  'apiextensions.v1.JSONSchemaProps': {
    allOf: 'atomic',
    anyOf: 'atomic',
    enum: 'atomic',
    oneOf: 'atomic',
    required: 'atomic',
    'x-kubernetes-list-map-keys': 'atomic',
    'x-kubernetes-validations': 'map[rule] patch:merge(rule)',
  },
  'apiextensions.v1.WebhookConversion': { conversionReviewVersions: 'atomic' },
  'apiregistration.v1.APIServiceSpec': { caBundle: 'atomic' },
  'apiregistration.v1.APIServiceStatus': { conditions: 'map[type] patch:merge(type)' },
  'apps.v1.DaemonSetStatus': { conditions: 'map[type] patch:merge(type)' },
  'apps.v1.DeploymentSpec': { strategy: 'patch:retainKeys' },
  'apps.v1.DeploymentStatus': { conditions: 'map[type] patch:merge(type)' },
  'apps.v1.ReplicaSetStatus': { conditions: 'map[type] patch:merge(type)' },
  'apps.v1.StatefulSetSpec': { volumeClaimTemplates: 'atomic' },
  'apps.v1.StatefulSetStatus': { conditions: 'map[type] patch:merge(type)' },
  'authentication.v1.TokenRequestSpec': { audiences: 'atomic' },
  'authentication.v1.TokenReviewSpec': { audiences: 'atomic' },
  'authentication.v1.TokenReviewStatus': { audiences: 'atomic' },
  'authentication.v1.UserInfo': { groups: 'atomic' },
  'authorization.v1.FieldSelectorAttributes': { requirements: 'atomic' },
  'authorization.v1.LabelSelectorAttributes': { requirements: 'atomic' },
  'authorization.v1.NonResourceRule': { nonResourceURLs: 'atomic', verbs: 'atomic' },
  'authorization.v1.ResourceRule': {
    apiGroups: 'atomic',
    resourceNames: 'atomic',
    resources: 'atomic',
    verbs: 'atomic',
  },
  'authorization.v1.SubjectAccessReviewSpec': { groups: 'atomic' },
  'authorization.v1.SubjectRulesReviewStatus': { nonResourceRules: 'atomic', resourceRules: 'atomic' },
  'autoscaling.v2.HPAScalingRules': { policies: 'atomic', tolerance: 'quantity' },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': { metrics: 'atomic' },
  'autoscaling.v2.HorizontalPodAutoscalerStatus': {
    conditions: 'map[type] patch:merge(type)',
    currentMetrics: 'atomic',
  },
  'autoscaling.v2.MetricTarget': { averageValue: 'quantity', value: 'quantity' },
  'autoscaling.v2.MetricValueStatus': { averageValue: 'quantity', value: 'quantity' },
  'batch.v1.CronJobStatus': { active: 'atomic' },
  'batch.v1.JobStatus': { conditions: 'atomic patch:merge(type)' },
  'batch.v1.PodFailurePolicy': { rules: 'atomic' },
  'batch.v1.PodFailurePolicyOnExitCodesRequirement': { values: 'set' },
  'batch.v1.PodFailurePolicyRule': { onPodConditions: 'atomic' },
  'batch.v1.SuccessPolicy': { rules: 'atomic' },
  'batch.v1.UncountedTerminatedPods': { failed: 'set', succeeded: 'set' },
  'certificates.v1.CertificateSigningRequestSpec': { groups: 'atomic', usages: 'atomic' },
  'certificates.v1.CertificateSigningRequestStatus': { conditions: 'map[type]' },
  'core.v1.Capabilities': { add: 'atomic', drop: 'atomic' },
  'core.v1.CephFSPersistentVolumeSource': { monitors: 'atomic' },
  'core.v1.CephFSVolumeSource': { monitors: 'atomic' },
  'core.v1.ComponentStatus': { conditions: 'map[type] patch:merge(type)' },
  'core.v1.ConfigMapProjection': { items: 'atomic' },
  'core.v1.ConfigMapVolumeSource': { items: 'atomic' },
  'core.v1.Container': {
    args: 'atomic',
    command: 'atomic',
    env: 'map[name] patch:merge(name)',
    envFrom: 'atomic',
    ports: 'map[containerPort,protocol] patch:merge(containerPort)',
    resizePolicy: 'atomic',
    restartPolicyRules: 'atomic',
    volumeDevices: 'map[devicePath] patch:merge(devicePath)',
    volumeMounts: 'map[mountPath] patch:merge(mountPath)',
  },
  'core.v1.ContainerImage': { names: 'atomic' },
  'core.v1.ContainerRestartRuleOnExitCodes': { values: 'set' },
  'core.v1.ContainerStatus': {
    allocatedResources: 'quantity',
    allocatedResourcesStatus: 'map[name] patch:merge(name)',
    volumeMounts: 'map[mountPath] patch:merge(mountPath)',
  },
  'core.v1.DownwardAPIProjection': { items: 'atomic' },
  'core.v1.DownwardAPIVolumeSource': { items: 'atomic' },
  'core.v1.EmptyDirVolumeSource': { sizeLimit: 'quantity' },
  'core.v1.EndpointSubset': { addresses: 'atomic', notReadyAddresses: 'atomic', ports: 'atomic' },
  'core.v1.Endpoints': { subsets: 'atomic' },
  'core.v1.EphemeralContainer': {
    args: 'atomic',
    command: 'atomic',
    env: 'map[name] patch:merge(name)',
    envFrom: 'atomic',
    ports: 'map[containerPort,protocol] patch:merge(containerPort)',
    resizePolicy: 'atomic',
    restartPolicyRules: 'atomic',
    volumeDevices: 'map[devicePath] patch:merge(devicePath)',
    volumeMounts: 'map[mountPath] patch:merge(mountPath)',
  },
  'core.v1.ExecAction': { command: 'atomic' },
  'core.v1.FCVolumeSource': { targetWWNs: 'atomic', wwids: 'atomic' },
  'core.v1.HTTPGetAction': { httpHeaders: 'atomic' },
  'core.v1.HostAlias': { hostnames: 'atomic' },
  'core.v1.ISCSIPersistentVolumeSource': { portals: 'atomic' },
  'core.v1.ISCSIVolumeSource': { portals: 'atomic' },
  'core.v1.LimitRangeItem': {
    default: 'quantity',
    defaultRequest: 'quantity',
    max: 'quantity',
    maxLimitRequestRatio: 'quantity',
    min: 'quantity',
  },
  'core.v1.LimitRangeSpec': { limits: 'atomic' },
  'core.v1.LinuxContainerUser': { supplementalGroups: 'atomic' },
  'core.v1.LoadBalancerIngress': { ports: 'atomic' },
  'core.v1.LoadBalancerStatus': { ingress: 'atomic' },
  'core.v1.NamespaceSpec': { finalizers: 'atomic' },
  'core.v1.NamespaceStatus': { conditions: 'map[type] patch:merge(type)' },
  'core.v1.NodeAffinity': { preferredDuringSchedulingIgnoredDuringExecution: 'atomic' },
  'core.v1.NodeAllocatableResourceClaimStatus': { containers: 'set', resources: 'quantity' },
  'core.v1.NodeSelector': { nodeSelectorTerms: 'atomic' },
  'core.v1.NodeSelectorRequirement': { values: 'atomic' },
  'core.v1.NodeSelectorTerm': { matchExpressions: 'atomic', matchFields: 'atomic' },
  'core.v1.NodeSpec': { podCIDRs: 'set patch:merge', taints: 'atomic' },
  'core.v1.NodeStatus': {
    addresses: 'map[type] patch:merge(type)',
    allocatable: 'quantity',
    capacity: 'quantity',
    conditions: 'map[type] patch:merge(type)',
    declaredFeatures: 'atomic',
    images: 'atomic',
    runtimeHandlers: 'atomic',
    volumesAttached: 'atomic',
    volumesInUse: 'atomic',
  },
  'core.v1.PersistentVolumeClaimSpec': { accessModes: 'atomic' },
  'core.v1.PersistentVolumeClaimStatus': {
    accessModes: 'atomic',
    allocatedResourceStatuses: 'map-granular',
    allocatedResources: 'quantity',
    capacity: 'quantity',
    conditions: 'map[type] patch:merge(type)',
  },
  'core.v1.PersistentVolumeSpec': {
    accessModes: 'atomic',
    capacity: 'quantity',
    claimRef: 'map-granular',
    mountOptions: 'atomic',
  },
  'core.v1.PodAffinity': {
    preferredDuringSchedulingIgnoredDuringExecution: 'atomic',
    requiredDuringSchedulingIgnoredDuringExecution: 'atomic',
  },
  'core.v1.PodAffinityTerm': { matchLabelKeys: 'atomic', mismatchLabelKeys: 'atomic', namespaces: 'atomic' },
  'core.v1.PodAntiAffinity': {
    preferredDuringSchedulingIgnoredDuringExecution: 'atomic',
    requiredDuringSchedulingIgnoredDuringExecution: 'atomic',
  },
  'core.v1.PodDNSConfig': { nameservers: 'atomic', options: 'atomic', searches: 'atomic' },
  'core.v1.PodExtendedResourceClaimStatus': { requestMappings: 'atomic' },
  'core.v1.PodSecurityContext': { supplementalGroups: 'atomic', sysctls: 'atomic' },
  'core.v1.PodSpec': {
    containers: 'map[name] patch:merge(name)',
    ephemeralContainers: 'map[name] patch:merge(name)',
    hostAliases: 'map[ip] patch:merge(ip)',
    imagePullSecrets: 'map[name] patch:merge(name)',
    initContainers: 'map[name] patch:merge(name)',
    nodeSelector: 'map-atomic',
    overhead: 'quantity',
    readinessGates: 'atomic',
    resourceClaims: 'map[name] patch:merge,retainKeys(name)',
    schedulingGates: 'map[name] patch:merge(name)',
    tolerations: 'atomic',
    topologySpreadConstraints: 'map[topologyKey,whenUnsatisfiable] patch:merge(topologyKey)',
    volumes: 'map[name] patch:merge,retainKeys(name)',
  },
  'core.v1.PodStatus': {
    allocatedResources: 'quantity',
    conditions: 'map[type] patch:merge(type)',
    containerStatuses: 'atomic',
    ephemeralContainerStatuses: 'atomic',
    hostIPs: 'atomic patch:merge(ip)',
    initContainerStatuses: 'atomic',
    nodeAllocatableResourceClaimStatuses: 'atomic',
    podIPs: 'map[ip] patch:merge(ip)',
    resourceClaimStatuses: 'map[name] patch:merge,retainKeys(name)',
  },
  'core.v1.ProjectedVolumeSource': { sources: 'atomic' },
  'core.v1.RBDPersistentVolumeSource': { monitors: 'atomic' },
  'core.v1.RBDVolumeSource': { monitors: 'atomic' },
  'core.v1.ReplicationControllerSpec': { selector: 'map-atomic' },
  'core.v1.ReplicationControllerStatus': { conditions: 'map[type] patch:merge(type)' },
  'core.v1.ResourceFieldSelector': { divisor: 'quantity' },
  'core.v1.ResourceQuotaSpec': { hard: 'quantity', scopes: 'atomic' },
  'core.v1.ResourceQuotaStatus': { hard: 'quantity', used: 'quantity' },
  'core.v1.ResourceRequirements': { claims: 'map[name]', limits: 'quantity', requests: 'quantity' },
  'core.v1.ResourceStatus': { resources: 'map[resourceID]' },
  'core.v1.ScopeSelector': { matchExpressions: 'atomic' },
  'core.v1.ScopedResourceSelectorRequirement': { values: 'atomic' },
  'core.v1.SecretProjection': { items: 'atomic' },
  'core.v1.SecretVolumeSource': { items: 'atomic' },
  'core.v1.ServiceAccount': { imagePullSecrets: 'atomic', secrets: 'map[name] patch:merge(name)' },
  'core.v1.ServiceSpec': {
    clusterIPs: 'atomic',
    externalIPs: 'atomic',
    ipFamilies: 'atomic',
    loadBalancerSourceRanges: 'atomic',
    ports: 'map[port,protocol] patch:merge(port)',
    selector: 'map-atomic',
  },
  'core.v1.ServiceStatus': { conditions: 'map[type] patch:merge(type)' },
  'core.v1.TopologySelectorLabelRequirement': { values: 'atomic' },
  'core.v1.TopologySelectorTerm': { matchLabelExpressions: 'atomic' },
  'core.v1.TopologySpreadConstraint': { matchLabelKeys: 'atomic' },
  'core.v1.VolumeResourceRequirements': { limits: 'quantity', requests: 'quantity' },
  'discovery.v1.Endpoint': { addresses: 'set' },
  'discovery.v1.EndpointHints': { forNodes: 'atomic', forZones: 'atomic' },
  'discovery.v1.EndpointSlice': { endpoints: 'atomic', ports: 'atomic' },
  'flowcontrol.v1.FlowSchemaSpec': { rules: 'atomic' },
  'flowcontrol.v1.FlowSchemaStatus': { conditions: 'map[type] patch:merge(type)' },
  'flowcontrol.v1.NonResourcePolicyRule': { nonResourceURLs: 'set', verbs: 'set' },
  'flowcontrol.v1.PolicyRulesWithSubjects': {
    nonResourceRules: 'atomic',
    resourceRules: 'atomic',
    subjects: 'atomic',
  },
  'flowcontrol.v1.PriorityLevelConfigurationStatus': { conditions: 'map[type] patch:merge(type)' },
  'flowcontrol.v1.ResourcePolicyRule': {
    apiGroups: 'set',
    namespaces: 'set',
    resources: 'set',
    verbs: 'set',
  },
  'meta.v1.APIGroup': { serverAddressByClientCIDRs: 'atomic', versions: 'atomic' },
  'meta.v1.APIGroupList': { groups: 'atomic' },
  'meta.v1.APIResource': { categories: 'atomic', shortNames: 'atomic' },
  'meta.v1.APIResourceList': { resources: 'atomic' },
  'meta.v1.APIVersions': { serverAddressByClientCIDRs: 'atomic', versions: 'atomic' },
  'meta.v1.DeleteOptions': { dryRun: 'atomic' },
  'meta.v1.FieldSelectorRequirement': { values: 'atomic' },
  'meta.v1.LabelSelector': { matchExpressions: 'atomic' },
  'meta.v1.LabelSelectorRequirement': { values: 'atomic' },
  'meta.v1.ObjectMeta': {
    finalizers: 'set patch:merge',
    managedFields: 'atomic',
    ownerReferences: 'map[uid] patch:merge(uid)',
  },
  'meta.v1.StatusDetails': { causes: 'atomic' },
  'networking.v1.HTTPIngressRuleValue': { paths: 'atomic' },
  'networking.v1.IPBlock': { except: 'atomic' },
  'networking.v1.IngressLoadBalancerIngress': { ports: 'atomic' },
  'networking.v1.IngressLoadBalancerStatus': { ingress: 'atomic' },
  'networking.v1.IngressSpec': { rules: 'atomic', tls: 'atomic' },
  'networking.v1.IngressTLS': { hosts: 'atomic' },
  'networking.v1.NetworkPolicyEgressRule': { ports: 'atomic', to: 'atomic' },
  'networking.v1.NetworkPolicyIngressRule': { from: 'atomic', ports: 'atomic' },
  'networking.v1.NetworkPolicySpec': { egress: 'atomic', ingress: 'atomic', policyTypes: 'atomic' },
  'networking.v1.ServiceCIDRSpec': { cidrs: 'atomic' },
  'networking.v1.ServiceCIDRStatus': { conditions: 'map[type] patch:merge(type)' },
  'node.v1.Overhead': { podFixed: 'quantity' },
  'node.v1.Scheduling': { nodeSelector: 'map-atomic', tolerations: 'atomic' },
  'policy.v1.PodDisruptionBudgetSpec': { selector: 'patch:replace' },
  'policy.v1.PodDisruptionBudgetStatus': { conditions: 'map[type] patch:merge(type)' },
  'rbac.v1.AggregationRule': { clusterRoleSelectors: 'atomic' },
  'rbac.v1.ClusterRole': { rules: 'atomic' },
  'rbac.v1.ClusterRoleBinding': { subjects: 'atomic' },
  'rbac.v1.PolicyRule': {
    apiGroups: 'atomic',
    nonResourceURLs: 'atomic',
    resourceNames: 'atomic',
    resources: 'atomic',
    verbs: 'atomic',
  },
  'rbac.v1.Role': { rules: 'atomic' },
  'rbac.v1.RoleBinding': { subjects: 'atomic' },
  'resource.v1.AllocatedDeviceStatus': { conditions: 'map[type]' },
  'resource.v1.CapacityRequestPolicy': { default: 'quantity', validValues: 'atomic quantity' },
  'resource.v1.CapacityRequestPolicyRange': { max: 'quantity', min: 'quantity', step: 'quantity' },
  'resource.v1.CapacityRequirements': { requests: 'quantity' },
  'resource.v1.Counter': { value: 'quantity' },
  'resource.v1.Device': {
    bindingConditions: 'atomic',
    bindingFailureConditions: 'atomic',
    consumesCounters: 'atomic',
    taints: 'atomic',
  },
  'resource.v1.DeviceAllocationConfiguration': { requests: 'atomic' },
  'resource.v1.DeviceAllocationResult': { config: 'atomic', results: 'atomic' },
  'resource.v1.DeviceAttribute': { bools: 'atomic', ints: 'atomic', strings: 'atomic', versions: 'atomic' },
  'resource.v1.DeviceCapacity': { value: 'quantity' },
  'resource.v1.DeviceClaim': { config: 'atomic', constraints: 'atomic', requests: 'atomic' },
  'resource.v1.DeviceClaimConfiguration': { requests: 'atomic' },
  'resource.v1.DeviceClassSpec': { config: 'atomic', selectors: 'atomic' },
  'resource.v1.DeviceConstraint': { requests: 'atomic' },
  'resource.v1.DeviceRequest': { firstAvailable: 'atomic' },
  'resource.v1.DeviceRequestAllocationResult': {
    bindingConditions: 'atomic',
    bindingFailureConditions: 'atomic',
    consumedCapacity: 'quantity',
    tolerations: 'atomic',
  },
  'resource.v1.DeviceSubRequest': { selectors: 'atomic', tolerations: 'atomic' },
  'resource.v1.ExactDeviceRequest': { selectors: 'atomic', tolerations: 'atomic' },
  'resource.v1.NetworkDeviceData': { ips: 'atomic' },
  'resource.v1.NodeAllocatableResourceMapping': { allocationMultiplier: 'quantity' },
  'resource.v1.ResourceClaimStatus': {
    devices: 'map[driver,device,pool,shareID]',
    reservedFor: 'map[uid] patch:merge(uid)',
  },
  'resource.v1.ResourceSliceSpec': { devices: 'atomic', sharedCounters: 'atomic' },
  'storage.v1.CSIDriverSpec': { tokenRequests: 'atomic', volumeLifecycleModes: 'set' },
  'storage.v1.CSINodeDriver': { topologyKeys: 'atomic' },
  'storage.v1.CSINodeSpec': { drivers: 'map[name] patch:merge(name)' },
  'storage.v1.CSIStorageCapacity': { capacity: 'quantity', maximumVolumeSize: 'quantity' },
  'storage.v1.StorageClass': { allowedTopologies: 'atomic', mountOptions: 'atomic' },
};

/** Structs that apply takes as one value. */
export const atomicTypes: readonly string[] = [
  'admissionregistration.v1.MatchResources',
  'admissionregistration.v1.NamedRuleWithOperations',
  'admissionregistration.v1.ParamKind',
  'admissionregistration.v1.ParamRef',
  'admissionregistration.v1.Variable',
  'autoscaling.v1.CrossVersionObjectReference',
  'core.v1.ConfigMapKeySelector',
  'core.v1.EndpointAddress',
  'core.v1.EndpointPort',
  'core.v1.FileKeySelector',
  'core.v1.LocalObjectReference',
  'core.v1.NodeSelector',
  'core.v1.NodeSelectorTerm',
  'core.v1.ObjectFieldSelector',
  'core.v1.ObjectReference',
  'core.v1.ResourceFieldSelector',
  'core.v1.ScopeSelector',
  'core.v1.SecretKeySelector',
  'core.v1.SecretReference',
  'core.v1.TopologySelectorTerm',
  'core.v1.TypedLocalObjectReference',
  'discovery.v1.EndpointPort',
  'meta.v1.LabelSelector',
  'meta.v1.OwnerReference',
  'networking.v1.ServiceBackendPort',
  'rbac.v1.RoleRef',
  'rbac.v1.Subject',
];

/** Structs of which one member is chosen: `x-kubernetes-unions` as it stands in the OpenAPI document. */
export const unions: Readonly<Record<string, readonly unknown[]>> = {
  'core.v1.AppArmorProfile': [
    { discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } },
  ],
  'core.v1.PodSchedulingGroup': [{ 'fields-to-discriminateBy': { podGroupName: 'PodGroupName' } }],
  'core.v1.SeccompProfile': [
    { discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } },
  ],
  'flowcontrol.v1.LimitResponse': [
    { discriminator: 'type', 'fields-to-discriminateBy': { queuing: 'Queuing' } },
  ],
  'flowcontrol.v1.PriorityLevelConfigurationSpec': [
    { discriminator: 'type', 'fields-to-discriminateBy': { exempt: 'Exempt', limited: 'Limited' } },
  ],
  'flowcontrol.v1.Subject': [
    {
      discriminator: 'kind',
      'fields-to-discriminateBy': { group: 'Group', serviceAccount: 'ServiceAccount', user: 'User' },
    },
  ],
};
