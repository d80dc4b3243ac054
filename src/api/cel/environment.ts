import type { FunctionTable } from './signatures.ts';
import type { CelType, ObjectType } from './types.ts';

/** What an expression may speak of. */
export interface CelEnvironment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: FunctionTable;
  /** Types that expressions can make objects of: `Object.spec{…}`. */
  structType?(name: string): ObjectType | undefined;
}
