import type { Exchange, UpstreamServer } from './exchange.ts';

/** What a fake server does with a query: answers, stays silent, or fails. */
export type FakeUpstreamServer = (query: Buffer, protocol: 'udp' | 'tcp') => Buffer | 'silence' | Error;

/** Servers in memory by address, with a list of who was asked. */
export class FakeExchange implements Exchange {
  readonly servers = new Map<string, FakeUpstreamServer>();
  readonly asked: string[] = [];

  udp(server: UpstreamServer, query: Buffer, signal: AbortSignal): Promise<Buffer> {
    return this.#ask(server, query, 'udp', signal);
  }

  tcp(server: UpstreamServer, query: Buffer, signal: AbortSignal): Promise<Buffer> {
    return this.#ask(server, query, 'tcp', signal);
  }

  #ask(
    { address }: UpstreamServer,
    query: Buffer,
    protocol: 'udp' | 'tcp',
    signal: AbortSignal,
  ): Promise<Buffer> {
    this.asked.push(`${protocol} ${address}`);
    const outcome = this.servers.get(address)?.(query, protocol) ?? 'silence';
    if (Buffer.isBuffer(outcome)) return Promise.resolve(outcome);
    if (outcome instanceof Error) return Promise.reject(outcome);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
}
