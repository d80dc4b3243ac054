import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/objects.ts';
import { cloneJson } from '../objects/decoded.ts';

/**
 * Whether plugins that change objects are asked a second time, because one after them changed the object again,
 * and which of a plugin's own calls are repeated (upstream: admission/plugin/webhook/mutating/reinvocationcontext.go).
 */
export class Reinvocation {
  /** The second round is under way. */
  again = false;
  /** A plugin changed the object: there is to be a second round. */
  wanted = false;
  readonly #calls = new Map<string, ReinvokedCalls>();

  /** The calls of one plugin. */
  of(plugin: string): ReinvokedCalls {
    let calls = this.#calls.get(plugin);
    if (!calls) {
      calls = new ReinvokedCalls();
      this.#calls.set(plugin, calls);
    }
    return calls;
  }
}

/** The calls of one plugin that may be repeated, by a key of the plugin's own. */
export class ReinvokedCalls {
  #lastOutput: unknown;
  #made = new Set<string>();
  #due = new Set<string>();

  isDue(key: string): boolean {
    return this.#due.has(key);
  }

  /** A call that may be repeated was made. */
  made(key: string): void {
    this.#made.add(key);
  }

  /** The object has changed since: the calls made so far are to be repeated. */
  changed(): void {
    for (const key of this.#made) this.#due.add(key);
    this.#made = new Set();
  }

  /** Whether others have changed the object since `remember`. */
  differs(object: KubeObject | undefined): boolean {
    return !isDeepStrictEqual(this.#lastOutput, cloneJson(object));
  }

  remember(object: KubeObject | undefined): void {
    this.#lastOutput = cloneJson(object);
  }
}
