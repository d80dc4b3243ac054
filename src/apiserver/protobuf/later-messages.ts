/** Messages of kinds newer than the table in message-table.ts, in its form (generated.proto of Kubernetes 1.34 to 1.36). */
export const laterMessages = `
# admissionregistration.v1
ApplyConfiguration expression=1:string
JSONPatch expression=1:string
MutatingAdmissionPolicy metadata=1:meta.v1.ObjectMeta spec=2:MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding metadata=1:meta.v1.ObjectMeta spec=2:MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingSpec policyName=1:string paramRef=2:ParamRef matchResources=3:MatchResources
MutatingAdmissionPolicySpec paramKind=1:ParamKind matchConstraints=2:MatchResources variables=3:[]Variable mutations=4:[]Mutation failurePolicy=5:string matchConditions=6:[]MatchCondition reinvocationPolicy=7:string
Mutation patchType=2:string applyConfiguration=3:ApplyConfiguration jsonPatch=4:JSONPatch
# apiregistration.v1
APIService metadata=1:meta.v1.ObjectMeta spec=2:APIServiceSpec status=3:APIServiceStatus
APIServiceCondition type=1:string status=2:string lastTransitionTime=3:meta.v1.Time reason=4:string message=5:string
APIServiceSpec service=1:ServiceReference group=2:string version=3:string insecureSkipTLSVerify=4:bool caBundle=5:bytes groupPriorityMinimum=7:int32 versionPriority=8:int32
APIServiceStatus conditions=1:[]APIServiceCondition
ServiceReference namespace=1:string name=2:string port=3:int32
# core.v1
ContainerExtendedResourceRequest containerName=1:string resourceName=2:string requestName=3:string
ContainerRestartRule action=1:string exitCodes=2:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes operator=1:string values=2:[]int32
FileKeySelector volumeName=1:string path=2:string key=3:string optional=4:bool
ImageVolumeStatus imageRef=1:string
NodeAllocatableResourceClaimStatus resourceClaimName=1:string containers=2:[]string resources=3:map:api.resource.Quantity
NodeSwapStatus capacity=1:int64
PodCertificateProjection signerName=1:string keyType=2:string maxExpirationSeconds=3:int32 credentialBundlePath=4:string keyPath=5:string certificateChainPath=6:string userAnnotations=7:map:string
PodExtendedResourceClaimStatus requestMappings=1:[]ContainerExtendedResourceRequest resourceClaimName=2:string
PodSchedulingGroup podGroupName=1:string
VolumeStatus image=1:ImageVolumeStatus
# discovery.v1
ForNode name=1:string
# resource.v1
AllocatedDeviceStatus driver=1:string pool=2:string device=3:string shareID=7:string conditions=4:[]meta.v1.Condition data=5:runtime.RawExtension networkData=6:NetworkDeviceData
AllocationResult devices=1:DeviceAllocationResult nodeSelector=3:core.v1.NodeSelector allocationTimestamp=5:meta.v1.Time
CELDeviceSelector expression=1:string
CapacityRequestPolicy default=1:api.resource.Quantity validValues=3:[]api.resource.Quantity validRange=4:CapacityRequestPolicyRange
CapacityRequestPolicyRange min=1:api.resource.Quantity max=2:api.resource.Quantity step=3:api.resource.Quantity
CapacityRequirements requests=1:map:api.resource.Quantity
Counter value=1:api.resource.Quantity
CounterSet name=1:string counters=2:map:Counter
Device name=1:string attributes=2:map:DeviceAttribute capacity=3:map:DeviceCapacity consumesCounters=4:[]DeviceCounterConsumption nodeName=5:string nodeSelector=6:core.v1.NodeSelector allNodes=7:bool taints=8:[]DeviceTaint bindsToNode=9:bool bindingConditions=10:[]string bindingFailureConditions=11:[]string allowMultipleAllocations=12:bool nodeAllocatableResourceMappings=13:map:NodeAllocatableResourceMapping
DeviceAllocationConfiguration source=1:string requests=2:[]string deviceConfiguration*=3:DeviceConfiguration
DeviceAllocationResult results=1:[]DeviceRequestAllocationResult config=2:[]DeviceAllocationConfiguration
DeviceAttribute int=2:int64 bool=3:bool string=4:string version=5:string ints=6:[]int64 bools=7:[]bool strings=8:[]string versions=9:[]string
DeviceCapacity value=1:api.resource.Quantity requestPolicy=2:CapacityRequestPolicy
DeviceClaim requests=1:[]DeviceRequest constraints=2:[]DeviceConstraint config=3:[]DeviceClaimConfiguration
DeviceClaimConfiguration requests=1:[]string deviceConfiguration*=2:DeviceConfiguration
DeviceClass metadata=1:meta.v1.ObjectMeta spec=2:DeviceClassSpec
DeviceClassConfiguration deviceConfiguration*=1:DeviceConfiguration
DeviceClassSpec selectors=1:[]DeviceSelector config=2:[]DeviceClassConfiguration extendedResourceName=4:string
DeviceConfiguration opaque=1:OpaqueDeviceConfiguration
DeviceConstraint requests=1:[]string matchAttribute=2:string distinctAttribute=3:string
DeviceCounterConsumption counterSet=1:string counters=2:map:Counter
DeviceRequest name=1:string exactly=2:ExactDeviceRequest firstAvailable=3:[]DeviceSubRequest
DeviceRequestAllocationResult request=1:string driver=2:string pool=3:string device=4:string adminAccess=5:bool tolerations=6:[]DeviceToleration bindingConditions=7:[]string bindingFailureConditions=8:[]string shareID=9:string consumedCapacity=10:map:api.resource.Quantity
DeviceSelector cel=1:CELDeviceSelector
DeviceSubRequest name=1:string deviceClassName=2:string selectors=3:[]DeviceSelector allocationMode=4:string count=5:int64 tolerations=6:[]DeviceToleration capacity=7:CapacityRequirements
DeviceTaint key=1:string value=2:string effect=3:string timeAdded=4:meta.v1.Time
DeviceToleration key=1:string operator=2:string value=3:string effect=4:string tolerationSeconds=5:int64
ExactDeviceRequest deviceClassName=1:string selectors=2:[]DeviceSelector allocationMode=3:string count=4:int64 adminAccess=5:bool tolerations=6:[]DeviceToleration capacity=7:CapacityRequirements
NetworkDeviceData interfaceName=1:string ips=2:[]string hardwareAddress=3:string
NodeAllocatableResourceMapping capacityKey=1:string allocationMultiplier=2:api.resource.Quantity
OpaqueDeviceConfiguration driver=1:string parameters=2:runtime.RawExtension
ResourceClaim metadata=1:meta.v1.ObjectMeta spec=2:ResourceClaimSpec status=3:ResourceClaimStatus
ResourceClaimConsumerReference apiGroup=1:string resource=3:string name=4:string uid=5:string
ResourceClaimSpec devices=1:DeviceClaim
ResourceClaimStatus allocation=1:AllocationResult reservedFor=2:[]ResourceClaimConsumerReference devices=4:[]AllocatedDeviceStatus
ResourceClaimTemplate metadata=1:meta.v1.ObjectMeta spec=2:ResourceClaimTemplateSpec
ResourceClaimTemplateSpec metadata=1:meta.v1.ObjectMeta spec=2:ResourceClaimSpec
ResourcePool name=1:string generation=2:int64 resourceSliceCount=3:int64
ResourceSlice metadata=1:meta.v1.ObjectMeta spec=2:ResourceSliceSpec
ResourceSliceSpec driver=1:string pool=2:ResourcePool nodeName=3:string nodeSelector=4:core.v1.NodeSelector allNodes=5:bool devices=6:[]Device perDeviceNodeSelection=7:bool sharedCounters=8:[]CounterSet
`;
