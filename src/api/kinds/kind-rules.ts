import type { KubeObject } from '../objects.ts';
import type { Findings } from './findings.ts';
import type { NameRule } from './object-name.ts';

/**
 * What one kind adds to the generic registry: its defaults, its strategy (what the server sets, keeps and
 * clears) and its validation. All functions are pure but for the fresh object handed to `defaults` and
 * `prepare…`, which they change in place. Metadata is checked by the registry.
 */
export interface KindRules<T extends KubeObject = KubeObject> {
  /** What `metadata.name` must look like. Default: a DNS subdomain. */
  name?: NameRule;
  /**
   * The kind has a status the client can't set on create and that only the status subresource changes.
   * On create it is cleared, or set to what `initialStatus` returns.
   */
  hasStatus?: boolean;
  initialStatus?(object: T): object;
  /**
   * `metadata.generation` starts at 1 and grows with each change that `generationOf` sees; `spec` when that is
   * not given.
   */
  hasGeneration?: boolean;
  generationOf?(object: T): unknown;
  /** A PUT may create the object. Default no. */
  createOnUpdate?: boolean;
  /** A PUT without resourceVersion overwrites. Default yes. */
  unconditionalUpdate?: boolean;

  defaults?(object: T): void;
  prepareForCreate?(object: T): void;
  prepareForUpdate?(object: T, old: T): void;
  prepareForStatusUpdate?(object: T, old: T): void;
  validate?(object: T, out: Findings): void;
  /** Default: `validate` again. */
  validateUpdate?(object: T, old: T, out: Findings): void;
  validateStatusUpdate?(object: T, old: T, out: Findings): void;
}
