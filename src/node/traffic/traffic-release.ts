import type { Node } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import { PeerQuestions } from './peer-questions.ts';
import type { PeerRules } from './peer-rules.ts';
import { readyPeers } from './ready-peers.ts';
import type { TrafficRules } from './traffic-rules.ts';

export interface TrafficReleaseDeps {
  clock: Clock;
  log: Logger;
  /** Of this node. */
  rules: TrafficRules;
  peers: PeerRules;
  nodes: Informer<Node>;
}

/** Tells when no node sends new connections to a pod any more. */
export class TrafficRelease {
  readonly #deps: TrafficReleaseDeps;
  readonly #nodeName: string;
  readonly #stopping: AbortSignal;
  /** Those that a question is under way to, by the node's name. */
  readonly #questions = new Map<string, PeerQuestions>();

  constructor(deps: TrafficReleaseDeps, options: { nodeName: string; stopping: AbortSignal }) {
    this.#deps = deps;
    this.#nodeName = options.nodeName;
    this.#stopping = options.stopping;
  }

  /**
   * Resolves with true when no rules of this node and of the other Ready ones send new connections to these
   * addresses; with false, at once, where no Service has them, and when `signal` aborts first. A node that does not
   * answer is waited for 2 s at most.
   */
  async whenReleased(addresses: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { rules, nodes } = this.#deps;
    const revision = await rules.whenReleased(addresses, signal);
    if (revision === undefined) return false;
    const peers = readyPeers(nodes.list(), this.#nodeName);
    const all = Promise.all(peers.map(peer => this.#questionsTo(peer.name).ask(peer, revision)));
    await Promise.race([all, aborted(signal)]);
    return !signal.aborted;
  }

  #questionsTo(name: string): PeerQuestions {
    let questions = this.#questions.get(name);
    if (!questions) {
      const onIdle = () => this.#questions.delete(name);
      questions = new PeerQuestions(this.#deps, { stopping: this.#stopping, onIdle });
      this.#questions.set(name, questions);
    }
    return questions;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
