import type {
  DeviceRequestAllocationResult,
  ResourceClaimTemplate,
  ResourceResourceClaim,
} from '../../generated/types.ts';
import { specPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkMetadataOfTemplate } from '../metadata.ts';
import { canonicalize } from '../quantities.ts';
import { checkClaimStatus } from './claim-status.ts';
import { checkDeviceClaim, defaultDeviceClaim } from './device-claim.ts';

export const resourceClaimRules: KindRules<ResourceResourceClaim> = {
  hasStatus: true,
  initialStatus: () => ({}),
  defaults({ spec, status }) {
    defaultDeviceClaim(spec?.devices);
    for (const result of status?.allocation?.devices?.results ?? []) {
      canonicalize(result.consumedCapacity);
      for (const toleration of result.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  },
  prepareForStatusUpdate: dropDeallocated,
  validate: (claim, out) => checkDeviceClaim(claim.spec?.devices ?? {}, specPath.child('devices'), out),
  validateUpdate: (claim, old, out) => checkImmutable(claim.spec, old.spec, specPath, out),
  validateStatusUpdate: checkClaimStatus,
};

export const resourceClaimTemplateRules: KindRules<ResourceClaimTemplate> = {
  defaults: template => defaultDeviceClaim(template.spec?.spec?.devices),
  validate(template, out) {
    const { metadata, spec } = template.spec ?? {};
    checkMetadataOfTemplate(metadata, specPath.child('metadata'), out);
    checkDeviceClaim(spec?.devices ?? {}, specPath.child('spec', 'devices'), out);
  },
  validateUpdate: (template, old, out) => checkImmutable(template.spec, old.spec, specPath, out),
};

/** What a driver told of a device goes with the device's allocation. */
function dropDeallocated(claim: ResourceResourceClaim, old: ResourceResourceClaim): void {
  const { status } = claim;
  if (!status?.devices) return;
  const now = resultsOf(claim);
  const gone = new Set([...resultsOf(old)].filter(id => !now.has(id)));
  const kept = status.devices.filter(device => !gone.has(idOf(device)));
  if (kept.length > 0) status.devices = kept;
  else delete status.devices;
}

function resultsOf({ status }: ResourceResourceClaim): Set<string> {
  return new Set(status?.allocation?.devices?.results?.map(idOf));
}

function idOf({ driver, pool, device }: Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device'>) {
  return `${driver}/${pool}/${device}`;
}
