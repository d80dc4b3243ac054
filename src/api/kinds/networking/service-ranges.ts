import type { IPAddress, ServiceCIDR } from '../../generated/types.ts';
import { pathSegmentErrors } from '../../names.ts';
import { canonicalIp, checkCidr, familyOf, familyOfCidr, isCidr } from '../addresses.ts';
import { checkSubdomain } from '../checks.ts';
import { specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';

/** IPAddress and ServiceCIDR: which addresses of Services there are, and who has which. */

function addressName(name: string): string[] {
  if (familyOf(name) === 0) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  const canonical = canonicalIp(name);
  return canonical === name ? [] : [`must be in canonical form ("${canonical}")`];
}

export const ipAddressRules: KindRules<IPAddress> = {
  name: addressName,
  createOnUpdate: true,
  validate: checkIpAddress,
  validateUpdate(fresh, old, out) {
    checkIpAddress(fresh, out);
    checkImmutable(fresh.spec?.parentRef, old.spec?.parentRef, specPath.child('parentRef'), out);
  },
};

function checkIpAddress({ spec }: IPAddress, out: Findings): void {
  const at = specPath.child('parentRef');
  const parent = spec?.parentRef;
  if (!parent) {
    out.required(at);
    return;
  }
  if (parent.group) checkSubdomain(parent.group, at.child('group'), out);
  for (const field of ['resource', 'name', 'namespace'] as const) {
    const value = parent[field];
    if (value) out.invalidAll(at.child(field), value, pathSegmentErrors(value));
    else if (field !== 'namespace') out.required(at.child(field));
  }
}

export const serviceCidrRules: KindRules<ServiceCIDR> = {
  hasStatus: true,
  initialStatus: () => ({}),
  validate: checkServiceCidr,
  validateUpdate(fresh, old, out) {
    const at = specPath.child('cidrs');
    const [now, was] = [fresh.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
    // A second family may be added; what is there stays.
    if (was.some((cidr, i) => now[i] !== cidr)) {
      out.invalid(at, now, 'field is immutable');
      return;
    }
    if (now.length > was.length) checkServiceCidr(fresh, out);
  },
};

function checkServiceCidr({ spec }: ServiceCIDR, out: Findings): void {
  const cidrs = spec?.cidrs ?? [];
  const at = specPath.child('cidrs');
  if (cidrs.length === 0) {
    out.required(at, 'at least one CIDR required');
    return;
  }
  if (cidrs.length > 2) {
    out.invalid(at, spec, 'may only hold up to 2 values');
    return;
  }
  if (cidrs.length === 2 && familyOfCidr(cidrs[0]!) === familyOfCidr(cidrs[1]!)) {
    const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    out.invalid(at, spec, why);
    return;
  }
  cidrs.forEach((cidr, i) => {
    if (!checkCidr(cidr, at.index(i), out)) return;
    const canonical = canonicalCidr(cidr);
    if (canonical !== cidr) out.invalid(at.index(i), cidr, `must be in canonical form ("${canonical}")`);
  });
}

function canonicalCidr(cidr: string): string {
  if (!isCidr(cidr)) return cidr;
  const [ip = '', bits = ''] = cidr.split('/');
  return `${canonicalIp(ip)}/${bits}`;
}
