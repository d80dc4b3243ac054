import type { SubjectAccessReviewSpec } from '../../api/generated/types.ts';

type Attributes = NonNullable<SubjectAccessReviewSpec['resourceAttributes']>;
type Selector = Attributes['fieldSelector'] | Attributes['labelSelector'];

export interface SelectorFinding {
  reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden';
  field: string;
  message: string;
}

/**
 * What is wrong with a selector of an access review (upstream: pkg/apis/authorization/validation). An operator nobody
 * knows is let through: it comes from a newer client, and restricts nothing here.
 */
export function selectorFindings(selector: Selector, at: string): SelectorFinding[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const findings: SelectorFinding[] = [];
  if (rawSelector !== '' && requirements.length > 0) {
    const value = JSON.stringify(rawSelector);
    const message = `Invalid value: ${value}: may not specified at the same time as requirements`;
    findings.push({ reason: 'FieldValueInvalid', field: `${at}.rawSelector`, message });
  }
  if (rawSelector === '' && requirements.length === 0) {
    const message = `Required value: when ${at} is specified, requirements or rawSelector is required`;
    findings.push({ reason: 'FieldValueRequired', field: `${at}.requirements`, message });
  }
  for (const [index, { key, operator, values = [] }] of requirements.entries()) {
    const where = `${at}.requirements[${index}]`;
    if (key === '') {
      const message = 'Required value: must be specified';
      findings.push({ reason: 'FieldValueRequired', field: `${where}.key`, message });
    }
    if (['In', 'NotIn'].includes(operator) && values.length === 0) {
      const message = "Required value: must be specified when `operator` is 'In' or 'NotIn'";
      findings.push({ reason: 'FieldValueRequired', field: `${where}.values`, message });
    }
    if (['Exists', 'DoesNotExist'].includes(operator) && values.length > 0) {
      const message = "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      findings.push({ reason: 'FieldValueForbidden', field: `${where}.values`, message });
    }
  }
  return findings;
}
