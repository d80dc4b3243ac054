import { admissionEnvironment } from './admission-environment.ts';
import { type Compiled, compileCel } from './cel.ts';
import { mutationStructType } from './mutation-types.ts';
import { type CelType, dynType, type ObjectField, type ObjectType } from './types.ts';

export interface PolicyOptions {
  /** The policy has a paramKind. */
  readonly params: boolean;
  /** It makes objects and patches. */
  readonly mutating: boolean;
  /** For type checking: of what the policy matches, and of its parameters. */
  readonly objectType?: CelType;
  readonly paramsType?: CelType;
}

export interface ExpressionOptions {
  readonly result?: readonly CelType[];
  /** Messages know no authorizer. */
  readonly authorizer?: boolean;
  /** Match conditions know no variables. */
  readonly variables?: boolean;
}

/** Compiles the expressions of one admission policy. Each variable knows those before it. */
export class PolicyCompiler {
  readonly #options: PolicyOptions;
  readonly #fields = new Map<string, ObjectField>();

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  /** A variable that fails to compile is known to those after it all the same. */
  addVariable(name: string, expression: string): Compiled {
    const compiled = this.compile(expression);
    this.#fields.set(name, { name, type: compiled.program?.type ?? dynType });
    return compiled;
  }

  compile(expression: string, options: ExpressionOptions = {}): Compiled {
    const { authorizer = true, variables = true, result } = options;
    const { params, mutating, objectType, paramsType } = this.#options;
    const environment = admissionEnvironment({
      params,
      authorizer,
      namespaceObject: true,
      mutating,
      ...(objectType && { objectType }),
      ...(paramsType && { paramsType }),
      ...(variables && { variables: this.variablesType }),
    });
    const withStructs = mutating ? { ...environment, structType: mutationStructType } : environment;
    return compileCel(expression, withStructs, { result });
  }

  get variablesType(): ObjectType {
    return { kind: 'object', name: 'kubernetes.variables', fields: new Map(this.#fields) };
  }
}
