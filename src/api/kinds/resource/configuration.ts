import type { OpaqueDeviceConfiguration } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkDriverName } from '../storage/driver-name.ts';

/** Of the parameters of a driver, and of what it tells of a device. */
export const maxRawBytes = 10 * 1024;

interface Configuration {
  readonly opaque?: OpaqueDeviceConfiguration;
}

/** @param stored the parameters are there already: how long they may be was another rule once. */
export function checkConfiguration(
  { opaque }: Configuration,
  stored: boolean,
  at: FieldPath,
  out: Findings,
): void {
  const here = at.child('opaque');
  if (!opaque) {
    out.required(here);
    return;
  }
  checkDriverName(opaque.driver, here.child('driver'), out);
  checkRawObject(opaque.parameters, stored, here.child('parameters'), out);
}

/** JSON of a driver's own: an object. */
export function checkRawObject(value: unknown, stored: boolean, at: FieldPath, out: Findings): void {
  if (value === undefined || value === null) out.required(at);
  else if (!stored && Buffer.byteLength(JSON.stringify(value)) > maxRawBytes) out.tooLong(at, maxRawBytes);
  else if (typeof value !== 'object' || Array.isArray(value)) {
    out.invalid(at, '<value omitted>', 'must be a valid JSON object');
  }
}
