import type { MatchResources, ParamRef } from '../../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../../api/objects.ts';
import { compileMatch, type MatchCriteria } from './policy-match.ts';

interface PolicyObject extends KubeObject {
  spec?: { matchConstraints?: MatchResources };
}

interface BindingObject extends KubeObject {
  spec?: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources };
}

/** A binding with its selectors read. */
export interface IndexedBinding<B> {
  readonly binding: Stored<B & BindingObject>;
  readonly match: MatchCriteria;
}

/** A policy with the bindings that put it to work, and what its expressions compile to. */
export interface IndexedPolicy<P, B, C> {
  readonly policy: Stored<P & PolicyObject>;
  readonly match: MatchCriteria;
  readonly bindings: readonly IndexedBinding<B>[];
  /** Compiled when it is first needed. */
  readonly compiled: C;
}

/** Admission policies and their bindings, by name. A policy without a binding does nothing. */
export class PolicyIndex<P extends PolicyObject, B extends BindingObject, C> {
  readonly #compile: (policy: P) => C;
  readonly #policies = new Map<string, Omit<IndexedPolicy<P, B, C>, 'bindings'>>();
  readonly #bindings = new Map<string, IndexedBinding<B>>();
  #ordered: readonly IndexedPolicy<P, B, C>[] | undefined;

  constructor(compile: (policy: P) => C) {
    this.#compile = compile;
  }

  setPolicy(policy: Stored<P>): void {
    const compile = this.#compile;
    let compiled: C | undefined;
    this.#policies.set(policy.metadata.name, {
      policy,
      match: compileMatch(policy.spec?.matchConstraints),
      get compiled() {
        compiled ??= compile(policy);
        return compiled;
      },
    });
    this.#ordered = undefined;
  }

  removePolicy(policy: Stored<P>): void {
    this.#policies.delete(policy.metadata.name);
    this.#ordered = undefined;
  }

  setBinding(binding: Stored<B>): void {
    const match = compileMatch(binding.spec?.matchResources);
    this.#bindings.set(binding.metadata.name, { binding, match });
    this.#ordered = undefined;
  }

  removeBinding(binding: Stored<B>): void {
    this.#bindings.delete(binding.metadata.name);
    this.#ordered = undefined;
  }

  /** Those that are bound, in the order of their names. */
  get bound(): readonly IndexedPolicy<P, B, C>[] {
    this.#ordered ??= this.#order();
    return this.#ordered;
  }

  #order(): IndexedPolicy<P, B, C>[] {
    const byName = <T>(entries: Map<string, T>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const bindings = byName(this.#bindings).map(([, binding]) => binding);
    const bound: IndexedPolicy<P, B, C>[] = [];
    for (const [name, indexed] of byName(this.#policies)) {
      const its = bindings.filter(({ binding }) => binding.spec?.policyName === name);
      if (its.length === 0) continue;
      bound.push({
        policy: indexed.policy,
        match: indexed.match,
        bindings: its,
        get compiled() {
          return indexed.compiled;
        },
      });
    }
    return bound;
  }
}
