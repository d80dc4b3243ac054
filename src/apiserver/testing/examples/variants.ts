import { definitionSchema } from '../../../api/schema/definitions.ts';
import type { Fields } from './fields.ts';

const without = (fields: readonly string[]): Fields => Object.fromEntries(fields.map(f => [f, undefined]));

/** One variant for each of the fields: it, and none of the others. */
function oneOf(fields: readonly string[], more: (field: string) => Fields = () => ({})): Fields[] {
  return fields.map(field => {
    const others = fields.filter(other => other !== field);
    return { ...without(others), ...more(field) };
  });
}

/** All fields of a definition but some. */
function fieldsOf(definition: string, but: readonly string[]): string[] {
  return [...definitionSchema(definition)!.fields.keys()].filter(field => !but.includes(field));
}

const probeHandlers = ['exec', 'grpc', 'httpGet', 'tcpSocket'];
const volumeFields = [
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
];
// Resources twice: of their selectors, too, there are two forms.
const askedAccess = ['resourceAttributes', 'resourceAttributes', 'nonResourceAttributes'];
const named = (field: string) => ({ name: field.toLowerCase() });

/**
 * Definitions of which not all fields may be set at once: what makes each of the alternatives, over the values of
 * `coreValues` and `groupValues`. A list gets an item of each, a single field one after the other.
 */
