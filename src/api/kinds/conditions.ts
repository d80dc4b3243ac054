import type { Condition } from '../generated/types.ts';
import { patternMessage } from '../names.ts';
import type { FieldPath } from './field-path.ts';
import type { Findings } from './findings.ts';
import { checkLabelKey } from './metadata.ts';

const statuses = ['False', 'True', 'Unknown'];
const maxReason = 1024;
const maxMessage = 32 * 1024;
const reasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonPattern = new RegExp(`^${reasonFormat}$`);
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const reasonExamples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];

/** A list of `metav1.Condition`: each right, and no type twice. */
export function checkConditions(
  conditions: readonly Condition[] | undefined,
  at: FieldPath,
  out: Findings,
): void {
  const seen = new Set<string>();
  (conditions ?? []).forEach((condition, i) => {
    const here = at.index(i);
    if (seen.has(condition.type)) out.duplicate(here.child('type'), condition.type);
    seen.add(condition.type);
    checkCondition(condition, here, out);
  });
}

function checkCondition(condition: Condition, at: FieldPath, out: Findings): void {
  const { type = '', status = '', observedGeneration = 0, reason, message = '' } = condition;
  checkLabelKey(type, at.child('type'), out);
  if (!statuses.includes(status)) out.notSupported(at.child('status'), status, statuses);
  if (observedGeneration < 0) {
    const why = 'must be greater than or equal to zero';
    out.invalid(at.child('observedGeneration'), observedGeneration, why);
  }
  if (!condition.lastTransitionTime) out.required(at.child('lastTransitionTime'), 'must be set');
  const reasonAt = at.child('reason');
  if (!reason) out.required(reasonAt, 'must be set');
  else {
    if (!reasonPattern.test(reason)) {
      out.invalid(reasonAt, reason, patternMessage(reasonMessage, reasonFormat, ...reasonExamples));
    }
    if (Buffer.byteLength(reason) > maxReason) out.tooLong(reasonAt, maxReason);
  }
  if (Buffer.byteLength(message) > maxMessage) out.tooLong(at.child('message'), maxMessage);
}
