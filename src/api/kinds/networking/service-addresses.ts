import type { ServiceSpec } from '../../generated/types.ts';
import { checkIp, familyOf, isDualStack } from '../addresses.ts';
import { checkOptionalOneOf, Unique } from '../checks.ts';
import { specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { isHeadless } from './service-fields.ts';

const ipsAt = specPath.child('clusterIPs');
const familiesAt = specPath.child('ipFamilies');
const policyAt = specPath.child('ipFamilyPolicy');
const once = 'may not change once set';

/** `clusterIP`, `clusterIPs`, `ipFamilies`, `ipFamilyPolicy` must tell the same story. */
export function checkClusterIpFields(spec: ServiceSpec, out: Findings): void {
  if (spec.type === 'ExternalName') return;
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP) {
    if (ips.length === 0) out.required(ipsAt);
    else if (ips[0] !== spec.clusterIP) out.invalid(ipsAt, ips, 'first value must match `clusterIP`');
  } else if (ips.length > 0) out.invalid(ipsAt, ips, 'must be empty when `clusterIP` is not specified');
  const seen = new Unique();
  (spec.ipFamilies ?? []).forEach((family, i) => {
    checkOptionalOneOf(family, ['IPv4', 'IPv6'], familiesAt.index(i), out);
    if (!seen.add(family)) out.duplicate(familiesAt.index(i), family);
  });
  const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
  checkOptionalOneOf(spec.ipFamilyPolicy, policies, policyAt, out);
  checkIps(spec, ips, out);
}

function checkIps(spec: ServiceSpec, ips: string[], out: Findings): void {
  let right = true;
  ips.forEach((ip, i) => {
    if (i === 0 && ip === 'None') {
      if (ips.length === 1) return;
      right = false;
      out.invalid(ipsAt, ips, "'None' must be the first and only value");
      return;
    }
    right = checkIp(ip, ipsAt.index(i), out) && right;
  });
  if (ips.length > 2) out.invalid(ipsAt, ips, 'may only hold up to 2 values');
  if (!right) return;
  if (ips.length > 1 && !isDualStack(ips)) {
    out.invalid(ipsAt, ips, 'may specify no more than one IP for each IP family');
  }
  if (isHeadless(spec)) return;
  ips.forEach((ip, i) => {
    const family = spec.ipFamilies?.[i];
    if (family === undefined || family === `IPv${familyOf(ip)}`) return;
    out.invalid(ipsAt.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  });
}

/** A second address may come and go; those there stay what they are, until the Service is an ExternalName. */
export function checkClusterIpUpdate(now: ServiceSpec, was: ServiceSpec, out: Findings): void {
  if (now.type === 'ExternalName' || was.type === 'ExternalName') return;
  if (isHeadless(now) && isHeadless(was)) return;
  const [fresh, old] = [now.clusterIPs ?? [], was.clusterIPs ?? []];
  if (old.length === fresh.length) {
    old.forEach((ip, i) => {
      if (ip !== fresh[i]) out.invalid(ipsAt.index(i), fresh, once);
    });
    return;
  }
  if (fresh.length === 0) out.invalid(ipsAt.index(0), fresh, 'primary clusterIP can not be unset');
  if (old.length > 0 && fresh.length > 0 && old[0] !== fresh[0]) out.invalid(ipsAt.index(0), fresh, once);
  if (old.length > fresh.length && fresh.length === 1 && now.ipFamilyPolicy !== 'SingleStack') {
    const why = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    out.invalid(policyAt, now.ipFamilyPolicy, why);
  }
}

export function checkFamilyUpdate(now: ServiceSpec, was: ServiceSpec, out: Findings): void {
  if (now.type === 'ExternalName' || was.type === 'ExternalName') return;
  if (isHeadless(now) || isHeadless(was)) return;
  const [fresh, old] = [now.ipFamilies ?? [], was.ipFamilies ?? []];
  const at = familiesAt.index(0);
  if (old.length === fresh.length) {
    if (old.join() !== fresh.join()) out.invalid(at, fresh, once);
    return;
  }
  if (old.length > 0 && fresh.length > 0 && old[0] !== fresh[0]) out.invalid(at, now.clusterIPs ?? [], once);
  if (old.length > fresh.length && fresh.length === 1 && now.ipFamilyPolicy !== 'SingleStack') {
    const why = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    out.invalid(policyAt, now.ipFamilyPolicy, why);
  }
}
