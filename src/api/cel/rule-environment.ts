import type { JSONSchemaProps } from '../generated/types.ts';
import type { CelEnvironment } from './environment.ts';
import { kubernetesLibraries } from './kubernetes-functions.ts';
import { typeOfSchema } from './schema-types.ts';
import { FunctionTable } from './signatures.ts';
import { type CelType, dynType, optionalOf } from './types.ts';

export interface RuleOptions {
  /** The schema is that of a whole resource. */
  readonly root: boolean;
  /** `oldSelf` is an optional, so that the rule also runs where there is no old value. */
  readonly optionalOldSelf?: boolean;
}

const functions = new FunctionTable(...kubernetesLibraries);

/** What rules of `x-kubernetes-validations` speak of: `self` and `oldSelf`, of the type their schema describes. */
export function ruleEnvironment(schema: JSONSchemaProps, options: RuleOptions): CelEnvironment {
  const self = selfType(schema, options.root);
  const oldSelf = options.optionalOldSelf ? optionalOf(self) : self;
  return {
    variables: new Map([
      ['self', self],
      ['oldSelf', oldSelf],
    ]),
    functions,
  };
}

/** Rules of one place share a schema, which can be large. */
const roots = new WeakMap<JSONSchemaProps, CelType>();
const others = new WeakMap<JSONSchemaProps, CelType>();

function selfType(schema: JSONSchemaProps, root: boolean): CelType {
  const known = root ? roots : others;
  let type = known.get(schema);
  if (!type) {
    type = typeOfSchema(schema, 'selfType', root) ?? dynType;
    known.set(schema, type);
  }
  return type;
}
