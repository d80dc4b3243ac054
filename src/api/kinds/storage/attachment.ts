import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentStatus,
  VolumeError,
} from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import { checkSubdomain } from '../checks.ts';
import { type FieldPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { checkDriverName } from './driver-name.ts';
import { checkInlineVolumeSpec } from './volume-spec.ts';

const maxMetadataBytes = 256 * 1024;
const maxErrorBytes = 1024;
const maxInt32 = 2 ** 31 - 1;

export const attachmentRules: KindRules<VolumeAttachment> = {
  hasStatus: true,
  unconditionalUpdate: false,
  initialStatus: () => ({ attached: false }),
  validate(attachment, out) {
    checkAttachment(attachment, out);
    checkDriverName(attachment.spec?.attacher, specPath.child('attacher'), out);
    const name = attachment.spec?.source?.persistentVolumeName;
    if (name) checkSubdomain(name, specPath.child('source', 'persistentVolumeName'), out);
  },
  validateUpdate: checkChange,
  validateStatusUpdate: checkChange,
};

function checkChange(attachment: VolumeAttachment, old: VolumeAttachment, out: Findings): void {
  checkAttachment(attachment, out);
  checkImmutable(attachment.spec, old.spec, specPath, out);
}

function checkAttachment({ spec, status }: VolumeAttachment, out: Findings): void {
  if (!spec?.attacher) out.required(specPath.child('attacher'));
  checkSource(spec?.source ?? {}, specPath.child('source'), out);
  checkSubdomain(spec?.nodeName ?? '', specPath.child('nodeName'), out);
  if (status) checkStatus(status, out);
}

function checkSource(source: VolumeAttachmentSource, at: FieldPath, out: Findings): void {
  const { persistentVolumeName: name, inlineVolumeSpec } = source;
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (!inlineVolumeSpec && name === undefined) out.required(at, one);
  else if (inlineVolumeSpec && name !== undefined) out.forbidden(at, one);
  else if (inlineVolumeSpec) checkInlineVolumeSpec(inlineVolumeSpec, at.child('inlineVolumeSpec'), out);
  else if (name === '') {
    out.required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName');
  }
}

function checkStatus(status: VolumeAttachmentStatus, out: Findings): void {
  const entries = Object.entries(status.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v), 0);
  if (bytes > maxMetadataBytes) out.tooLong(statusPath.child('attachmentMetadata'), maxMetadataBytes);
  for (const field of ['attachError', 'detachError'] as const) {
    const error = status[field];
    if (error) checkError(error, statusPath.child(field), out);
  }
}

function checkError({ message = '', errorCode }: VolumeError, at: FieldPath, out: Findings): void {
  // Upstream names the limit of the metadata here.
  if (Buffer.byteLength(message) > maxErrorBytes) out.tooLong(at.child('message'), maxMetadataBytes);
  if (errorCode === undefined || errorCode >= 0) return;
  out.invalid(at.child('errorCode'), errorCode, inclusiveRangeMessage(0, maxInt32));
}
