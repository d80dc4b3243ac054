import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../generated/types.ts';
import { Unique } from '../checks.ts';
import { checkSignerName } from '../extensions/signer-name.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelSelector } from '../metadata.ts';
import { checkLocalPath } from './paths.ts';
import { checkDownwardFile, checkItems, checkMode } from './volume-files.ts';

const duplicatePaths = 'conflicting duplicate paths';
const tenMinutes = 600;

/** Several sources in one directory: no two of them may write the same file. */
export function checkProjected(volume: ProjectedVolumeSource, at: FieldPath, out: Findings): void {
  checkMode(volume.defaultMode, at.child('defaultMode'), out);
  const paths = new Unique();
  (volume.sources ?? []).forEach((source, i) => {
    const here = at.child('sources').index(i);
    checkFiles(source, paths, at, here, out);
    if (source.serviceAccountToken) checkToken(source.serviceAccountToken, at, here, out);
    if (source.clusterTrustBundle) checkTrustBundle(source.clusterTrustBundle, paths, at, here, out);
    if (source.podCertificate) checkCertificate(source.podCertificate, here.child('podCertificate'), out);
    const count = Object.values(source).filter(value => value !== undefined && value !== null).length;
    if (count > 1) out.forbidden(here, 'may not specify more than 1 volume type per source');
  });
}

function checkFiles(
  source: VolumeProjection,
  paths: Unique,
  volumeAt: FieldPath,
  at: FieldPath,
  out: Findings,
): void {
  for (const kind of ['secret', 'configMap'] as const) {
    const from = source[kind];
    if (!from) continue;
    if (!from.name) out.required(at.child(kind, 'name'));
    const items: KeyToPath[] = from.items ?? [];
    checkItems(items, at.child(kind, 'items'), out);
    for (const item of items) {
      if (item.path && !paths.add(item.path)) out.invalid(volumeAt, from.name ?? '', duplicatePaths);
    }
  }
  for (const file of source.downwardAPI?.items ?? []) {
    checkDownwardFile(file, at.child('downwardAPI'), out);
    if (file.path && !paths.add(file.path)) out.invalid(volumeAt, file.path, duplicatePaths);
  }
}

function checkToken(
  token: ServiceAccountTokenProjection,
  volumeAt: FieldPath,
  sourceAt: FieldPath,
  out: Findings,
): void {
  const at = sourceAt.child('serviceAccountToken', 'expirationSeconds');
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < tenMinutes) out.invalid(at, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) out.invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds');
  if (!token.path) out.required(volumeAt.child('path'));
  else checkLocalPath(token.path, volumeAt.child('path'), out);
}

function checkTrustBundle(
  bundle: ClusterTrustBundleProjection,
  paths: Unique,
  volumeAt: FieldPath,
  sourceAt: FieldPath,
  out: Findings,
): void {
  const at = sourceAt.child('clusterTrustBundlePEM');
  const byName = bundle.name !== undefined;
  const bySigner = bundle.signerName !== undefined;
  if (byName && bySigner) out.invalid(at, bundle, 'only one of name and signerName may be used');
  else if (byName) {
    if (bundle.name === '') out.required(at.child('name'), 'must be a valid object name');
    if (bundle.labelSelector) {
      const why = 'labelSelector must be unset if name is specified';
      out.invalid(at.child('labelSelector'), bundle.labelSelector, why);
    }
  } else if (bySigner) {
    if (bundle.signerName === '') out.required(at.child('signerName'), 'must be a valid signer name');
    checkSignerName(bundle.signerName ?? '', at.child('signerName'), out);
    checkLabelSelector(bundle.labelSelector, at.child('labelSelector'), out);
  } else out.required(at, 'either name or signerName must be specified');
  if (!bundle.path) out.required(at.child('path'));
  checkLocalPath(bundle.path ?? '', at.child('path'), out);
  if (!paths.add(bundle.path ?? '')) out.invalid(volumeAt, bundle.path, duplicatePaths);
}

const keyTypes = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'];

function checkCertificate(certificate: PodCertificateProjection, at: FieldPath, out: Findings): void {
  checkSignerName(certificate.signerName ?? '', at.child('signerName'), out);
  if (!keyTypes.includes(certificate.keyType)) {
    out.notSupported(at.child('keyType'), certificate.keyType ?? '', keyTypes);
  }
  for (const field of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
    if (certificate[field]) checkLocalPath(certificate[field], at.child(field), out);
  }
}
