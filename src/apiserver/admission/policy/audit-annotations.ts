import type { ValidatingAdmissionPolicyBinding } from '../../../api/generated/types.ts';
import type { Stored } from '../../../api/objects.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Refusal } from './validation.ts';

const maxValueLength = 10 * 1024;

/** What policies have to say for the audit log: several values of one key are joined. */
export class AuditAnnotations {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const values = this.#values.get(key) ?? new Set();
    this.#values.set(key, values.add(value.slice(0, maxValueLength)));
  }

  publish({ annotate }: AdmissionAttributes): void {
    for (const [key, values] of this.#values) annotate?.(key, [...values].join(', '));
  }
}

/** A refusal by a binding whose action is Audit. */
export function failureAnnotation(
  { annotate }: AdmissionAttributes,
  { metadata, spec }: Stored<ValidatingAdmissionPolicyBinding>,
  { message, index = 0 }: Refusal,
): void {
  const failed = {
    message,
    policy: spec?.policyName,
    binding: metadata.name,
    expressionIndex: index,
    validationActions: spec?.validationActions,
  };
  annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failed]));
}
