import { compileDeviceSelector } from '../../cel/device-selector.ts';
import type { DeviceSelector } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkItems } from './lists.ts';

const maxSelectors = 32;
const maxExpressionBytes = 10 * 1024;
const maxCost = 1_000_000;

/** @param stored the expressions are there already, so that they compiled once. */
export function checkSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  stored: boolean,
  at: FieldPath,
  out: Findings,
): void {
  const check = ({ cel }: DeviceSelector, here: FieldPath) => {
    if (!cel) out.required(here.child('cel'));
    else if (!stored) checkExpression(cel.expression ?? '', here.child('cel', 'expression'), out);
  };
  checkItems(selectors, maxSelectors, check, at, out);
}

function checkExpression(expression: string, at: FieldPath, out: Findings): void {
  if (Buffer.byteLength(expression) > maxExpressionBytes) {
    out.tooLong(at, maxExpressionBytes);
    return;
  }
  const { program, error } = compileDeviceSelector(expression);
  if (!program) out.invalid(at, expression, error);
  else if (program.estimatedCost > maxCost) out.forbidden(at, 'too complex, exceeds cost limit');
}
