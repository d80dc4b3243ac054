import { identifierErrors, maxSubdomainLength } from '../../names.ts';
import { checkSubdomain } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkDriverName } from '../storage/driver-name.ts';

const maxId = 32;
const maxDomain = 63;
/** Of the name of an attribute or a capacity, with its domain. */
export const maxQualifiedName = maxDomain + 1 + maxId;

/** One or more subdomains, separated by slashes. */
export function checkPoolName(name: string | undefined, at: FieldPath, out: Findings): void {
  if (!name) {
    out.required(at);
    return;
  }
  if (Buffer.byteLength(name) > maxSubdomainLength) out.tooLong(at, maxSubdomainLength);
  for (const part of name.split('/')) checkSubdomain(part, at, out);
}

/** `[domain/]name` of an attribute or a capacity; the driver's domain is meant where none is given. */
export function checkQualifiedDeviceName(name: string, at: FieldPath, out: Findings): void {
  const [first = '', second, ...more] = name.split('/');
  if (more.length > 0) out.invalid(at, name, 'must not contain more than one slash');
  else if (second === undefined) checkIdentifier(first, at, out);
  else {
    if (first === '') out.invalid(at, '', 'the domain must not be empty');
    else checkDriverName(first, at, out);
    if (second === '') out.invalid(at, '', 'the name must not be empty');
    else checkIdentifier(second, at, out);
  }
}

/** As above, with a domain. */
export function checkFullDeviceName(name: string, at: FieldPath, out: Findings): void {
  checkQualifiedDeviceName(name, at, out);
  if (name.includes('/')) return;
  out.invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash');
}

function checkIdentifier(id: string, at: FieldPath, out: Findings): void {
  if (Buffer.byteLength(id) > maxId) out.tooLong(at, maxId);
  out.invalidAll(at, id, identifierErrors(id));
}

const normalUid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const dashedUid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Forms that are UIDs, and not the one asked for. */
const otherUids = [/^urn:uuid:/i, /^\{.{36}\}$/];

export function checkUid(uid: string, at: FieldPath, out: Findings): void {
  if (normalUid.test(uid)) return;
  const bare = uid.replace(/^urn:uuid:|^\{|\}$/gi, '');
  const known = dashedUid.test(uid) || /^[0-9a-f]{32}$/i.test(uid);
  if (known || (otherUids.some(form => form.test(uid)) && dashedUid.test(bare))) {
    const form = '`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
    out.invalid(at, uid, `uid must be in RFC 4122 normalized form, ${form}`);
    return;
  }
  const right = [32, 36, 38, 45].includes(uid.length);
  const why = right ? 'invalid UUID format' : `invalid UUID length: ${uid.length}`;
  out.invalid(at, uid, `error validating uid: ${why}`);
}
