import type { EndpointSlice, Namespace, Service } from '../api/generated/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { Logger } from '../base/log.ts';
import type { Informer } from '../client/informer.ts';
import { ClusterZone } from './cluster-zone.ts';
import { DnsMetrics } from './dns-metrics.ts';
import { type Exchange, socketExchange } from './exchange.ts';
import { Forwarder, type ForwarderOptions } from './forwarder.ts';
import { MetricsListener } from './metrics-listener.ts';
import { QueryHandler } from './query-handler.ts';
import { RecordIndex } from './record-index.ts';
import { type TcpLimits, TcpListener } from './tcp-listener.ts';
import { type ListenAddress, UdpListener } from './udp-listener.ts';

export interface DnsServerDeps {
  clock: Clock;
  log: Logger;
  services: Informer<Service>;
  endpointSlices: Informer<EndpointSlice>;
  namespaces: Informer<Namespace>;
  exchange?: Exchange;
}

export interface DnsServerOptions {
  /** `cluster.local` */
  domain: string;
  /** Where it listens, over UDP and TCP. The addresses must be on the machine when it starts. */
  listen: readonly ListenAddress[];
  /** Where its metrics are served over HTTP. */
  metrics?: readonly ListenAddress[];
  /** The DNS Service's addresses: those of the zone's name server. */
  serverAddresses: readonly string[];
  /** The servers for other names; without any they are refused. */
  forward?: ForwarderOptions;
  /** Of records, seconds. */
  ttl?: number;
  /** Of negative answers, seconds. */
  negativeTtl?: number;
  tcpLimits?: Partial<TcpLimits>;
}

/** Tries at a port that is free for UDP and for TCP. */
const portAttempts = 8;

/**
 * The cluster's DNS on a node: answers from watched objects, so also while the API server is away, and asks
 * other servers for what is not the cluster's.
 */
export class DnsServer implements Component {
  readonly name = 'dns';
  readonly #deps: DnsServerDeps;
  readonly #options: DnsServerOptions;
  readonly #index = new RecordIndex();
  readonly #metrics = new DnsMetrics();
  readonly #handler: QueryHandler;
  #unsubscribe: (() => void)[] = [];
  #udp: UdpListener[] = [];
  #tcp: TcpListener[] = [];
  #http: MetricsListener[] = [];

  constructor(deps: DnsServerDeps, options: DnsServerOptions) {
    this.#deps = deps;
    this.#options = options;
    const { domain, ttl = 30, negativeTtl = 5, serverAddresses, forward } = options;
    const zone = new ClusterZone(this.#index, {
      domain: domain.toLowerCase(),
      ttl,
      negativeTtl,
      serverAddresses,
    });
    const metrics = this.#metrics;
    const asks = forward && (forward.upstreams.length > 0 || (forward.zones?.length ?? 0) > 0);
    const { clock, exchange = socketExchange, services, endpointSlices, namespaces } = deps;
    this.#handler = new QueryHandler({
      index: this.#index,
      zone,
      metrics,
      ...(asks && { forwarder: new Forwarder({ clock, exchange, metrics }, forward) }),
      ready: () => services.synced && endpointSlices.synced && namespaces.synced,
    });
  }

  /** The address and port of each listener, in the order of `listen`. */
  get listening(): ListenAddress[] {
    return this.#udp.map(({ port }, index) => ({ address: this.#options.listen[index]!.address, port }));
  }

  /** The port of each listener of `metrics`. */
  get metricsPorts(): number[] {
    return this.#http.map(({ port }) => port);
  }

  /** Metrics in the text format of Prometheus. */
  metrics(): string {
    return this.#metrics.text();
  }

  async start(_signal: AbortSignal): Promise<void> {
    this.#subscribe();
    try {
      for (const at of this.#options.listen) await this.#listen(at);
      for (const at of this.#options.metrics ?? []) await this.#serveMetrics(at);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    await Promise.all([...this.#udp, ...this.#tcp, ...this.#http].map(listener => listener.stop()));
    this.#udp = [];
    this.#tcp = [];
    this.#http = [];
  }

  /** UDP and TCP on one port. Where any will do (port 0), the kernel's choice for UDP may be taken for TCP. */
  async #listen(at: ListenAddress): Promise<void> {
    const deps = { handler: this.#handler, clock: this.#deps.clock, log: this.#deps.log };
    for (let attempt = 1; ; attempt++) {
      const udp = new UdpListener(deps, at);
      this.#udp.push(udp);
      try {
        await udp.start();
        const tcp = new TcpListener(deps, { address: at.address, port: udp.port }, this.#options.tcpLimits);
        await tcp.start();
        this.#tcp.push(tcp);
        return;
      } catch (cause) {
        this.#udp.pop();
        await udp.stop();
        const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!taken || at.port !== 0 || attempt === portAttempts)
          throw new Error(`DNS cannot listen on ${at.address}:${at.port}`, { cause });
      }
    }
  }

  async #serveMetrics(at: ListenAddress): Promise<void> {
    const listener = new MetricsListener(() => this.metrics(), at);
    this.#http.push(listener);
    await listener.start().catch(cause => {
      throw new Error(`DNS metrics cannot be served on ${at.address}:${at.port}`, { cause });
    });
  }

  #subscribe(): void {
    const index = this.#index;
    const { services, endpointSlices, namespaces } = this.#deps;
    this.#unsubscribe = [
      namespaces.addHandler({
        added: namespace => index.setNamespace(namespace),
        deleted: namespace => index.removeNamespace(namespace),
      }),
      services.addHandler({
        added: service => index.setService(service),
        updated: service => index.setService(service),
        deleted: service => index.removeService(service),
      }),
      endpointSlices.addHandler({
        added: slice => index.setSlice(slice),
        updated: (slice, previous) => {
          if (serviceLabel(slice) !== serviceLabel(previous)) index.removeSlice(previous);
          index.setSlice(slice);
        },
        deleted: slice => index.removeSlice(slice),
      }),
    ];
  }
}

function serviceLabel({ metadata }: EndpointSlice): string | undefined {
  return metadata?.labels?.['kubernetes.io/service-name'];
}
