import type { CertificateSigningRequest } from '../../generated/types.ts';
import { Unique } from '../checks.ts';
import { specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkSignerName } from './signer-name.ts';

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

/** Approved and Denied are said through the subresource `approval` alone. */
const approvals = ['Approved', 'Denied'];
const legacySigner = 'kubernetes.io/legacy-unknown';
const lasting = [...approvals, 'Failed'];
const conditionsPath = statusPath.child('conditions');

export const csrRules: KindRules<CertificateSigningRequest> = {
  hasStatus: true,
  initialStatus: () => ({}),
  prepareForUpdate(request, old) {
    request.spec = old.spec;
  },
  validate: checkRequest,
  validateUpdate(request, old, out) {
    checkConditions(request, old, out);
  },
  validateStatusUpdate(request, old, out) {
    checkConditions(request, old, out);
    checkNoneAdded(request, old, out);
    checkCertificate(request, old, out);
  },
};

function checkRequest({ spec }: CertificateSigningRequest, out: Findings): void {
  const pem = Buffer.from(spec?.request ?? '', 'base64').toString();
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    const why = 'PEM block type must be CERTIFICATE REQUEST';
    out.invalid(specPath.child('request'), spec?.request ?? '', why);
  }
  const asked = spec?.usages ?? [];
  const at = specPath.child('usages');
  if (asked.length === 0) out.required(at, 'usages must be provided');
  const seen = new Unique();
  asked.forEach((usage, i) => {
    if (!usages.includes(usage)) out.notSupported(at.index(i), usage, usages);
  });
  asked.forEach((usage, i) => {
    if (!seen.add(usage)) out.duplicate(at.index(i), usage);
  });
  const signer = spec?.signerName ?? '';
  const signerAt = specPath.child('signerName');
  if (signer === legacySigner) {
    out.invalid(signerAt, signer, 'the legacy signerName is not allowed via this API version');
  } else checkSignerName(signer, signerAt, out);
  const seconds = spec?.expirationSeconds;
  if (seconds !== undefined && seconds < 600) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)';
    out.invalid(specPath.child('expirationSeconds'), seconds, why);
  }
}

/** Upstream: pkg/apis/certificates/validation, validateConditions and what an update may not take away. */
function checkConditions(
  { status }: CertificateSigningRequest,
  old: CertificateSigningRequest,
  out: Findings,
): void {
  const conditions = status?.conditions ?? [];
  const types = conditions.map(({ type }) => type);
  const seen = new Unique();
  conditions.forEach(({ type, status: truth }, i) => {
    const at = conditionsPath.index(i);
    if (!type) out.required(at.child('type'));
    if (!truth) out.required(at.child('status'));
    else if (lasting.includes(type) && truth !== 'True')
      out.notSupported(at.child('status'), truth, ['True']);
    else if (!['True', 'False', 'Unknown'].includes(truth)) {
      out.notSupported(at.child('status'), truth, ['False', 'True', 'Unknown']);
    }
    const other = approvals.find(each => each !== type);
    if (approvals.includes(type) && types.slice(0, i).includes(other!)) {
      out.invalid(at.child('type'), type, 'Approved and Denied conditions are mutually exclusive');
    }
    if (!seen.add(type)) out.duplicate(at.child('type'), type);
  });
  for (const { type } of old.status?.conditions ?? []) {
    if (!lasting.includes(type) || types.includes(type)) continue;
    out.forbidden(conditionsPath, `updates may not remove a condition of type ${JSON.stringify(type)}`);
  }
}

function checkNoneAdded(
  { status }: CertificateSigningRequest,
  old: CertificateSigningRequest,
  out: Findings,
): void {
  for (const { type } of status?.conditions ?? []) {
    if (!approvals.includes(type) || old.status?.conditions?.some(each => each.type === type)) continue;
    out.forbidden(conditionsPath, `updates may not add a condition of type ${JSON.stringify(type)}`);
  }
}

function checkCertificate(
  { status }: CertificateSigningRequest,
  old: CertificateSigningRequest,
  out: Findings,
): void {
  const certificate = status?.certificate ?? '';
  const before = old.status?.certificate ?? '';
  if (certificate === before) return;
  const at = statusPath.child('certificate');
  if (before) out.forbidden(at, 'updates may not modify existing certificate content');
  const blocks = [
    ...Buffer.from(certificate, 'base64')
      .toString('latin1')
      .matchAll(/-----BEGIN ([^-]+)-----/g),
  ];
  if (blocks.length === 0) {
    out.invalid(at, '<certificate data>', 'must contain at least one CERTIFICATE PEM block');
  }
  for (const [, type] of blocks) {
    if (type === 'CERTIFICATE') continue;
    const why = `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    out.invalid(at, '<certificate data>', why);
  }
}
