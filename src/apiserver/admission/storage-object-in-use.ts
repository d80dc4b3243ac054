import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: 'kubernetes.io/pvc-protection',
  PersistentVolume: 'kubernetes.io/pv-protection',
};

/** Keeps claims and volumes that are in use from vanishing (upstream: StorageObjectInUseProtection). */
export class StorageObjectInUseAdmission implements AdmissionPlugin {
  readonly name = 'StorageObjectInUseProtection';

  admit({ operation, endpoint, subresource, object }: AdmissionAttributes): void {
    const finalizer = endpoint.resource.group === '' ? finalizers[endpoint.resource.kind] : undefined;
    if (operation !== 'CREATE' || subresource || !finalizer || !object?.metadata) return;
    const present = object.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
  }
}
