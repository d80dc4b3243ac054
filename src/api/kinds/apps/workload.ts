import type { LabelSelector, PodTemplateSpec } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelSelector, isEmptySelector } from '../metadata.ts';
import { checkPodTemplate, checkTemplateMetadata } from '../pod/pod-template.ts';

/** What Deployments, ReplicaSets, DaemonSets and StatefulSets have in common: a selector and a template. */

export function checkSelector(
  selector: LabelSelector | undefined,
  kind: string,
  at: FieldPath,
  out: Findings,
): void {
  if (!selector) {
    out.required(at);
    return;
  }
  checkLabelSelector(selector, at, out);
  if (isEmptySelector(selector)) out.invalid(at, selector, `empty selector is invalid for ${kind}`);
}

/** The template's labels are those the selector looks for, and its pods run for ever. `kind` as in messages. */
export function checkTemplate(
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
  kind: string,
  at: FieldPath,
  out: Findings,
): void {
  const labels = template.metadata?.labels ?? {};
  if (selector && !isEmptySelector(selector) && !selects(selector, labels)) {
    out.invalid(at.child('metadata', 'labels'), labels, '`selector` does not match template `labels`');
  }
  // The volumes of a StatefulSet's pods come from its claims as well: upstream leaves their spec to the pods.
  if (kind === 'StatefulSet') checkTemplateMetadata(template, at, out);
  else checkPodTemplate(template, at, out);
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Always') out.notSupported(at.child('spec', 'restartPolicy'), policy ?? '', ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`;
    out.forbidden(at.child('spec', 'activeDeadlineSeconds'), why);
  }
}

/** Whether a selector with valid operators selects `labels`. */
export function selects(selector: LabelSelector, labels: Record<string, string>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    return operator === 'Exists' ? value !== undefined : value === undefined;
  });
}
