import type {
  PodSchedulingGate,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../../generated/types.ts';
import { labelValueErrors } from '../../names.ts';
import { checkOptionalOneOf, checkQualifiedName, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabelKey, checkLabelSelector } from '../metadata.ts';
import { checkMatchLabelKeys } from './affinity.ts';

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function checkTolerations(tolerations: Toleration[], at: FieldPath, out: Findings): void {
  tolerations.forEach((toleration, i) => {
    const here = at.index(i);
    const { key, value = '', operator = '', effect } = toleration;
    if (key) checkLabelKey(key, here.child('key'), out);
    else if (operator !== 'Exists') {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      out.invalid(here.child('operator'), operator, why);
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      out.invalid(here.child('effect'), effect ?? '', why);
    }
    checkTolerationValue(operator, value, here.child('operator'), out);
    if (effect) checkOptionalOneOf(effect, taintEffects, here.child('effect'), out);
  });
}

function checkTolerationValue(operator: string, value: string, at: FieldPath, out: Findings): void {
  if (operator === '' || operator === 'Equal') {
    const wrong = labelValueErrors(value);
    if (wrong.length > 0) out.invalid(at, value, wrong.join(';'));
  } else if (operator !== 'Exists') out.notSupported(at, operator, ['Equal', 'Exists']);
  else if (value) out.invalid(at, value, "value must be empty when `operator` is 'Exists'");
}

export function checkTaints(taints: Taint[], at: FieldPath, out: Findings): void {
  const seen = new Unique();
  taints.forEach((taint, i) => {
    const here = at.index(i);
    checkLabelKey(taint.key ?? '', here.child('key'), out);
    const wrong = labelValueErrors(taint.value ?? '');
    if (wrong.length > 0) out.invalid(here.child('value'), taint.value, wrong.join(';'));
    if (!taint.effect) out.required(here.child('effect'));
    else checkOptionalOneOf(taint.effect, taintEffects, here.child('effect'), out);
    if (!seen.add(`${taint.effect}/${taint.key}`)) {
      out.duplicate(here, taint, 'taints must be unique by key and effect pair');
    }
  });
}

export function checkGates(gates: PodSchedulingGate[], at: FieldPath, out: Findings): void {
  const names = new Unique();
  gates.forEach((gate, i) => {
    checkQualifiedName(gate.name ?? '', at.index(i), out);
    if (!names.add(gate.name)) out.duplicate(at.index(i), gate.name);
  });
}

const notPositive = 'must be greater than zero';
const inclusion = ['Honor', 'Ignore'];
const actions = ['DoNotSchedule', 'ScheduleAnyway'];

export function checkSpreadConstraints(
  constraints: TopologySpreadConstraint[],
  at: FieldPath,
  out: Findings,
): void {
  const kindOf = (c: TopologySpreadConstraint) => `${c.topologyKey} ${c.whenUnsatisfiable}`;
  const lastOf = new Map(constraints.map((c, i) => [kindOf(c), i]));
  constraints.forEach((constraint, i) => {
    const here = at.index(i);
    const { maxSkew = 0, topologyKey, whenUnsatisfiable = '' } = constraint;
    if (maxSkew <= 0) out.invalid(here.child('maxSkew'), maxSkew, notPositive);
    if (!topologyKey) out.required(here.child('topologyKey'), 'can not be empty');
    if (!actions.includes(whenUnsatisfiable)) {
      out.notSupported(here.child('whenUnsatisfiable'), whenUnsatisfiable, actions);
    }
    const again = lastOf.get(kindOf(constraint))! > i;
    if (again) {
      out.duplicate(here.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`);
    }
    checkMinDomains(constraint, here.child('minDomains'), out);
    checkOptionalOneOf(constraint.nodeAffinityPolicy, inclusion, here.child('nodeAffinityPolicy'), out);
    checkOptionalOneOf(constraint.nodeTaintsPolicy, inclusion, here.child('nodeTaintsPolicy'), out);
    checkMatchLabelKeys(constraint, here, out);
    checkLabelSelector(constraint.labelSelector, here.child('labelSelector'), out);
  });
}

function checkMinDomains(constraint: TopologySpreadConstraint, at: FieldPath, out: Findings): void {
  const { minDomains, whenUnsatisfiable } = constraint;
  if (minDomains === undefined) return;
  if (minDomains <= 0) out.invalid(at, minDomains, notPositive);
  if (whenUnsatisfiable === 'DoNotSchedule') return;
  const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
  out.invalid(at, minDomains, why);
}
