import type { APIService, FlowSchema, PriorityLevelConfiguration } from '../../generated/types.ts';
import { checkOptionalOneOf } from '../checks.ts';
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

export const flowSchemaRules: KindRules<FlowSchema> = {
  name: pathSegmentName,
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
  defaults(schema) {
    if (schema.spec) schema.spec.matchingPrecedence ||= 1000;
  },
  validate({ spec }, out) {
    const precedence = spec?.matchingPrecedence ?? 0;
    const at = specPath.child('matchingPrecedence');
    if (precedence <= 0) out.invalid(at, precedence, 'must be a positive value');
    if (precedence > 10_000) out.invalid(at, precedence, 'must not be greater than 10000');
    if (!spec?.priorityLevelConfiguration?.name) {
      out.required(specPath.child('priorityLevelConfiguration', 'name'), 'must reference a priority level');
    }
    const methods = ['ByNamespace', 'ByUser'];
    const method = spec?.distinguisherMethod?.type;
    checkOptionalOneOf(method, methods, specPath.child('distinguisherMethod').child('type'), out);
    (spec?.rules ?? []).forEach((rule, i) => {
      const here = specPath.child('rules').index(i);
      if (!rule.subjects?.length)
        out.required(here.child('subjects'), 'subjects must contain at least one value');
      if (rule.resourceRules?.length || rule.nonResourceRules?.length) return;
      out.required(here, 'at least one of resourceRules and nonResourceRules has to be non-empty');
    });
  },
};

export const priorityLevelRules: KindRules<PriorityLevelConfiguration> = {
  name: pathSegmentName,
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
  defaults({ spec }) {
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    const limited = spec?.limited;
    if (!limited) return;
    limited.nominalConcurrencyShares ??= 30;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (!queuing) return;
    queuing.queues ||= 64;
    queuing.handSize ||= 8;
    queuing.queueLengthLimit ||= 50;
  },
  validate({ spec }, out) {
    const types = ['Exempt', 'Limited'];
    if (!types.includes(spec?.type ?? '')) out.notSupported(specPath.child('type'), spec?.type ?? '', types);
    if (spec?.type === 'Exempt' && spec.limited) {
      out.forbidden(specPath.child('limited'), 'must be nil if the type is not Limited');
    }
    if (spec?.type === 'Limited' && !spec.limited) {
      out.required(specPath.child('limited'), 'must not be empty when type is Limited');
    }
    if (spec?.type === 'Limited' && spec.exempt) {
      out.forbidden(specPath.child('exempt'), 'must be nil if the type is Limited');
    }
  },
};
