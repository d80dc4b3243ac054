import type {
  APIService,
  CertificateSigningRequest,
  FlowSchema,
  PriorityLevelConfiguration,
} from '../../generated/types.ts';
import { checkOptionalOneOf, Unique } from '../checks.ts';
import { metadataPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { pathSegmentName } from '../object-name.ts';

export const apiServiceRules: KindRules<APIService> = {
  name: pathSegmentName,
  hasStatus: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
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

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

export const csrRules: KindRules<CertificateSigningRequest> = {
  hasStatus: true,
  initialStatus: () => ({}),
  prepareForUpdate(request, old) {
    request.spec = old.spec;
  },
  validate: checkRequest,
  validateUpdate() {},
};

function checkRequest({ spec }: CertificateSigningRequest, out: Findings): void {
  const pem = Buffer.from(spec?.request ?? '', 'base64').toString();
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    const why = 'PEM block type must be CERTIFICATE REQUEST';
    out.invalid(specPath.child('request'), spec?.request ?? '', why);
  }
  const asked = spec?.usages ?? [];
  const at = specPath.child('usages');
  if (asked.length === 0) out.required(at);
  const seen = new Unique();
  asked.forEach((usage, i) => {
    if (!usages.includes(usage)) out.notSupported(at.index(i), usage, usages);
    else if (!seen.add(usage)) out.duplicate(at.index(i), usage);
  });
  const signer = spec?.signerName ?? '';
  const signerAt = specPath.child('signerName');
  if (!signer) out.required(signerAt);
  else if (!/^[^/]+\.[^/]+\/[^/]+$/.test(signer)) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    out.invalid(signerAt, signer, why);
  }
  const seconds = spec?.expirationSeconds;
  if (seconds !== undefined && seconds < 600) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    out.invalid(specPath.child('expirationSeconds'), seconds, why);
  }
}

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
