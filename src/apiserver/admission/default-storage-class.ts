import type { PersistentVolumeClaim, StorageClass } from '../../api/generated/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { newestDefault } from './newest-default.ts';
import type { ObjectReader } from './object-reader.ts';

const classes = 'storage.k8s.io/v1/storageclasses';
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Gives claims that name no class the default one (upstream: plugin/pkg/admission/storage/storageclass/setdefault). */
export class DefaultStorageClassAdmission implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit({ operation, endpoint, subresource, object }: AdmissionAttributes): void {
    if (operation !== 'CREATE' || subresource || endpoint.resource.kind !== 'PersistentVolumeClaim') return;
    const claim = object as PersistentVolumeClaim;
    if (claim.metadata?.annotations?.[classAnnotation] !== undefined) return;
    // '' asks for a volume of no class.
    if (!claim.spec || claim.spec.storageClassName !== undefined) return;
    const found = newestDefault(this.#reader.list<StorageClass>(classes), defaultAnnotations);
    if (found) claim.spec.storageClassName = found.metadata.name;
  }
}
