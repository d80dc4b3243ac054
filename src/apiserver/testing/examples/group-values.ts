import { exampleLabels, type Fields } from './fields.ts';

const expressions = [
  { key: 'app', operator: 'In', values: ['example', 'other'] },
  { key: 'gone', operator: 'DoesNotExist' },
];

const rules = {
  apiGroups: ['apps'],
  apiVersions: ['v1'],
  operations: ['CREATE', 'UPDATE'],
  resources: ['deployments'],
  scope: 'Namespaced',
};

/** A certificate in PEM. */
export const certificate =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJlakNDQVNHZ0F3SUJBZ0lVUDR2Q0huYzczYXB5VXF3eE90VnkwTTIrYVlNd0NnWUlLb1pJemowRUF3SXcKRWpFUU1BNEdBMVVFQXd3SFpYaGhiWEJzWlRBZ0Z3MHlOakV4TWpneE5EQTVNVGhhR0E4eU1USTJNVEV3TkRFMApNRGt4T0Zvd0VqRVFNQTRHQTFVRUF3d0haWGhoYlhCc1pUQlpNQk1HQnlxR1NNNDlBZ0VHQ0NxR1NNNDlBd0VICkEwSUFCSk5DYVV2ZGhBb1FyUXZpRkxhTUJUaEZzdVZ2TGo1dkRraDNJTTF1cnR1WEhtRDBWejJHbDJwbzRPOFEKK1I3a1lTNE01Q1JVcVAxZXhtL2JjWDB1aGlHalV6QlJNQjBHQTFVZERnUVdCQlRpVjF1YmZ4UEROWjBlb2JVRwpPc005NFp3Y2RqQWZCZ05WSFNNRUdEQVdnQlRpVjF1YmZ4UEROWjBlb2JVR09zTTk0WndjZGpBUEJnTlZIUk1CCkFmOEVCVEFEQVFIL01Bb0dDQ3FHU000OUJBTUNBMGNBTUVRQ0lESEc1VHA4UFp0NUNDWVRVQ2RYZlNlR1Uvd0kKMjZoZDVDRWxoYnEzMUNYc0FpQVkwS0FWcXZENmZrem9oRllRRFQzOFkrak5USDAyWTVONzZFaW04TDBxZUE9PQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==';

/** Of O=example, CN=example. */
const signingRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZ01JR0dBZ0VBTUNReEVEQU9CZ05WQkFvTUIyVjRZVzF3YkdVeEVEQU9CZ05WQkFNTUIyVjRZVzF3YkdVdwpXVEFUQmdjcWhrak9QUUlCQmdncWhrak9QUU1CQndOQ0FBUTRpSVVia2NxckxlTGNnRlpvK0xzTVRDWEpPWWtnCnB6andpQXVMMkhoRU5DSmpxcDhTUnlLUlNsS2xyN0JTcjJnZVlnZzRCd01pY2tLMCtIR0NNK0owb0FBd0NnWUkKS29aSXpqMEVBd0lEU1FBd1JnSWhBT21SSFAyR01iaFo4Vzl2MUZaMnYvWUc0angxOHdqTDY4MWFIZ0JtYTNtMwpBaUVBdk5LTVZSYWtLWDdhU2FMMTZOdVRvWDZNYWREdUYrK2J1Nmo4bUlFWlJzbz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

