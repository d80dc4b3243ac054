import type { PersistentVolumeClaim, StorageClass } from '../../api/generated/types.ts';
import { compareText } from '../../api/kinds/quantities.ts';
import { forbidden } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** A claim grows only where its class says that volumes can (upstream: plugin/pkg/admission/storage/persistentvolume/resize). */
export class ClaimResizeAdmission implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  validate({ operation, endpoint, subresource, object, oldObject, name }: AdmissionAttributes): void {
    if (operation !== 'UPDATE' || subresource || endpoint.resource.kind !== 'PersistentVolumeClaim') return;
    const [claim, old] = [object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim];
    const sizeOf = ({ spec }: PersistentVolumeClaim) => spec?.resources?.requests?.storage;
    if (compareText(sizeOf(claim), sizeOf(old)) <= 0) return;
    if (old.status?.phase !== 'Bound') {
      throw forbidden(endpoint.qualified, name, 'Only bound persistent volume claims can be expanded');
    }
    const className = claim.spec?.storageClassName;
    const found =
      className && className === old.spec?.storageClassName
        ? this.#reader.get<StorageClass>('storage.k8s.io/v1/storageclasses', '', className)
        : undefined;
    if (found?.allowVolumeExpansion) return;
    const why =
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
    throw forbidden(endpoint.qualified, name, why);
  }
}
