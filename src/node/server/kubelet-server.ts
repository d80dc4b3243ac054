import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Node } from '../../api/generated/types.ts';
import { errorChain } from '../../base/log.ts';
import { rpcMessage } from '../../cri/cri.ts';
import type { PodContext } from '../node-facts.ts';
import { containersOf, type NodePod } from '../pod/pod-identity.ts';
import { containerName, isRunning, readySandbox, runningContainers } from '../pod/pod-runtime.ts';
import type { PodWorkers } from '../pod/pod-workers.ts';
import { rulesPath } from '../traffic/rules-path.ts';
import type { TrafficRules } from '../traffic/traffic-rules.ts';
import { isNode } from './client-identity.ts';
import { kubeletConfiguration } from './configz.ts';
import { readContainerLog } from './container-log.ts';
import { KubeletAccess } from './kubelet-access.ts';
import { logContainer, parseLogOptions, RequestError } from './log-request.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { RulesAnswers } from './rules-answers.ts';
import { StatsSummary } from './stats-summary.ts';
import { proxyStream, refuse } from './stream-proxy.ts';

export interface KubeletServerOptions {
  /** PEM. */
  tls: { ca: string; cert: string; key: string };
  listen: { host: string; port: number };
}

/**
 * The kubelet API: what the API server asks a node for, and, closed to all else, what the agents of other nodes do.
 * Who may use it: `KubeletAccess`.
 */
export class KubeletServer {
  readonly #context: PodContext;
  readonly #workers: PodWorkers;
  readonly #node: () => Node;
  readonly #options: KubeletServerOptions;
  readonly #stats: StatsSummary;
  readonly #rules: RulesAnswers;
  readonly #access: KubeletAccess;
  readonly #stopping = new AbortController();
  /** Upgraded connections; the server itself no longer counts them. */
  readonly #streams = new Set<Socket>();
  #server: https.Server | undefined;

