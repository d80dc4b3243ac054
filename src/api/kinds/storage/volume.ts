import type { PersistentVolume } from '../../generated/types.ts';
import { semanticEqual } from '../equality.ts';
import { root, specPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { canonicalize } from '../quantities.ts';
import { specDiff } from '../spec-diff.ts';
import { checkVolumeSpec, sourceOf } from './volume-spec.ts';

export const volumeRules: KindRules<PersistentVolume> = {
  hasStatus: true,
  initialStatus: () => ({ phase: 'Pending' }),
  defaults(volume) {
    if (volume.status) volume.status.phase ||= 'Pending';
    const spec = volume.spec;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
    canonicalize(spec.capacity);
  },
  validate: ({ spec, metadata }, out) => checkVolumeSpec(spec ?? {}, metadata?.name ?? '', specPath, out),
  validateUpdate(volume, old, out) {
    const { spec = {}, metadata } = volume;
    checkVolumeSpec(spec, metadata?.name ?? '', specPath, out);
    const was = sourceOf(old.spec);
    let now = sourceOf(spec);
    // The secret for growing may come later.
    if (was.csi && !was.csi.controllerExpandSecretRef && now.csi) {
      const { controllerExpandSecretRef: _, ...csi } = now.csi;
      now = { ...now, csi };
    }
    if (!semanticEqual(now, was)) {
      const why = `spec.persistentvolumesource is immutable after creation\n${specDiff(was, now)}`;
      out.forbidden(specPath.child('persistentvolumesource'), why);
    }
    checkImmutable(spec.volumeMode, old.spec?.volumeMode, root('volumeMode'), out);
    if (old.spec?.nodeAffinity) {
      checkImmutable(spec.nodeAffinity, old.spec.nodeAffinity, root('nodeAffinity'), out);
    }
    if (old.spec?.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
      const at = specPath.child('volumeAttributesClassName');
      out.forbidden(at, 'update from non-nil value to nil is forbidden');
    }
  },
};
