import { subdomainErrors } from '../../names.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const maxLength = 63;

/** The name of a CSI or a device driver: a domain, in letters of any case, of no more than 63 bytes. */
export function checkDriverName(name: string | undefined, at: FieldPath, out: Findings): void {
  if (!name) {
    out.required(at);
    return;
  }
  if (Buffer.byteLength(name) > maxLength) out.tooLong(at, maxLength);
  out.invalidAll(at, name, subdomainErrors(name.toLowerCase()));
}
