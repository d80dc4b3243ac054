import type { Clock } from '../base/clock.ts';
import { cleanUpQueries, type Guide, type GuideItem, stepsOf } from './document.ts';
import { GuideFailure, type Narrator, type Session } from './session.ts';
import { StepRunner } from './step-runner.ts';

export interface GuidePlayerDeps {
  clock: Clock;
  session: Session;
  narrator: Narrator;
}

export interface GuidePlayerOptions {
  /** Stop at the first output that is not what the guide says. Otherwise it is told, and the guide goes on. */
  check: boolean;
}

/** Plays one guide: tells the text, runs the commands, compares what they print. */
export class GuidePlayer {
  readonly #session: Session;
  readonly #narrator: Narrator;
  readonly #steps: StepRunner;
  readonly #check: boolean;

  constructor({ clock, session, narrator }: GuidePlayerDeps, { check }: GuidePlayerOptions) {
    this.#session = session;
    this.#narrator = narrator;
    this.#steps = new StepRunner({ clock, session, narrator });
    this.#check = check;
  }

  /**
   * Plays the guide and cleans up, also after a failure and when `signal` aborts.
   * @throws GuideFailure when checking and an output is not what the guide says; and when the cluster already
   *   has objects that the guide would make and delete: nothing is run then.
   */
  async play(guide: Guide, signal: AbortSignal): Promise<void> {
    await this.#refuseExisting(guide, signal);
    let whole = false;
    try {
      whole =
        (await this.#items(guide, guide.items, signal)) && (await this.#items(guide, guide.cleanUp, signal));
    } finally {
      if (!whole) await this.#cleanUpUnseen(guide);
    }
  }

  /** False when the reader left, or left out a command. */
  async #items(guide: Guide, items: readonly GuideItem[], signal: AbortSignal): Promise<boolean> {
    let whole = true;
    for (const item of items) {
      signal.throwIfAborted();
      if (item.type === 'text') this.#narrator.text(item.markdown);
      else if (item.type === 'file') {
        await this.#session.writeFile(item.name, item.content);
        this.#narrator.file(item.name, item.content);
      } else {
        const answer = await this.#narrator.command(item);
        if (answer === 'quit') return false;
        if (answer === 'skip') whole = false;
        else await this.#step(guide, item, signal);
      }
    }
    return whole;
  }

  async #step(guide: Guide, step: Parameters<StepRunner['run']>[1], signal: AbortSignal): Promise<void> {
    const failure = await this.#steps.run(guide.file, step, signal);
    signal.throwIfAborted();
    this.#narrator.ended(failure);
    if (failure && this.#check) throw failure;
  }

  /** Whatever happened to the signal of the guide: what was made goes. */
  async #cleanUpUnseen(guide: Guide): Promise<void> {
    for (const step of stepsOf(guide.cleanUp)) await this.#steps.runUnseen(step);
  }

  async #refuseExisting(guide: Guide, signal: AbortSignal): Promise<void> {
    const printed: string[] = [];
    for (const query of cleanUpQueries(guide)) {
      await this.#session.run(query, text => printed.push(text), signal);
    }
    const lines = printed
      .join('')
      .split('\n')
      .filter(line => line !== '');
    if (lines.length === 0) return;
    const strange = lines.find(line => !/^[a-z0-9.]+\/\S+$/.test(line));
    if (strange) throw new GuideFailure(`the cluster does not say what it has: ${strange}`);
    const commands = stepsOf(guide.cleanUp).map(step => step.command);
    throw new GuideFailure(
      `the guide "${guide.name}" would change and delete what the cluster already has: ${lines.join(', ')}; if you can do without, run first: ${commands.join(' && ')}`,
    );
  }
}
