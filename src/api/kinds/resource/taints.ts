import type { DeviceTaint, DeviceToleration } from '../../generated/types.ts';
import { labelValueErrors } from '../../names.ts';
import { checkOneOf } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelKey } from '../metadata.ts';
import { checkItems } from './lists.ts';

const effects = ['NoExecute', 'NoSchedule', 'None'];
const operators = ['Equal', 'Exists'];
const maxConditions = 4;

export function checkTaint(taint: DeviceTaint, at: FieldPath, out: Findings): void {
  checkLabelKey(taint.key ?? '', at.child('key'), out);
  if (taint.value) out.invalidAll(at.child('value'), taint.value, labelValueErrors(taint.value));
  checkOneOf(taint.effect, effects, at.child('effect'), out);
}

export function checkToleration(toleration: DeviceToleration, at: FieldPath, out: Findings): void {
  const { key, operator, value = '', effect } = toleration;
  if (key) checkLabelKey(key, at.child('key'), out);
  if (operator === 'Exists' && value)
    out.invalid(at.child('value'), value, 'must be empty for operator `Exists`');
  if (operator === 'Equal') out.invalidAll(at.child('value'), value, labelValueErrors(value));
  checkOneOf(operator, operators, at.child('operator'), out);
  if (effect && !effects.includes(effect)) out.notSupported(at.child('effect'), effect, effects);
}

interface Binding {
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
}

/** The conditions a pod waits for before it is bound: both kinds or none, and no condition twice. */
export function checkBinding(binding: Binding, at: FieldPath, out: Findings): void {
  const { bindingConditions: wanted = [], bindingFailureConditions: failures = [] } = binding;
  const wantedAt = at.child('bindingConditions');
  const failuresAt = at.child('bindingFailureConditions');
  checkItems(wanted, maxConditions, checkLabelKey, wantedAt, out);
  checkItems(failures, maxConditions, checkLabelKey, failuresAt, out);
  for (const [list, listAt] of [
    [wanted, wantedAt],
    [failures, failuresAt],
  ] as const) {
    list.forEach((condition, i) => {
      if (list.indexOf(condition) < i) out.duplicate(listAt.index(i), condition);
      if (list === wanted || !wanted.includes(condition)) return;
      const why = 'bindingFailureConditions must not overlap with bindingConditions';
      out.invalid(failuresAt.index(i), condition, why);
    });
  }
  if (wanted.length === 0 && failures.length > 0) {
    out.invalid(wantedAt, wanted, 'bindingConditions are required to use bindingFailureConditions');
  }
  if (failures.length === 0 && wanted.length > 0) {
    out.invalid(failuresAt, failures, 'bindingFailureConditions are required to use bindingConditions');
  }
}
