import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { headerFlag, rcode } from '../wire/dns-message.ts';
import type { Exchange, UpstreamServer } from './exchange.ts';

export interface UpstreamGroupOptions {
  servers: readonly UpstreamServer[];
  /** A server that has not answered for this many milliseconds gets company: the next one is asked too. */
  hedgeAfter?: number;
  /** All tries together end after this many milliseconds; a stub resolver gives up after 5 seconds. */
  deadline?: number;
}

/**
 * Servers of which any can answer. They are asked in the order of their health, the next one when the one
 * before fails, refuses or is slow; the first good answer counts.
 */
export class UpstreamGroup {
  readonly #clock: Clock;
  readonly #exchange: Exchange;
  readonly #options: Required<UpstreamGroupOptions>;
  readonly #failures = new Map<UpstreamServer, number>();

  constructor(deps: { clock: Clock; exchange: Exchange }, options: UpstreamGroupOptions) {
    this.#clock = deps.clock;
    this.#exchange = deps.exchange;
    this.#options = { hedgeAfter: 400, deadline: 4_000, ...options };
  }

  /**
   * Asks with a random id.
   * @param query without id. @throws Error when no server answered; a refusal is answered as it came.
   */
  async ask(query: Buffer): Promise<Buffer> {
    const done = new AbortController();
    const cancel = this.#clock.after(this.#options.deadline, () =>
      done.abort(new Error('no DNS server answered in time')),
    );
    try {
      return await this.#race(query, done.signal);
    } finally {
      cancel();
      done.abort(new Error('answered'));
    }
  }

  #race(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const waiting = this.#inOrder();
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    let running = 0;
    let refusal: Buffer | undefined;
    const next = () => {
      const server = waiting.shift();
      if (!server || signal.aborted) return;
      running++;
      const stopHedge = this.#clock.after(this.#options.hedgeAfter, next);
      this.#try(server, query, signal).then(
        answer => {
          stopHedge();
          running--;
          if (isGood(answer)) resolve(answer);
          else fail(answer);
        },
        error => {
          stopHedge();
          running--;
          fail(undefined, error);
        },
      );
    };
    const fail = (answer?: Buffer, error?: unknown) => {
      refusal = answer ?? refusal;
      if (signal.aborted) reject(signal.reason);
      else if (waiting.length > 0) next();
      else if (running === 0) {
        if (refusal) resolve(refusal);
        else reject(new Error('no DNS server answered', { cause: error }));
      }
    };
    next();
    return promise;
  }

  async #try(server: UpstreamServer, query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const own = Buffer.from(query);
    own.writeUInt16BE(randomInt(0x10000), 0);
    try {
      const answer = await this.#exchange.udp(server, own, signal);
      const whole =
        answer.readUInt16BE(2) & headerFlag.TC ? await this.#exchange.tcp(server, own, signal) : answer;
      this.#failures.delete(server);
      return whole;
    } catch (error) {
      // One that was merely slower than another is not at fault.
      if (!isAnswered(signal)) this.#failures.set(server, (this.#failures.get(server) ?? 0) + 1);
      throw error;
    }
  }

  #inOrder(): UpstreamServer[] {
    const failures = (server: UpstreamServer) => this.#failures.get(server) ?? 0;
    return [...this.#options.servers].sort((a, b) => failures(a) - failures(b));
  }
}

function isGood(answer: Buffer): boolean {
  const code = answer[3]! & 0x0f;
  return code === rcode.NOERROR || code === rcode.NXDOMAIN;
}

function isAnswered(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason instanceof Error && signal.reason.message === 'answered';
}
