import type { ServerResponse } from 'node:http';
import { isResourceVersion } from '../../api/resource-version.ts';
import type { Clock } from '../../base/clock.ts';
import { answerPatience } from '../traffic/peer-questions.ts';
import type { TrafficRules } from '../traffic/traffic-rules.ts';
import { RequestError } from './log-request.ts';

/** Questions held for one client at most; an agent asks one at a time, and one anew when it was restarted. */
const heldPerClient = 4;

/** Answers other nodes' agents when this node's service rules follow the EndpointSlices of a version. */
export class RulesAnswers {
  readonly #deps: { clock: Clock; rules: TrafficRules };
  readonly #held = new Map<string, number>();

  constructor(deps: { clock: Clock; rules: TrafficRules }) {
    this.#deps = deps;
  }

  /**
   * 200 when it is so, 504 when it is not within 2 s.
   * @throws RequestError 400, 429
   */
  async answer(client: string, query: URLSearchParams, response: ServerResponse, stopping: AbortSignal) {
    const revision = query.get('written') ?? '';
    if (!isResourceVersion(revision)) throw new RequestError(400, 'written: not a resourceVersion');
    const held = this.#held.get(client) ?? 0;
    if (held >= heldPerClient) throw new RequestError(429, 'too many questions at a time');
    this.#held.set(client, held + 1);
    const over = new AbortController();
    response.once('close', () => over.abort());
    const cancel = this.#deps.clock.after(answerPatience, () => over.abort());
    try {
      const signal = AbortSignal.any([over.signal, stopping]);
      const written = await this.#deps.rules.whenWritten(revision, signal);
      response.writeHead(written ? 200 : 504).end();
    } finally {
      cancel();
      this.#letGo(client);
    }
  }

  #letGo(client: string): void {
    const held = (this.#held.get(client) ?? 1) - 1;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
  }
}
