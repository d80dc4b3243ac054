import { definitionSpec } from './definition-spec.ts';
import { exampleLabels } from './fields.ts';

const containers = [{ name: 'main', image: 'registry.example.com/image:v1' }];
const windowsOptions = {
  gmsaCredentialSpec: '{"CmsPlugins":["ActiveDirectory"]}',
  gmsaCredentialSpecName: 'gmsa',
  hostProcess: true,
  runAsUserName: 'NT AUTHORITY\\SYSTEM',
};
const target = { name: 'cpu', target: { type: 'AverageValue', averageValue: '1' } };

/** Written by hand: what excludes much of the rest of the object, and values on which encodings trip. */
export const hardExamples: Readonly<Record<string, readonly object[]>> = {
  'v1/Pod': [
    {
      spec: {
        serviceAccountName: 'prepared',
        automountServiceAccountToken: false,
        os: { name: 'windows' },
        hostNetwork: true,
        nodeName: 'node',
        activeDeadlineSeconds: 60,
        terminationGracePeriodSeconds: 0,
        restartPolicy: 'Never',
        securityContext: { windowsOptions, runAsNonRoot: false },
        containers: [{ ...containers[0], securityContext: { windowsOptions: { hostProcess: true } } }],
      },
    },
    {
      spec: {
        serviceAccountName: 'prepared',
        automountServiceAccountToken: false,
        hostnameOverride: 'over.example.com',
        enableServiceLinks: false,
        containers: [
          {
            ...containers[0],
            args: [
              '',
              ' ',
              '- a',
              'a: b',
              '#',
              'null',
              '~',
              'yes',
              'n',
              '1:30',
              '2031-02-03',
              '<<',
              '=',
              '012',
              '1e3',
              '"',
              "'",
              'a\n b\n',
              '\ttab',
              '|',
            ],
            env: [{ name: 'a.b-c', value: '$(X) {{ }}\u2028\u{1f600}\u0007' }],
            livenessProbe: { httpGet: { port: 80 }, terminationGracePeriodSeconds: 1 },
            volumeMounts: [{ name: 'empty', mountPath: '/e' }],
          },
        ],
        volumes: [{ name: 'empty', emptyDir: {} }],
        tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      },
    },
  ],
  'v1/ConfigMap': [
    {
      data: {
        empty: '',
        spaces: '   ',
        lines: '\n\na\r\nb\n\n',
        long: 'word '.repeat(200),
        '.a-b_c': '---\n...\n',
      },
      binaryData: { 'empty.bin': '' },
    },
  ],
  'v1/Service': [
    { spec: { type: 'ExternalName', externalName: 'other.example.com', sessionAffinity: 'None' } },
  ],
  'v1/PersistentVolumeClaim': [
    {
      spec: {
        accessModes: ['ReadWriteOncePod'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: '',
        volumeMode: 'Block',
        dataSource: { kind: 'PersistentVolumeClaim', name: 'other' },
      },
    },
    {
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'example',
        dataSourceRef: { apiGroup: 'example.com', kind: 'Backup', name: 'one', namespace: 'other' },
      },
    },
  ],
  'v1/PersistentVolume': [
    {
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        volumeAttributesClassName: 'example',
        csi: { driver: 'driver.example.com', volumeHandle: 'handle' },
      },
    },
    {
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        fc: { targetWWNs: ['one'], lun: 0 },
      },
    },
  ],
  'apiextensions.k8s.io/v1/CustomResourceDefinition': [
    {
      metadata: { name: 'others.example.com' },
      spec: {
        ...definitionSpec,
        names: { plural: 'others', kind: 'Other' },
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://hook.example.com/' }, conversionReviewVersions: ['v1'] },
        },
      },
    },
  ],
  'apps/v1/Deployment': [
    {
      spec: {
        replicas: 0,
        revisionHistoryLimit: 0,
        selector: { matchLabels: exampleLabels },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels: exampleLabels }, spec: { containers } },
      },
    },
  ],
  'apps/v1/StatefulSet': [
    {
      spec: {
        replicas: 0,
        serviceName: 'example',
        selector: { matchLabels: exampleLabels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        template: { metadata: { labels: exampleLabels }, spec: { containers } },
      },
    },
  ],
  'batch/v1/Job': [
    {
      spec: {
        backoffLimit: 0,
        parallelism: 0,
        completions: 0,
        ttlSecondsAfterFinished: 0,
        suspend: false,
        template: { spec: { containers, restartPolicy: 'OnFailure' } },
      },
    },
  ],
  'policy/v1/PodDisruptionBudget': [
    { spec: { maxUnavailable: 0, selector: {} } },
    { spec: { minAvailable: 0 } },
  ],
  'autoscaling/v2/HorizontalPodAutoscaler': [
    {
      spec: {
        maxReplicas: 1,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'example' },
        metrics: [
          { type: 'Resource', resource: target },
          {
            type: 'External',
            external: { metric: { name: 'queue' }, target: { type: 'Value', value: '500m' } },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: 'Disabled' } },
      },
    },
  ],
  'networking.k8s.io/v1/NetworkPolicy': [
    { spec: { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] } },
  ],
  'scheduling.k8s.io/v1/PriorityClass': [{ value: 0 }, { value: -1_000_000_000 }],
  'storage.k8s.io/v1/CSINode': [
    { spec: { drivers: [{ name: 'driver.example.com', nodeID: 'node', allocatable: { count: 0 } }] } },
  ],
  'resource.k8s.io/v1/ResourceSlice': [
    {
      spec: {
        driver: 'driver.example.com',
        pool: { name: 'pool', generation: 0, resourceSliceCount: 1 },
        perDeviceNodeSelection: true,
        devices: [
          { name: 'one', allNodes: true },
          { name: 'three', nodeName: 'node' },
          {
            name: 'two',
            nodeSelector: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
            },
          },
        ],
      },
    },
    {
      spec: {
        driver: 'driver.example.com',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 2 },
        allNodes: true,
        sharedCounters: [{ name: 'counters', counters: { memory: { value: '1Gi' } } }],
      },
    },
    {
      spec: {
        driver: 'driver.example.com',
        pool: { name: 'pool', generation: 1, resourceSliceCount: 2 },
        nodeSelector: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node'] }] }],
        },
      },
    },
  ],
};
