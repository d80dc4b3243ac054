import type { Compiled } from '../../cel/cel.ts';
import { appliedType, jsonPatchListType } from '../../cel/mutation-types.ts';
import { PolicyCompiler } from '../../cel/policy-compiler.ts';
import { boolType, nullType, stringType } from '../../cel/types.ts';
import type {
  AuditAnnotation,
  MatchCondition,
  MutatingAdmissionPolicy,
  Mutation,
  ValidatingAdmissionPolicy,
  Validation,
  Variable,
} from '../../generated/types.ts';
import { checkQualifiedName, Unique } from '../checks.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/** The expressions of admission policies: each has to compile (pkg/apis/admissionregistration/validation). */

const maxConditions = 64;
const maxAnnotations = 20;
const maxAnnotationBytes = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
);

export function checkValidatingExpressions(
  { metadata, spec }: ValidatingAdmissionPolicy,
  out: Findings,
): void {
  const compiler = new PolicyCompiler({ params: spec?.paramKind !== undefined, mutating: false });
  checkMatchConditions(spec?.matchConditions ?? [], specPath.child('matchConditions'), out, expression =>
    compiler.compile(expression, { result: [boolType], variables: false }),
  );
  checkVariables(spec?.variables ?? [], compiler, out);
  (spec?.validations ?? []).forEach((validation, i) => {
    checkValidation(validation, specPath.child('validations').index(i), compiler, out);
  });
  checkAnnotations(spec?.auditAnnotations ?? [], metadata?.name ?? '', compiler, out);
}

export function checkMutatingExpressions({ spec }: MutatingAdmissionPolicy, out: Findings): void {
  const compiler = new PolicyCompiler({ params: spec?.paramKind !== undefined, mutating: true });
  checkMatchConditions(spec?.matchConditions ?? [], specPath.child('matchConditions'), out, expression =>
    compiler.compile(expression, { result: [boolType], variables: false }),
  );
  checkVariables(spec?.variables ?? [], compiler, out);
  (spec?.mutations ?? []).forEach((mutation, i) => {
    checkMutation(mutation, specPath.child('mutations').index(i), compiler, out);
  });
  const at = specPath.child('reinvocationPolicy');
  const policy = spec?.reinvocationPolicy;
  if (!policy) out.required(at);
  else if (!reinvocationPolicies.includes(policy)) out.notSupported(at, policy, reinvocationPolicies);
}

/** Match conditions of policies and webhooks. */
export function checkMatchConditions(
  conditions: readonly MatchCondition[],
  at: FieldPath,
  out: Findings,
  compile: (expression: string) => Compiled,
): void {
  if (conditions.length > maxConditions) out.tooMany(at, conditions.length, maxConditions);
  const seen = new Unique();
  for (const [i, { name, expression }] of conditions.entries()) {
    const here = at.index(i);
    const trimmed = expression?.trim() ?? '';
    if (!trimmed) out.required(here.child('expression'));
    else checkCompiled(compile(trimmed), trimmed, here.child('expression'), out);
    if (!name) out.required(here.child('name'));
    else {
      checkQualifiedName(name, here.child('name'), out);
      if (!seen.add(name)) out.duplicate(here.child('name'), name);
    }
  }
}

function checkCompiled({ error }: Compiled, expression: string, at: FieldPath, out: Findings): void {
  if (error !== undefined) out.invalid(at, expression, error);
}

function checkVariables(variables: readonly Variable[], compiler: PolicyCompiler, out: Findings): void {
  for (const [i, { name, expression }] of variables.entries()) {
    const here = specPath.child('variables').index(i);
    if (!name?.trim()) out.required(here.child('name'), 'name is not specified');
    else if (!/^[_a-zA-Z]\w*$/.test(name) || reserved.has(name)) {
      out.invalid(here.child('name'), name, 'name is not a valid CEL identifier');
    }
    if (!expression?.trim()) out.required(here.child('expression'), 'expression is not specified');
    else
      checkCompiled(compiler.addVariable(name ?? '', expression), expression, here.child('expression'), out);
  }
}

function checkValidation(
  { expression, message, messageExpression, reason }: Validation,
  at: FieldPath,
  compiler: PolicyCompiler,
  out: Findings,
): void {
  if (!expression?.trim()) out.required(at.child('expression'), 'expression is not specified');
  else
    checkCompiled(
      compiler.compile(expression, { result: [boolType] }),
      expression,
      at.child('expression'),
      out,
    );
  if (messageExpression) {
    const here = at.child('messageExpression');
    const options = { result: [stringType], authorizer: false };
    if (!messageExpression.trim()) out.invalid(here, messageExpression, 'must be non-empty if specified');
    else checkCompiled(compiler.compile(messageExpression, options), messageExpression, here, out);
  }
  if (message && !message.trim()) {
    out.invalid(at.child('message'), message, 'message must be non-empty if specified');
  } else if (message && /[\n\r]/.test(message.trim())) {
    out.invalid(at.child('message'), message, 'message must not contain line breaks');
  }
  if (reason !== undefined && !reasons.includes(reason))
    out.notSupported(at.child('reason'), reason, reasons);
}

function checkAnnotations(
  annotations: readonly AuditAnnotation[],
  policy: string,
  compiler: PolicyCompiler,
  out: Findings,
): void {
  const at = specPath.child('auditAnnotations');
  if (annotations.length > maxAnnotations) {
    out.invalid(at, annotations, `must not have more than ${maxAnnotations} auditAnnotations`);
  }
  const seen = new Unique();
  for (const [i, { key, valueExpression }] of annotations.entries()) {
    const here = at.index(i);
    if (policy) checkQualifiedName(`${policy}/${key ?? ''}`, here.child('key'), out);
    else out.invalid(here.child('key'), key, 'requires metadata.name be non-empty');
    const trimmed = valueExpression?.trim() ?? '';
    const expressionAt = here.child('valueExpression');
    if (!trimmed) out.required(expressionAt, 'valueExpression is not specified');
    else if (Buffer.byteLength(trimmed) > maxAnnotationBytes) {
      out.required(expressionAt, `must not exceed ${maxAnnotationBytes} bytes in length`);
    } else {
      const compiled = compiler.compile(trimmed, { result: [stringType, nullType] });
      checkCompiled(compiled, valueExpression, expressionAt, out);
    }
    if (!seen.add(key ?? '')) out.duplicate(here.child('key'), key);
  }
}

const patchTypes = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

function checkMutation(mutation: Mutation, at: FieldPath, compiler: PolicyCompiler, out: Findings): void {
  const { patchType } = mutation;
  if (!patchType) {
    out.required(at.child('patchType'));
    return;
  }
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    out.notSupported(at.child('patchType'), patchType, Object.keys(patchTypes));
    return;
  }
  for (const [type, field] of Object.entries(patchTypes) as [keyof typeof patchTypes, 'jsonPatch'][]) {
    const here = at.child(field);
    if (type !== patchType) {
      if (mutation[field])
        out.invalid(here, mutation[field], `must not be set when patchType is ${patchType}`);
      continue;
    }
    const expression = mutation[field]?.expression;
    if (!mutation[field]) out.required(here, `must be specified when patchType is ${type}`);
    else if (!expression?.trim()) out.required(here.child('expression'), 'expression is not specified');
    else {
      const result = [type === 'JSONPatch' ? jsonPatchListType : appliedType];
      checkCompiled(compiler.compile(expression, { result }), expression, here.child('expression'), out);
    }
  }
}