  constructor(
    deps: { context: PodContext; workers: PodWorkers; rules: TrafficRules; node: () => Node },
    options: KubeletServerOptions,
  ) {
    this.#context = deps.context;
    this.#workers = deps.workers;
    this.#node = deps.node;
    this.#options = options;
    const { api, clock, log, cgroups, facts, cache } = deps.context;
    this.#stats = new StatsSummary({
      ...{ clock, cgroups, facts },
      pods: () => deps.workers.list(),
      runtime: uid => cache.get(uid),
    });
    const nodeName = () => deps.node().metadata?.name ?? '';
    this.#access = new KubeletAccess({ reviews: api, clock, log, nodeName });
    this.#rules = new RulesAnswers({ clock: deps.context.clock, rules: deps.rules });
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0;
  }

  async start(): Promise<void> {
    const { tls, listen } = this.#options;
    // Clients without a certificate get a proper 401, so the handshake lets them in.
    const server = https.createServer({ ...tls, requestCert: true, rejectUnauthorized: false });
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket as Socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(listen.port, listen.host, resolve);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    server.closeAllConnections();
    for (const stream of this.#streams) stream.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const client = await this.#access.authenticate(request);
      const url = new URL(request.url ?? '/', 'https://node');
      if (isRulesQuestion(request, url) && isNode(client))
        return await this.#rules.answer(client.name, url.searchParams, response, this.#stopping.signal);
      await this.#access.authorize(request, client);
      await this.#route(url, response);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const status = error instanceof RequestError ? error.status : 500;
      if (status === 500)
        this.#context.log.warn('a request failed', { path: request.url, error: errorChain(error) });
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(error instanceof Error ? error.message : String(error));
    }
  }

  async #route(url: URL, response: ServerResponse): Promise<void> {
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    switch (parts[0]) {
      case 'healthz':
        response.end('ok');
        return;
      case 'configz':
        return json(response, { kubeletconfig: kubeletConfiguration(this.#context.facts) });
      case 'pods':
        return json(response, {
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: {},
          items: this.#workers.list(),
        });
      case 'containerLogs':
        return this.#logs(parts, url.searchParams, response);
      case 'stats':
        if (parts[1] === 'summary') return json(response, await this.#stats.summary());
        break;
      case 'metrics':
        if (parts[1] === 'resource') return this.#resourceMetrics(response);
        return this.#metrics(response);
      case 'causeway':
        if (parts[1] === 'decisions') return this.#decisions(url.searchParams, response);
        break;
      case 'exec':
      case 'attach':
      case 'portForward':
        throw new RequestError(400, 'Upgrade request required');
    }
    throw new RequestError(404, '404 page not found');
  }

  // ── logs ────────────────────────────────────────────────────────────────────────────────────────────────

  async #logs(parts: string[], query: URLSearchParams, response: ServerResponse): Promise<void> {
    const [, namespace = '', name = '', container = ''] = parts;
    const { clock, cache } = this.#context;
    const options = parseLogOptions(query, clock.now());
    const pod = this.#pod(namespace, name);
    const record = logContainer(this.#context, pod, container, options.previous);
    const { id, logPath } = record.status;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal]);
    const running = () => {
      const present = cache.get(pod.metadata.uid).containers.find(({ status }) => status.id === id);
      return present !== undefined && isRunning(present);
    };
    response.writeHead(200, { 'content-type': 'text/plain' });
    if (options.follow) response.flushHeaders();
    for await (const text of readContainerLog(logPath, options, { clock, isRunning: running, signal })) {
      if (signal.aborted) return;
      if (!response.write(text)) await drained(response);
    }
    response.end();
  }

  // ── exec, attach, port-forward ──────────────────────────────────────────────────────────────────────────

  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    this.#streams.add(socket);
    socket.once('close', () => this.#streams.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      await this.#access.authorize(request, await this.#access.authenticate(request));
      const target = await this.#streamTarget(new URL(request.url ?? '/', 'https://node'));
      proxyStream(request, socket, head, target);
    } catch (error) {
      refuse(socket, error instanceof RequestError ? error.status : 500, rpcMessage(error));
    }
  }

  /** The address of the runtime's streaming server for what is asked. */
  async #streamTarget(url: URL): Promise<string> {
    const { cri, cache } = this.#context;
    const [verb, namespace = '', name = '', ...rest] = url.pathname
      .split('/')
      .filter(Boolean)
      .map(decodeURIComponent);
    const pod = this.#pod(namespace, name);
    if (verb === 'portForward') {
      const sandbox = readySandbox(cache.get(pod.metadata.uid));
      if (!sandbox) throw new RequestError(404, `pod "${name}" has no running sandbox`);
      const port = url.searchParams.getAll('port').map(Number).filter(Number.isInteger);
      return cri.portForward({ podSandboxId: sandbox.id, port });
    }
    // Both `…/pod/container` and `…/pod/uid/container` are known.
    const container = rest.at(-1) ?? '';
    const record = runningContainers(cache.get(pod.metadata.uid)).find(c => containerName(c) === container);
    if (!record) throw new RequestError(404, `container not found ("${container}")`);
    const flag = (key: string) => ['1', 'true'].includes(url.searchParams.get(key) ?? '');
    const streams = { stdin: flag('input'), stdout: flag('output'), tty: flag('tty') };
    const stderr = flag('error') && !streams.tty;
    const containerId = record.status.id;
    if (verb === 'exec') {
      return cri.exec({ containerId, cmd: url.searchParams.getAll('command'), ...streams, stderr });
    }
    if (verb !== 'attach') throw new RequestError(404, '404 page not found');
    const tty = containersOf(pod).find(({ spec }) => spec.name === container)?.spec.tty ?? false;
    return cri.attach({ containerId, ...streams, tty, stderr: flag('error') && !tty });
  }

  #pod(namespace: string, name: string): NodePod {
    const found = this.#workers
      .list()
      .find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    if (!found) throw new RequestError(404, `pod "${name}_${namespace}" does not exist`);
    return found;
  }

  // ── figures ─────────────────────────────────────────────────────────────────────────────────────────────

  async #resourceMetrics(response: ServerResponse): Promise<void> {
    const text = resourceMetrics(await this.#stats.summary());
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(text);
  }

  #metrics(response: ServerResponse): void {
    const { cache } = this.#context;
    const running = [...cache.containers()].filter(isRunning).length;
    const { rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const rows: [string, string, number][] = [
      ['kubelet_running_pods', 'gauge', this.#workers.list().length],
      ['kubelet_running_containers', 'gauge', running],
      ['process_resident_memory_bytes', 'gauge', rss],
      ['process_cpu_seconds_total', 'counter', (user + system) / 1e6],
    ];
    const name = this.#node().metadata?.name ?? '';
    const text = rows
      .map(([metric, type, value]) => `# TYPE ${metric} ${type}\n${metric} ${value}\n`)
      .join('');
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`${text}# TYPE kubelet_node_name gauge\nkubelet_node_name{node="${name}"} 1\n`);
  }

  /** `?after=N`: those with a higher sequence. `&follow=true`: each further one as a line, as it is taken. */
  #decisions(query: URLSearchParams, response: ServerResponse): void {
    const { decisions } = this.#context;
    const past = decisions.since(Number(query.get('after') ?? 0));
    if (query.get('follow') !== 'true') {
      json(response, { decisions: past });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    for (const decision of past) response.write(`${JSON.stringify(decision)}\n`);
    const unsubscribe = decisions.subscribe(decision => {
      // A reader that does not keep up is let go, rather than remembered for.
      if (response.writableLength > 4 * 1024 * 1024) response.destroy();
      else response.write(`${JSON.stringify(decision)}\n`);
    });
    response.once('close', unsubscribe);
  }
}

/** The one thing that the agents of other nodes ask for. */
function isRulesQuestion(request: IncomingMessage, url: URL): boolean {
  return request.method === 'GET' && url.pathname === rulesPath;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}