/** Of the other groups: what validation asks of single fields, and what cannot stand beside the others. */
export const groupValues: Readonly<Record<string, Fields>> = {
  'meta.v1.Condition': { type: 'Example', status: 'True', reason: 'Example' },
  'meta.v1.LabelSelector': { matchLabels: exampleLabels, matchExpressions: expressions },

  'apps.v1.DeploymentStrategy': { type: 'RollingUpdate' },
  'apps.v1.DaemonSetUpdateStrategy': {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: 0, maxUnavailable: '30%' },
  },
  'apps.v1.StatefulSetUpdateStrategy': { type: 'RollingUpdate' },
  'apps.v1.StatefulSetSpec': { podManagementPolicy: 'Parallel', serviceName: 'example' },
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': { whenDeleted: 'Delete', whenScaled: 'Retain' },
  'apps.v1.DeploymentSpec': { progressDeadlineSeconds: 600, minReadySeconds: 5 },
  'batch.v1.JobSpec': {
    backoffLimitPerIndex: 1,
    completionMode: 'Indexed',
    completions: 4,
    managedBy: 'example.com/controller',
    manualSelector: true,
    maxFailedIndexes: 2,
    parallelism: 2,
    podReplacementPolicy: 'Failed',
  },
  'batch.v1.JobStatus': { completedIndexes: '0-1', completionTime: undefined, failedIndexes: '3' },
  'batch.v1.UncountedTerminatedPods': { failed: ['one'], succeeded: ['two'] },
  'batch.v1.PodFailurePolicyRule': {
    action: 'FailIndex',
    onExitCodes: { containerName: 'main', operator: 'In', values: [3, 42] },
    onPodConditions: [{ status: 'True', type: 'DisruptionTarget' }],
  },
  'batch.v1.SuccessPolicyRule': { succeededCount: 1, succeededIndexes: '0-1,3' },
  'batch.v1.CronJobSpec': {
    concurrencyPolicy: 'Replace',
    schedule: '*/5 1-3 * * 1',
    timeZone: 'Europe/Berlin',
  },

  'autoscaling.v1.HorizontalPodAutoscalerSpec': { maxReplicas: 5 },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': { maxReplicas: 5 },
  'autoscaling.v1.CrossVersionObjectReference': { apiVersion: 'apps/v1', kind: 'Deployment' },
  'autoscaling.v2.CrossVersionObjectReference': { apiVersion: 'apps/v1', kind: 'Deployment' },
  'autoscaling.v2.MetricTarget': { type: 'AverageValue', averageUtilization: undefined, value: undefined },
  'autoscaling.v2.ResourceMetricSource': {
    name: 'cpu',
    target: { type: 'Utilization', averageUtilization: 50 },
  },
  'autoscaling.v2.ContainerResourceMetricSource': { name: 'memory', container: 'main' },
  'autoscaling.v2.HPAScalingRules': { selectPolicy: 'Min', tolerance: '100m' },
  'autoscaling.v2.HPAScalingPolicy': { type: 'Percent', periodSeconds: 60 },

  'admissionregistration.v1.NamedRuleWithOperations': { ...rules, resourceNames: ['example'] },
  'admissionregistration.v1.RuleWithOperations': rules,
  'admissionregistration.v1.MatchResources': { matchPolicy: 'Exact' },
  'admissionregistration.v1.MatchCondition': { expression: "object.metadata.name != 'x'" },
  'admissionregistration.v1.ParamKind': { apiVersion: 'v1', kind: 'ConfigMap' },
  'admissionregistration.v1.ParamRef': { parameterNotFoundAction: 'Deny' },
  'admissionregistration.v1.MutatingAdmissionPolicySpec': {
    failurePolicy: 'Ignore',
    reinvocationPolicy: 'IfNeeded',
  },
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': { failurePolicy: 'Ignore' },
  'admissionregistration.v1.ApplyConfiguration': {
    expression: "Object{metadata: Object.metadata{labels: {'one': 'two'}}}",
  },
  'admissionregistration.v1.JSONPatch': {
    expression: "[JSONPatch{op: 'add', path: '/metadata/labels/one', value: 'two'}]",
  },
  'admissionregistration.v1.Variable': { name: 'one', expression: 'object.metadata.name' },
  'admissionregistration.v1.Validation': {
    expression: "variables.one != 'x'",
    message: 'must not be x',
    messageExpression: "'must not be ' + variables.one",
    reason: 'Forbidden',
  },
  'admissionregistration.v1.AuditAnnotation': {
    key: 'note',
    valueExpression: 'string(object.metadata.name)',
  },
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': { validationActions: ['Warn', 'Audit'] },
  'admissionregistration.v1.MutatingWebhook': webhook(),
  'admissionregistration.v1.ValidatingWebhook': webhook(),
  'admissionregistration.v1.WebhookClientConfig': {
    caBundle: certificate,
    url: 'https://hook.example.com/path',
  },
  'admissionregistration.v1.ServiceReference': { port: 8443 },
  'apiregistration.v1.APIServiceSpec': {
    caBundle: certificate,
    group: 'example.com',
    groupPriorityMinimum: 1000,
    version: 'v1',
    versionPriority: 15,
  },
  'apiregistration.v1.ServiceReference': { port: 8443 },
  'certificates.v1.CertificateSigningRequestSpec': {
    expirationSeconds: 3600,
    signerName: 'example.com/signer',
    usages: ['digital signature', 'client auth'],
    // The server says who asks.
    extra: undefined,
    groups: undefined,
    uid: undefined,
    username: undefined,
    request: signingRequest,
  },
  'certificates.v1.CertificateSigningRequestStatus': { certificate },
  'certificates.v1.CertificateSigningRequestCondition': { type: 'Failed', status: 'True' },
  'coordination.v1.LeaseSpec': { strategy: 'OldestEmulationVersion', preferredHolder: 'other' },
  'discovery.v1.EndpointSlice': { addressType: 'IPv4' },
  'discovery.v1.Endpoint': { addresses: ['10.1.2.3'], deprecatedTopology: undefined },
  'discovery.v1.EndpointPort': { port: 80, appProtocol: 'http' },
  'events.v1.Event': {
    type: 'Normal',
    action: 'Acting',
    reason: 'Reason',
    reportingController: 'example.com/controller',
    deprecatedCount: undefined,
    deprecatedFirstTimestamp: undefined,
    deprecatedLastTimestamp: undefined,
    deprecatedSource: undefined,
  },
  'events.v1.EventSeries': { count: 2 },
  'flowcontrol.v1.FlowSchemaSpec': { distinguisherMethod: { type: 'ByUser' }, matchingPrecedence: 500 },
  'flowcontrol.v1.NonResourcePolicyRule': { nonResourceURLs: ['/healthz'], verbs: ['get'] },
  'flowcontrol.v1.ResourcePolicyRule': { verbs: ['get'], resources: ['pods'], apiGroups: [''] },
  'flowcontrol.v1.PriorityLevelConfigurationSpec': { type: 'Limited' },
  'flowcontrol.v1.LimitResponse': { type: 'Queue' },
  'flowcontrol.v1.QueuingConfiguration': { handSize: 2, queues: 8, queueLengthLimit: 10 },
  'networking.v1.IPAddressSpec': {
    parentRef: { group: 'example.com', resource: 'things', namespace: 'default', name: 'example' },
  },
  'networking.v1.IPBlock': { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] },
  'networking.v1.IngressRule': { host: '*.example.com' },
  'networking.v1.IngressTLS': { hosts: ['a.example.com'], secretName: 'example' },
  'networking.v1.IngressSpec': { ingressClassName: 'example' },
  'networking.v1.IngressClassSpec': { controller: 'example.com/controller' },
  'networking.v1.IngressClassParametersReference': { apiGroup: 'example.com', scope: 'Namespace' },
  'networking.v1.NetworkPolicyPort': { port: 80, endPort: 90 },
  'networking.v1.NetworkPolicySpec': { policyTypes: ['Ingress', 'Egress'] },
  'networking.v1.ServiceCIDRSpec': { cidrs: ['10.97.0.0/24', 'fd01::/112'] },
  'networking.v1.IngressLoadBalancerIngress': { ip: '192.0.2.9' },
  'node.v1.Overhead': { podFixed: { cpu: '250m', memory: '64Mi' } },
  'node.v1.RuntimeClass': { handler: 'handler' },
  'policy.v1.PodDisruptionBudgetSpec': {
    maxUnavailable: undefined,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  },
  'rbac.v1.ClusterRole': { rules: rbacRules(true) },
  'rbac.v1.Role': { rules: rbacRules(false) },
  'rbac.v1.RoleRef': { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  'scheduling.v1.PriorityClass': { value: 7, globalDefault: true, preemptionPolicy: 'Never' },
  'storage.v1.CSIDriverSpec': {
    fsGroupPolicy: 'File',
    nodeAllocatableUpdatePeriodSeconds: 60,
    volumeLifecycleModes: ['Persistent', 'Ephemeral'],
  },
  'storage.v1.TokenRequest': { expirationSeconds: 3600 },
  'storage.v1.CSINodeDriver': { name: 'driver.example.com', topologyKeys: ['example.com/zone'] },
  'storage.v1.CSIStorageCapacity': {
    storageClassName: 'example',
    capacity: '1Gi',
    maximumVolumeSize: '500Mi',
  },
  'storage.v1.StorageClass': {
    provisioner: 'driver.example.com',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  'storage.v1.VolumeAttachmentSpec': { attacher: 'driver.example.com' },
  'storage.v1.VolumeAttributesClass': { driverName: 'driver.example.com' },

  'resource.v1.CELDeviceSelector': { expression: "device.driver == 'driver.example.com'" },
  'resource.v1.OpaqueDeviceConfiguration': { parameters: { apiVersion: 'example.com/v1', kind: 'Options' } },
  'resource.v1.DeviceClassSpec': { extendedResourceName: 'example.com/device' },
  'resource.v1.ExactDeviceRequest': {
    adminAccess: false,
    allocationMode: 'ExactCount',
    deviceClassName: 'example',
  },
  'resource.v1.DeviceSubRequest': { allocationMode: 'ExactCount', deviceClassName: 'example', name: 'sub' },
  'resource.v1.DeviceConstraint': {
    requests: ['one'],
    distinctAttribute: 'driver.example.com/serial',
    matchAttribute: 'driver.example.com/model',
  },
  'resource.v1.DeviceClaimConfiguration': { requests: ['one'] },
  'resource.v1.DeviceAttribute': {
    ints: undefined,
    bools: undefined,
    strings: undefined,
    versions: undefined,
    version: '1.2.3',
  },
  'resource.v1.CapacityRequirements': { requests: { memory: '1Gi' } },
  'resource.v1.DeviceTaint': { effect: 'NoSchedule', key: 'example.com/taint' },
  'resource.v1.ResourceSliceSpec': {
    allNodes: undefined,
    nodeName: 'node',
    nodeSelector: undefined,
    perDeviceNodeSelection: undefined,
    sharedCounters: undefined,
  },
  'resource.v1.Device': {
    allNodes: undefined,
    nodeName: undefined,
    nodeSelector: undefined,
    nodeAllocatableResourceMappings: undefined,
    bindingConditions: ['example.com/bound'],
    bindingFailureConditions: ['example.com/failed'],
  },
  'resource.v1.DeviceCapacity': { value: '10Gi' },
  'resource.v1.CapacityRequestPolicy': { default: '2Gi', validValues: ['1Gi', '2Gi'] },
  'resource.v1.CapacityRequestPolicyRange': { min: '1Gi', max: '4Gi', step: '1Gi' },
  'resource.v1.DeviceRequestAllocationResult': {
    adminAccess: false,
    bindingConditions: ['example.com/bound'],
    bindingFailureConditions: ['example.com/failed'],
    device: 'device',
    pool: 'pool',
    request: 'one',
  },
  'resource.v1.DeviceAllocationConfiguration': { source: 'FromClaim', requests: ['one'] },
  'resource.v1.AllocatedDeviceStatus': { device: 'device', pool: 'pool', data: { free: ['form', 1] } },
  'resource.v1.NetworkDeviceData': { ips: ['10.0.0.1/24', 'fd00::1/64'] },
};

function webhook(): Fields {
  return {
    admissionReviewVersions: ['v1'],
    failurePolicy: 'Ignore',
    matchPolicy: 'Exact',
    reinvocationPolicy: 'IfNeeded',
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds: 5,
  };
}

function rbacRules(cluster: boolean): unknown[] {
  return [
    {
      apiGroups: ['', 'apps'],
      resources: ['pods', 'deployments/scale'],
      verbs: ['get'],
      resourceNames: ['one'],
    },
    ...(cluster ? [{ nonResourceURLs: ['/metrics', '/healthz/*'], verbs: ['get'] }] : []),
  ];
}
