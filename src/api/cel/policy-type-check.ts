import type { ExpressionWarning, ParamKind, ValidatingAdmissionPolicy } from '../generated/types.ts';
import {
  formatApiVersion,
  type GroupVersionKind,
  type GroupVersionResource,
  parseApiVersion,
} from '../objects.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import type { CelType } from './types.ts';

/** The kinds there are, and what their objects look like. */
export interface KnownKinds {
  kindOf(resource: GroupVersionResource): GroupVersionKind | undefined;
  typeOf(kind: GroupVersionKind): CelType | undefined;
}

const maxTypes = 10;

/**
 * Checks the expressions of a policy against each kind it names, not against dyn as it is when it is created:
 * what cannot be right is a warning (upstream: validating/typechecking.go).
 */
export function typeCheckPolicy({ spec }: ValidatingAdmissionPolicy, kinds: KnownKinds): ExpressionWarning[] {
  if (!spec) return [];
  const objectTypes = typesOf(spec.matchConstraints?.resourceRules ?? [], kinds);
  const paramsType = spec.paramKind && kinds.typeOf(kindOfParams(spec.paramKind));
  const compilers = objectTypes.map(({ name, type }) => {
    const compiler = new PolicyCompiler({
      params: spec.paramKind !== undefined,
      mutating: false,
      objectType: type,
      ...(paramsType && { paramsType }),
    });
    for (const variable of spec.variables ?? []) compiler.addVariable(variable.name, variable.expression);
    return { name, compiler };
  });
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string) => {
    const found = compilers.flatMap(({ name, compiler }) => {
      const { error } = compiler.compile(expression);
      return error === undefined ? [] : [`${name}: ${error.replace(/^compilation failed: /, '')}\n`];
    });
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') });
  };
  for (const [i, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${i}].expression`, expression);
    if (messageExpression) check(`spec.validations[${i}].messageExpression`, messageExpression);
  }
  return warnings;
}

function kindOfParams({ apiVersion = '', kind = '' }: ParamKind): GroupVersionKind {
  return { ...parseApiVersion(apiVersion), kind };
}

type Rules = NonNullable<
  NonNullable<ValidatingAdmissionPolicy['spec']>['matchConstraints']
>['resourceRules'] & {};

/** The kinds the rules name; wildcards and subresources name none. */
function typesOf(rules: Rules, kinds: KnownKinds): { name: string; type: CelType }[] {
  const found = new Map<string, CelType>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some(name => name.includes('*'))) continue;
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const resource of resources.filter(name => !/[*/]/.test(name))) {
          const kind = kinds.kindOf({ group, version, resource });
          const type = kind && kinds.typeOf(kind);
          if (type) found.set(`${formatApiVersion(group, version)}, Kind=${kind.kind}`, type);
        }
      }
    }
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, maxTypes);
  return sorted.map(([name, type]) => ({ name, type }));
}
