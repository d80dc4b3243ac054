/**
 * A part of a process that runs: constructed inert, started once, stopped once.
 * `start` resolves when the component is ready for use; `stop` resolves when nothing of it runs any more.
 */
export interface Component {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts components in order and stops them in the reverse order. A start that fails stops what was
 * started before it and rejects with that failure.
 */
export class ComponentGroup implements Component {
  readonly name: string;
  readonly #components: readonly Component[];
  #started: Component[] = [];

  constructor(name: string, components: readonly Component[]) {
    this.name = name;
    this.#components = components;
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const component of this.#components) {
      signal.throwIfAborted();
      try {
        await component.start(signal);
      } catch (cause) {
        await this.stop();
        throw new Error(`${component.name} did not start`, { cause });
      }
      this.#started.push(component);
    }
  }

  /** Stops every started component even when one of them fails; the first failure is thrown at the end. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const component of this.#started.reverse()) {
      await component.stop().catch(error => failures.push(error));
    }
    this.#started = [];
    if (failures.length > 0) throw failures[0];
  }
}
