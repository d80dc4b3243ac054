import type { APIService } from '../../generated/types.ts';
import { metadataPath, specPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { pathSegmentName } from '../object-name.ts';

/** What this server serves itself is available as soon as it is there. */
function localStatus(now: string | undefined): object {
  const message = 'Local APIServices are always available';
  const condition = { type: 'Available', status: 'True', reason: 'Local', message };
  return { conditions: [{ ...condition, ...(now && { lastTransitionTime: now }) }] };
}

export const apiServiceRules: KindRules<APIService> = {
  name: pathSegmentName,
  hasStatus: true,
  unconditionalUpdate: false,
  initialStatus: ({ spec, metadata }) => (spec?.service ? {} : localStatus(metadata?.creationTimestamp)),
  defaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
  validate(service, out) {
    const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = service.spec ?? {};
    const name = service.metadata?.name ?? '';
    if (name !== `${version}.${group}`) {
      const why = `must be \`spec.version+"."+spec.group\`: "${version}.${group}"`;
      out.invalid(metadataPath.child('name'), name, why);
    }
    if (!version) out.required(specPath.child('version'));
    if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) {
      const at = specPath.child('groupPriorityMinimum');
      out.invalid(at, groupPriorityMinimum, 'must be positive and less than 20000');
    }
    if (versionPriority <= 0 || versionPriority > 1000) {
      out.invalid(specPath.child('versionPriority'), versionPriority, 'must be positive and less than 1000');
    }
    const { service: reference, insecureSkipTLSVerify, caBundle } = service.spec ?? {};
    if (!reference) {
      if (caBundle)
        out.invalid(specPath.child('caBundle'), '...', 'local APIServices may not have a caBundle');
      return;
    }
    for (const field of ['namespace', 'name'] as const) {
      if (!reference[field]) out.required(specPath.child('service', field));
    }
    if (insecureSkipTLSVerify && caBundle) {
      const why = 'may not be true if caBundle is present';
      out.invalid(specPath.child('insecureSkipTLSVerify'), true, why);
    }
  },
};
