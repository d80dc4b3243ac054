import type { Compiled } from '../../../api/cel/cel.ts';
import { appliedType, jsonPatchListType } from '../../../api/cel/mutation-types.ts';
import { PolicyCompiler } from '../../../api/cel/policy-compiler.ts';
import { boolType, nullType, stringType } from '../../../api/cel/types.ts';
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
  Variable,
} from '../../../api/generated/types.ts';
import type { CompiledCondition } from './match-conditions.ts';
import type { PolicyVariables } from './policy-input.ts';

/** What all policies have. */
interface CommonPrograms {
  readonly conditions: readonly CompiledCondition[];
  readonly variables: PolicyVariables;
}

export interface CompiledValidation {
  readonly expression: string;
  readonly program: Compiled;
  readonly message: string;
  readonly messageProgram: Compiled | undefined;
  readonly reason: string;
}

export interface ValidatingPrograms extends CommonPrograms {
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly { key: string; expression: string; program: Compiled }[];
}

export interface CompiledMutation {
  readonly kind: 'apply' | 'json-patch';
  readonly expression: string;
  readonly program: Compiled;
}

export interface MutatingPrograms extends CommonPrograms {
  readonly mutations: readonly CompiledMutation[];
}

export function compileValidating({ spec }: ValidatingAdmissionPolicy): ValidatingPrograms {
  const compiler = new PolicyCompiler({ params: spec?.paramKind !== undefined, mutating: false });
  const common = compileCommon(compiler, spec?.matchConditions, spec?.variables);
  return {
    ...common,
    validations: (spec?.validations ?? []).map(({ expression, message = '', messageExpression, reason }) => ({
      expression,
      program: compiler.compile(expression, { result: [boolType] }),
      message,
      messageProgram: messageExpression
        ? compiler.compile(messageExpression, { result: [stringType], authorizer: false })
        : undefined,
      reason: reason ?? 'Invalid',
    })),
    annotations: (spec?.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      expression: valueExpression,
      program: compiler.compile(valueExpression, { result: [stringType, nullType] }),
    })),
  };
}

export function compileMutating({ spec }: MutatingAdmissionPolicy): MutatingPrograms {
  const compiler = new PolicyCompiler({ params: spec?.paramKind !== undefined, mutating: true });
  const common = compileCommon(compiler, spec?.matchConditions, spec?.variables);
  return {
    ...common,
    mutations: (spec?.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) => {
      const applies = patchType === 'ApplyConfiguration';
      const expression = (applies ? applyConfiguration : jsonPatch)?.expression ?? '';
      const result = [applies ? appliedType : jsonPatchListType];
      return {
        kind: applies ? 'apply' : 'json-patch',
        expression,
        program: compiler.compile(expression, { result }),
      };
    }),
  };
}

function compileCommon(
  compiler: PolicyCompiler,
  conditions: readonly MatchCondition[] = [],
  variables: readonly Variable[] = [],
): CommonPrograms {
  const programs = new Map(
    variables.map(({ name, expression }) => [name, compiler.addVariable(name, expression)]),
  );
  return {
    conditions: conditions.map(({ name, expression }) => ({
      name,
      expression,
      compiled: compiler.compile(expression, { result: [boolType], variables: false }),
    })),
    variables: { type: compiler.variablesType, programs },
  };
}
