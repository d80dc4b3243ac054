import type { CSIDriver, CSINode, CSINodeDriver, CSIStorageCapacity } from '../../generated/types.ts';
import { checkNonNegative, checkOptionalOneOf, checkQualifiedName, checkSubdomain } from '../checks.ts';
import { type FieldPath, root, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabelSelector, isNegative } from '../metadata.ts';
import { canonicalText, signOf } from '../quantities.ts';
import { checkDriverName } from './driver-name.ts';

const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const tenMinutes = 600;
const maxTokenSeconds = 2 ** 32;
const minUpdatePeriod = 10;
const maxNodeId = 192;

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
  validate: checkDriver,
  validateUpdate(driver, old, out) {
    checkDriver(driver, out);
    const [now, was] = [driver.spec, old.spec];
    // The path is upstream's.
    checkImmutable(now?.attachRequired, was?.attachRequired, specPath.child('attachedRequired'), out);
    const modesAt = specPath.child('volumeLifecycleModes');
    checkImmutable(now?.volumeLifecycleModes, was?.volumeLifecycleModes, modesAt, out);
  },
};

function checkDriver({ spec }: CSIDriver, out: Findings): void {
  if (spec?.attachRequired === undefined) out.required(specPath.child('attachedRequired'));
  for (const field of ['podInfoOnMount', 'storageCapacity'] as const) {
    if (spec?.[field] === undefined) out.required(specPath.child(field));
  }
  checkOptionalOneOf(spec?.fsGroupPolicy, fsGroupPolicies, specPath.child('fsGroupPolicy'), out);
  checkTokenRequests(spec?.tokenRequests ?? [], out);
  for (const mode of spec?.volumeLifecycleModes ?? []) {
    checkOptionalOneOf(mode, lifecycleModes, specPath.child('volumeLifecycleModes'), out);
  }
  if (spec?.seLinuxMount === undefined) out.required(specPath.child('seLinuxMount'));
  const period = spec?.nodeAllocatableUpdatePeriodSeconds;
  if (period === undefined || period >= minUpdatePeriod) return;
  const at = specPath.child('nodeAllocatableUpdatePeriodSeconds');
  out.invalid(at, period, `must be greater than or equal to ${minUpdatePeriod} seconds`);
}

function checkTokenRequests(requests: NonNullable<CSIDriver['spec']['tokenRequests']>, out: Findings): void {
  const audiences = new Set<string>();
  requests.forEach(({ audience = '', expirationSeconds: seconds }, i) => {
    const at = specPath.child('tokenRequests').index(i);
    if (audiences.has(audience)) {
      out.duplicate(at.child('audience'), audience);
      return;
    }
    audiences.add(audience);
    if (seconds === undefined) return;
    const here = at.child('expirationSeconds');
    if (seconds < tenMinutes) out.invalid(here, seconds, 'may not specify a duration less than 10 minutes');
    if (seconds > maxTokenSeconds) {
      out.invalid(here, seconds, 'may not specify a duration larger than 2^32 seconds');
    }
  });
}

export const csiNodeRules: KindRules<CSINode> = {
  unconditionalUpdate: false,
  validate: checkNode,
  validateUpdate(node, old, out) {
    checkNode(node, out);
    for (const was of old.spec?.drivers ?? []) {
      for (const now of (node.spec?.drivers ?? []).filter(({ name }) => name === was.name)) {
        const fixed = ({ allocatable: _, ...driver }: CSINodeDriver) => driver;
        checkImmutable(fixed(now), fixed(was), specPath.child('drivers'), out);
      }
    }
  },
};

function checkNode({ spec }: CSINode, out: Findings): void {
  const names = new Set<string>();
  (spec?.drivers ?? []).forEach((driver, i) => {
    const at = specPath.child('drivers').index(i);
    checkNodeDriver(driver, at, out);
    if (names.has(driver.name)) out.duplicate(at.child('name'), driver.name);
    names.add(driver.name);
  });
}

function checkNodeDriver(driver: CSINodeDriver, at: FieldPath, out: Findings): void {
  const { name, nodeID = '', allocatable, topologyKeys = [] } = driver;
  checkDriverName(name, at.child('name'), out);
  if (!nodeID) out.required(at.child('nodeID'));
  if (Buffer.byteLength(nodeID) > maxNodeId) {
    out.invalid(at.child('nodeID'), nodeID, `must be ${maxNodeId} characters or less`);
  }
  checkNonNegative(allocatable?.count, at.child('allocatable', 'count'), out);
  topologyKeys.forEach((key, i) => {
    if (key === '') out.required(at);
    if (topologyKeys.indexOf(key) < i) out.duplicate(at, key);
    checkQualifiedName(key, at, out);
  });
}

export const csiCapacityRules: KindRules<CSIStorageCapacity> = {
  defaults(capacity) {
    if (capacity.capacity) capacity.capacity = canonicalText(capacity.capacity);
    if (capacity.maximumVolumeSize) capacity.maximumVolumeSize = canonicalText(capacity.maximumVolumeSize);
  },
  validate: checkStorageCapacity,
  validateUpdate(capacity, old, out) {
    checkStorageCapacity(capacity, out);
    checkImmutable(capacity.nodeTopology, old.nodeTopology, root('nodeTopology'), out);
    checkImmutable(capacity.storageClassName, old.storageClassName, root('storageClassName'), out);
  },
};

function checkStorageCapacity(capacity: CSIStorageCapacity, out: Findings): void {
  checkLabelSelector(capacity.nodeTopology, root('nodeTopology'), out);
  checkSubdomain(capacity.storageClassName ?? '', root('storageClassName'), out);
  if (signOf(capacity.capacity) < 0) out.invalid(root('capacity'), capacity.capacity, isNegative);
}
