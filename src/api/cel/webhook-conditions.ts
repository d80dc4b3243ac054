import { admissionEnvironment } from './admission-environment.ts';
import { type Compiled, compileCel } from './cel.ts';
import type { CelEnvironment } from './environment.ts';
import { boolType } from './types.ts';

let environment: CelEnvironment | undefined;

/** Compiles one of the `matchConditions` of a webhook. */
export function compileMatchCondition(expression: string): Compiled {
  environment ??= admissionEnvironment({ params: false, authorizer: true });
  return compileCel(expression, environment, { result: [boolType] });
}