export const variants: Readonly<Record<string, readonly Fields[]>> = {
  'core.v1.Volume': oneOf(fieldsOf('core.v1.Volume', ['name']), named),
  'core.v1.VolumeProjection': oneOf(fieldsOf('core.v1.VolumeProjection', []), field =>
    field === 'secret'
      ? {
          secret: {
            name: 'example',
            optional: true,
            items: [{ key: 'key', path: 'secret/name', mode: 0o600 }],
          },
        }
      : {},
  ),
  'core.v1.PersistentVolumeSpec': oneOf(fieldsOf('core.v1.PersistentVolumeSpec', volumeFields)),
  'core.v1.Probe': oneOf(probeHandlers),
  'core.v1.FCVolumeSource': [{ wwids: undefined }, { targetWWNs: undefined, lun: undefined }],
  'core.v1.FlockerVolumeSource': oneOf(['datasetName', 'datasetUUID']),
  'core.v1.ClusterTrustBundleProjection': [
    { name: undefined },
    { labelSelector: undefined, signerName: undefined },
  ],
  'apiregistration.v1.APIServiceSpec': oneOf(['caBundle', 'insecureSkipTLSVerify']),
  'authorization.v1.FieldSelectorAttributes': oneOf(['rawSelector', 'requirements']),
  'authorization.v1.LabelSelectorAttributes': oneOf(['rawSelector', 'requirements']),
  'authorization.v1.SubjectAccessReviewSpec': oneOf(askedAccess),
  'authorization.v1.SelfSubjectAccessReviewSpec': oneOf(askedAccess),
  // Only the level named `exempt` is of that type, and it is there already.
  'flowcontrol.v1.PriorityLevelConfigurationSpec': [{ exempt: undefined }],
  'core.v1.PodCertificateProjection': [
    { credentialBundlePath: undefined },
    { certificateChainPath: undefined, keyPath: undefined },
  ],
  'core.v1.LifecycleHandler': oneOf(['exec', 'httpGet', 'sleep', 'tcpSocket']),
  'core.v1.EnvVar': [
    { name: 'PLAIN', valueFrom: undefined },
    ...['configMapKeyRef', 'fieldRef', 'fileKeyRef', 'resourceFieldRef', 'secretKeyRef'].map(source => ({
      name: source,
      value: undefined,
      valueFrom: {
        configMapKeyRef: { [source]: { name: 'example', key: 'key', optional: true } },
        secretKeyRef: { [source]: { name: 'example', key: 'key', optional: true } },
        fileKeyRef: { [source]: { key: 'KEY', path: 'file.env', volumeName: 'emptydir', optional: true } },
        fieldRef: { [source]: { apiVersion: 'v1', fieldPath: "metadata.annotations['example.com/note']" } },
        resourceFieldRef: { [source]: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } },
      }[source],
    })),
  ],
  'core.v1.EnvFromSource': oneOf(['configMapRef', 'secretRef']),
  'core.v1.DownwardAPIVolumeFile': oneOf(['fieldRef', 'resourceFieldRef'], field => ({
    path: `files/${field}`,
  })),
  'core.v1.VolumeMount': [
    { name: 'emptydir', mountPath: '/sub', subPathExpr: undefined },
    { name: 'configmap', mountPath: '/expr', subPath: undefined, subPathExpr: '$(PLAIN)' },
  ],
  'core.v1.PodResourceClaim': [
    { name: 'claim', resourceClaimTemplateName: undefined },
    { name: 'template', resourceClaimName: undefined },
  ],
  'core.v1.TopologySpreadConstraint': [
    { topologyKey: 'zone' },
    { topologyKey: 'host', whenUnsatisfiable: 'ScheduleAnyway', minDomains: undefined },
  ],
  'core.v1.Toleration': [
    { key: 'a', operator: 'Equal', effect: 'NoExecute' },
    { key: 'b', operator: 'Exists', effect: 'NoSchedule', value: undefined, tolerationSeconds: undefined },
    { key: undefined, operator: 'Exists', effect: undefined, value: undefined, tolerationSeconds: undefined },
  ],
  'core.v1.LimitRangeItem': [
    { type: 'Container' },
    { type: 'Pod', default: undefined, defaultRequest: undefined },
    {
      type: 'PersistentVolumeClaim',
      min: { storage: '1Gi' },
      max: { storage: '2Gi' },
      default: undefined,
      defaultRequest: undefined,
      maxLimitRequestRatio: undefined,
    },
  ],
  'core.v1.EndpointAddress': [{ ip: '10.1.2.3' }, { ip: '2001:db8::1', hostname: undefined }],
  'admissionregistration.v1.WebhookClientConfig': oneOf(['service', 'url']),
  'admissionregistration.v1.Mutation': [
    { patchType: 'ApplyConfiguration', jsonPatch: undefined },
    { patchType: 'JSONPatch', applyConfiguration: undefined },
  ],
  'admissionregistration.v1.MutatingWebhook': ['one', 'two'].map(name => ({ name: `${name}.example.com` })),
  'admissionregistration.v1.ValidatingWebhook': ['one', 'two'].map(name => ({ name: `${name}.example.com` })),
  'admissionregistration.v1.ParamRef': oneOf(['name', 'selector']),
  'autoscaling.v2.MetricSpec': oneOf(
    ['containerResource', 'external', 'object', 'pods', 'resource'],
    field => ({ type: field[0]!.toUpperCase() + field.slice(1) }),
  ),
  'batch.v1.PodFailurePolicyRule': oneOf(['onExitCodes', 'onPodConditions']),
  'flowcontrol.v1.Subject': oneOf(['group', 'serviceAccount', 'user'], field => ({
    kind: field[0]!.toUpperCase() + field.slice(1),
  })),
  'networking.v1.IngressBackend': oneOf(['service', 'resource']),
  'networking.v1.HTTPIngressPath': [{ pathType: 'Exact' }, { path: '/prefix', pathType: 'Prefix' }],
  'networking.v1.ServiceBackendPort': oneOf(['name', 'number']),
  'networking.v1.NetworkPolicyPeer': [
    { namespaceSelector: undefined, podSelector: undefined },
    { ipBlock: undefined },
  ],
  'networking.v1.NetworkPolicyPort': [{}, { port: 'http', endPort: undefined, protocol: 'UDP' }],
  'rbac.v1.Subject': [
    { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', namespace: undefined },
    { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', namespace: undefined },
    { kind: 'ServiceAccount', apiGroup: undefined },
  ],
  'resource.v1.DeviceAttribute': oneOf(['bool', 'int', 'string', 'version']),
  'resource.v1.CapacityRequestPolicy': oneOf(['validRange', 'validValues']),
  'resource.v1.DeviceRequest': [
    { name: 'one', firstAvailable: undefined },
    { name: 'two', exactly: undefined },
  ],
  'resource.v1.DeviceConstraint': oneOf(['distinctAttribute', 'matchAttribute']),
  'resource.v1.DeviceToleration': [
    { key: 'a', operator: 'Equal', effect: 'NoExecute' },
    { key: 'b', operator: 'Exists', effect: 'NoSchedule', value: undefined, tolerationSeconds: undefined },
  ],
  'storage.v1.VolumeAttachmentSource': oneOf(['persistentVolumeName', 'inlineVolumeSpec']),
};
