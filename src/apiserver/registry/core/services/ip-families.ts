import type { Service, ServiceSpec } from '../../../../api/generated/types.ts';
import { Findings } from '../../../../api/kinds/findings.ts';
import { checkClusterIpFields } from '../../../../api/kinds/networking/service-addresses.ts';
import { isHeadless } from '../../../../api/kinds/networking/service-fields.ts';
import { type FieldError, invalid } from '../../../../api/status.ts';
import { familyOf, type IpFamily } from '../../../../base/ip-address.ts';

/**
 * Completes `ipFamilyPolicy` and `ipFamilies` from each other, from the addresses asked for and from what the
 * cluster has (upstream: pkg/registry/core/service/storage/alloc.go, initIPFamilyFields). In place.
 * @param available the cluster's families, the primary first.
 * @throws ApiError 422 for what the cluster can't give.
 */
export function completeFamilies(service: Service, available: readonly IpFamily[]): void {
  const spec = service.spec!;
  if (spec.type === 'ExternalName') return;
  const addresses = (spec.clusterIPs ?? []).filter(address => address !== 'None' && address !== '');
  const families = [...(spec.ipFamilies ?? [])] as IpFamily[];
  addresses.forEach((address, at) => {
    const family = familyOf(address);
    if (family && families[at] === undefined) families[at] = family;
  });
  spec.ipFamilyPolicy ??= defaultPolicy(spec, families.length, addresses.length);
  checkFields(service);
  checkAvailable(service, families, available);
  if (families.length === 0) families.push(available[0]!);
  if (spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1) {
    const other: IpFamily = families[0] === 'IPv4' ? 'IPv6' : 'IPv4';
    // A Service without a selector may have endpoints of a family that the cluster itself has not.
    if (available.includes(other) || isFreeForm(spec)) families.push(other);
  }
  spec.ipFamilies = families;
}

/** What follows may rely on addresses that are some and agree with the families asked for. */
function checkFields(service: Service): void {
  const found = new Findings();
  checkClusterIpFields(service.spec!, found);
  if (!found.empty) throw invalid({ resource: 'Service' }, service.metadata?.name ?? '', found.list);
}

/** Headless and without a selector: nobody but the user says what is behind it. */
function isFreeForm(spec: ServiceSpec): boolean {
  return isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
}

function defaultPolicy(spec: ServiceSpec, families: number, addresses: number): string {
  if (families === 2 || addresses === 2 || isFreeForm(spec)) return 'RequireDualStack';
  return 'SingleStack';
}

function checkAvailable(
  service: Service,
  families: readonly IpFamily[],
  available: readonly IpFamily[],
): void {
  const spec = service.spec!;
  if (isFreeForm(spec)) return;
  const found: FieldError[] = [];
  const refuse = (field: string, value: string, why: string) =>
    found.push({
      reason: 'FieldValueInvalid',
      field,
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    });
  if (spec.ipFamilyPolicy === 'RequireDualStack' && available.length < 2) {
    refuse(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      'this cluster is not configured for dual-stack services',
    );
  }
  if (spec.ipFamilyPolicy === 'SingleStack' && families.length > 1) {
    refuse(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      'must be RequireDualStack or PreferDualStack when multiple ipFamilies are specified',
    );
  }
  families.forEach((family, at) => {
    if (!available.includes(family))
      refuse(`spec.ipFamilies[${at}]`, family, 'not configured on this cluster');
  });
  if (found.length > 0) throw invalid({ resource: 'Service' }, service.metadata?.name ?? '', found);
}
