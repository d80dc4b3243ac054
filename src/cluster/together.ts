import type { Component } from '../base/component.ts';

/** Components of which none waits for another to start: all at once. */
export class Together implements Component {
  readonly name: string;
  readonly #components: readonly Component[];

  constructor(name: string, components: readonly Component[]) {
    this.name = name;
    this.#components = components;
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#components.map(component =>
        component.start(signal).catch(cause => {
          throw new Error(`${component.name} did not start`, { cause });
        }),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#components.map(component => component.stop()));
  }
}
