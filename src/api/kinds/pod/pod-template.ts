import type { PodTemplateSpec } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkAnnotations, checkLabels } from '../metadata.ts';
import { checkPodAnnotations } from './annotations.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { checkPodSpec } from './pod-spec.ts';

/** What workloads make pods from. In place. */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec) defaultPodSpec(template.spec);
}

export function checkPodTemplate(template: PodTemplateSpec, at: FieldPath, out: Findings): void {
  const spec = template.spec ?? { containers: [] };
  checkTemplateMetadata(template, at, out);
  checkPodSpec(spec, undefined, at.child('spec'), out);
  if (spec.ephemeralContainers?.length) {
    const why = 'ephemeral containers not allowed in pod template';
    out.forbidden(at.child('spec', 'ephemeralContainers'), why);
  }
}

export function checkTemplateMetadata(template: PodTemplateSpec, at: FieldPath, out: Findings): void {
  const spec = template.spec ?? { containers: [] };
  checkLabels(template.metadata?.labels, at.child('labels'), out);
  checkAnnotations(template.metadata?.annotations, at.child('annotations'), out);
  checkPodAnnotations(template.metadata?.annotations ?? {}, spec, at.child('annotations'), out);
}
