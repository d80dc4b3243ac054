import type { LabelSelector, PodTemplateSpec } from '../../generated/types.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import { Findings } from '../findings.ts';
import { checkLabelSelector, isEmptySelector } from '../metadata.ts';
import { checkPodTemplate, checkTemplateMetadata } from '../pod/pod-template.ts';

/** What Deployments, ReplicaSets, DaemonSets and StatefulSets have in common: a selector and a template. */

interface WorkloadSpec {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

/** Names as in messages. */
interface WorkloadNames {
  /** Of what an empty selector is invalid for. */
  selector: string;
  /** Of what certain fields of a template are not supported in. */
  template: string;
  /** What is said of a selector that is none; then the template is not looked at. */
  invalidSelector?: string;
}

export function checkWorkload(spec: WorkloadSpec, names: WorkloadNames, out: Findings): void {
  const { selector, template = {} } = spec;
  const at = specPath.child('selector');
  const wrong = new Findings();
  if (!selector) out.required(at);
  else {
    checkLabelSelector(selector, at, wrong);
    for (const finding of wrong.list) out.add(finding);
    if (isEmptySelector(selector)) {
      out.invalid(at, selector, `empty selector is invalid for ${names.selector}`);
    }
  }
  if (wrong.empty) checkTemplate(template, selector, names.template, specPath.child('template'), out);
  else if (names.invalidSelector !== undefined) out.invalid(at, selector, names.invalidSelector);
}

/**
 * The template's labels are those the selector looks for, and its pods run for ever. No selector looks for none.
 */
export function checkTemplate(
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
  kind: string,
  at: FieldPath,
  out: Findings,
): void {
  const labels = template.metadata?.labels ?? {};
  if (!selector || !(isEmptySelector(selector) || selects(selector, labels))) {
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
