import { isAtLeast } from '../../api/resource-version.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Peer, PeerRules } from './peer-rules.ts';

/** Milliseconds that a question waits for its answer, at both ends. */
export const answerPatience = 2_000;
/** Milliseconds until an agent that could not be reached, because it is just being restarted, is asked again. */
const retryPause = 100;

interface Question {
  peer: Peer;
  revision: string;
  done: PromiseWithResolvers<void>;
}

/**
 * What is asked of one other agent. One question is under way at a time; who asks meanwhile shares it, or the next
 * one, where that asks for a later version: however many pods end at once, an agent has one question to hold.
 */
export class PeerQuestions {
  readonly #deps: { clock: Clock; log: Logger; peers: PeerRules };
  readonly #stopping: AbortSignal;
  readonly #onIdle: () => void;
  #current: Question | undefined;
  #next: Question | undefined;

  constructor(
    deps: { clock: Clock; log: Logger; peers: PeerRules },
    options: { stopping: AbortSignal; onIdle: () => void },
  ) {
    this.#deps = deps;
    this.#stopping = options.stopping;
    this.#onIdle = options.onIdle;
  }

  /** Resolves when the rules of `peer` follow `revision`, when it cannot tell, or does not answer in time. */
  ask(peer: Peer, revision: string): Promise<void> {
    const current = this.#current;
    if (current && isAtLeast(current.revision, revision)) return current.done.promise;
    const next = this.#next ?? { peer, revision, done: Promise.withResolvers<void>() };
    next.peer = peer;
    if (isAtLeast(revision, next.revision)) next.revision = revision;
    this.#next = next;
    if (!current) void this.#run();
    return next.done.promise;
  }

  async #run(): Promise<void> {
    while (this.#next) {
      const question = this.#next;
      this.#next = undefined;
      this.#current = question;
      await this.#untilAnswered(question.peer, question.revision);
      this.#current = undefined;
      question.done.resolve();
    }
    this.#onIdle();
  }

  /** Never rejects. */
  async #untilAnswered(peer: Peer, revision: string): Promise<void> {
    const { clock, log, peers } = this.#deps;
    const patience = new AbortController();
    const cancel = clock.after(answerPatience, () => patience.abort(new Error('no answer in time')));
    const signal = AbortSignal.any([patience.signal, this.#stopping]);
    let failure: unknown;
    while (!signal.aborted) {
      try {
        if (!(await peers.whenWritten(peer, revision, signal)))
          log.debug('an agent does not tell of its service rules', { node: peer.name });
        break;
      } catch (error) {
        failure = error;
        await clock.sleep(retryPause, signal).catch(() => {});
      }
    }
    cancel();
    if (patience.signal.aborted)
      log.warn('an agent does not tell of its service rules in time', { node: peer.name, error: failure });
  }
}
