import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { checkOneOf, checkSubdomain, Unique } from '../checks.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, metadataPath, root, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabelSelector } from '../metadata.ts';
import { canonicalText } from '../quantities.ts';
import { checkDriverName } from './driver-name.ts';

const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

export const storageClassRules: KindRules<StorageClass> = {
  defaults(storage) {
    storage.reclaimPolicy ??= 'Delete';
    storage.volumeBindingMode ??= 'Immediate';
  },
  validate(storage, out) {
    checkProvisioner(storage.provisioner, root('provisioner'), out);
    checkOneOf(storage.reclaimPolicy, ['Delete', 'Retain'], root('reclaimPolicy'), out);
    checkOneOf(storage.volumeBindingMode, bindingModes, root('volumeBindingMode'), out);
  },
  validateUpdate(storage, old, out) {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (semanticEqual(storage[field], old[field])) continue;
      out.forbidden(root(field), `updates to ${field} are forbidden.`);
    }
    checkImmutable(storage.volumeBindingMode, old.volumeBindingMode, root('volumeBindingMode'), out);
  },
};

function checkProvisioner(provisioner: string | undefined, at: FieldPath, out: Findings): void {
  if (!provisioner) out.required(at, provisioner);
  else out.invalidAll(at, provisioner, qualifiedNameErrors(provisioner.toLowerCase()));
}

export const attributesClassRules: KindRules<VolumeAttributesClass> = {
  validate(attributes, out) {
    checkDriverName(attributes.driverName, root('driverName'), out);
    if (Object.keys(attributes.parameters ?? {}).length === 0) {
      out.required(root('parameters'), 'must contain at least one key/value pair');
    }
  },
  validateUpdate(attributes, old, out) {
    for (const field of ['driverName', 'parameters'] as const) {
      if (semanticEqual(attributes[field], old[field])) continue;
      out.forbidden(root(field), `updates to ${field} are forbidden.`);
    }
  },
};

const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];

export const csiDriverRules: KindRules<CSIDriver> = {
  unconditionalUpdate: false,
  hasGeneration: true,
  defaults({ spec }) {
    if (!spec) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate(driver, out) {
    checkDriverName(driver.metadata?.name, metadataPath.child('name'), out);
    checkOneOf(driver.spec?.fsGroupPolicy, fsGroupPolicies, specPath.child('fsGroupPolicy'), out);
    for (const mode of driver.spec?.volumeLifecycleModes ?? []) {
      const modes = ['Ephemeral', 'Persistent'];
      if (!modes.includes(mode)) out.notSupported(specPath.child('volumeLifecycleModes'), mode, modes);
    }
    const audiences = new Unique();
    (driver.spec?.tokenRequests ?? []).forEach((request, i) => {
      const at = specPath.child('tokenRequests').index(i);
      if (!audiences.add(request.audience ?? '')) out.duplicate(at.child('audience'), request.audience);
      const seconds = request.expirationSeconds;
      if (seconds !== undefined && seconds < 600) {
        out.invalid(
          at.child('expirationSeconds'),
          seconds,
          'may not specify a duration less than 10 minutes',
        );
      }
    });
  },
};

export const csiNodeRules: KindRules<CSINode> = {
  unconditionalUpdate: false,
  validate(node, out) {
    const names = new Unique();
    (node.spec?.drivers ?? []).forEach((driver, i) => {
      const at = specPath.child('drivers').index(i);
      checkDriverName(driver.name, at.child('name'), out);
      if (!driver.nodeID) out.required(at.child('nodeID'));
      if (!names.add(driver.name)) out.duplicate(at.child('name'), driver.name);
    });
  },
};

export const csiCapacityRules: KindRules<CSIStorageCapacity> = {
  defaults(capacity) {
    if (capacity.capacity) capacity.capacity = canonicalText(capacity.capacity);
    if (capacity.maximumVolumeSize) capacity.maximumVolumeSize = canonicalText(capacity.maximumVolumeSize);
  },
  validate(capacity, out) {
    checkSubdomain(capacity.storageClassName ?? '', root('storageClassName'), out);
    checkLabelSelector(capacity.nodeTopology, root('nodeTopology'), out);
  },
  validateUpdate(capacity, old, out) {
    checkImmutable(capacity.nodeTopology, old.nodeTopology, root('nodeTopology'), out);
    checkImmutable(capacity.storageClassName, old.storageClassName, root('storageClassName'), out);
  },
};

export const attachmentRules: KindRules<VolumeAttachment> = {
  hasStatus: true,
  unconditionalUpdate: false,
  initialStatus: () => ({ attached: false }),
  validate({ spec }, out) {
    if (!spec?.attacher) out.required(specPath.child('attacher'));
    checkSubdomain(spec?.nodeName ?? '', specPath.child('nodeName'), out);
    const { persistentVolumeName, inlineVolumeSpec } = spec?.source ?? {};
    const at = specPath.child('source');
    if (!persistentVolumeName && !inlineVolumeSpec) {
      out.required(at, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName');
    }
    if (persistentVolumeName && inlineVolumeSpec) {
      out.forbidden(at, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName');
    }
  },
  validateUpdate(attachment, old, out) {
    checkImmutable(attachment.spec, old.spec, specPath, out);
  },
};
