import type { PersistentVolumeClaim } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { type FieldPath, root, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkAmount } from '../quantities.ts';
import { isNativeResource } from '../resource-names.ts';

const resizeStatuses = [
  'ControllerResizeFailed',
  'ControllerResizeInProgress',
  'NodeResizeFailed',
  'NodeResizeInProgress',
  'NodeResizePending',
];

export function checkClaimStatus({ spec, status = {} }: PersistentVolumeClaim, out: Findings): void {
  // The upper case is upstream's.
  if (!spec?.accessModes?.length) out.required(root('Spec').child('accessModes'));
  for (const [name, amount] of Object.entries(status.capacity ?? {})) {
    checkAmount(amount, statusPath.child('capacity').key(name), out);
  }
  const resizeAt = statusPath.child('allocatedResourceStatus');
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    checkResource(name, resizeAt, out);
    if (!resizeStatuses.includes(state)) out.notSupported(resizeAt, name, resizeStatuses);
  }
  const allocatedAt = statusPath.child('allocatedResources');
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    if (!checkResource(name, allocatedAt, out)) continue;
    checkAmount(amount, allocatedAt.key(name), out);
  }
}

/** `storage`, or a resource of a domain. Returns whether it is. */
function checkResource(name: string, at: FieldPath, out: Findings): boolean {
  const wrong = qualifiedNameErrors(name);
  out.invalidAll(at, name, wrong);
  if (wrong.length > 0) return false;
  if (name === 'storage' || !isNativeResource(name)) return true;
  out.notSupported(at, name, ['storage']);
  return false;
}
