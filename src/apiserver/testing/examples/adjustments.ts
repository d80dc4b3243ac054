import type { KubeObject } from '../../../api/objects.ts';
import { definitionSpec } from './definition-spec.ts';

// biome-ignore lint/suspicious/noExplicitAny: examples are changed without ceremony
type Adjust = (object: any) => void;

/** Pods of jobs end. */
const ending = (template: { spec: { restartPolicy: string } }) => {
  template.spec.restartPolicy = 'Never';
};

/** What only one kind asks of its example. */
export const adjustments: Readonly<Record<string, (object: KubeObject) => void>> = {
  'batch/v1/Job': (({ spec }) => ending(spec.template)) as Adjust,
  'batch/v1/CronJob': (({ spec }) => {
    ending(spec.jobTemplate.spec.template);
    delete spec.jobTemplate.spec.manualSelector;
    delete spec.jobTemplate.spec.selector;
  }) as Adjust,
  'v1/Binding': (object => {
    object.metadata.name = 'prepared';
  }) as Adjust,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': (object => {
    Object.assign(object, {
      metadata: { ...object.metadata, name: 'examples.example.com' },
      spec: definitionSpec,
    });
  }) as Adjust,
  // What the other pods cannot have beside their sysctls and the host's processes.
  'apps/v1/DaemonSet': (({ spec }) => {
    const { spec: pod } = spec.template;
    pod.hostIPC = true;
    delete pod.securityContext.sysctls;
    delete pod.hostPID;
    pod.shareProcessNamespace = true;
  }) as Adjust,
  'networking.k8s.io/v1/IPAddress': (object => {
    object.metadata.name = '192.0.2.1';
  }) as Adjust,
  'apiregistration.k8s.io/v1/APIService': (object => {
    object.metadata.name = 'v1.example.com';
  }) as Adjust,
  'storage.k8s.io/v1/VolumeAttachment': (({ spec }) => {
    if (!spec.source.inlineVolumeSpec) return;
    spec.source.inlineVolumeSpec = {
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'driver.example.com', volumeHandle: 'handle' },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    };
  }) as Adjust,
  'storage.k8s.io/v1/CSIDriver': (object => {
    object.metadata.name = 'driver.example.com';
  }) as Adjust,
};
