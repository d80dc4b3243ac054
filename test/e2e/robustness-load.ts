import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import type { ConfigMap, Pod } from '../../src/api/generated/types.ts';
import type { KubeList, Stored } from '../../src/api/objects.ts';
import { ApiError } from '../../src/api/status.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { HttpTransport } from '../../src/client/http-transport.ts';
import { clusterFolder } from './cluster.ts';

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The API of an isolated cluster, over the server's Unix socket. */
export function apiOf(cluster: string): HttpTransport {
  const config = parse(readFileSync(join(clusterFolder(cluster), 'kubeconfig'), 'utf8'));
  const text = (base64: string) => Buffer.from(base64, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = config.clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = config.users[0].user;
  const log = createLogger(systemClock, { component: 'load', level: 'error' });
  return new HttpTransport(
    { clock: systemClock, log },
    {
      server,
      ca: text(ca),
      cert: text(cert),
      key: text(key),
      socketPath: `/run/causeway/${cluster}/api.sock`,
    },
  );
}

/** What the API has acknowledged about an object: its content, or that it is gone; unknown without an answer. */
type Known = { content: string } | 'gone' | 'unknown';

/**
 * Writes ConfigMaps and pods at a moderate rate while things break, and remembers what was acknowledged. An
 * object whose last write got no answer counts for nothing, as with every client of Kubernetes.
 */
export class ApiLoad {
  readonly configMaps = new Map<string, Known>();
  readonly pods = new Map<string, Known>();
  readonly #api: HttpTransport;
  readonly #random: () => number;
  #acknowledged = 0;
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(api: HttpTransport, random: () => number) {
    this.#api = api;
    this.#random = random;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  start(): void {
    this.#running = Promise.all([
      this.#repeat(15, () => this.#changeConfigMap()),
      this.#repeat(15, () => this.#changeConfigMap()),
      this.#repeat(350, () => this.#changePod()),
    ]);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #repeat(interval: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stopping) {
      await work();
      await setTimeout(interval);
    }
  }

  async #changeConfigMap(): Promise<void> {
    const name = `c-${Math.floor(this.#random() * 400)}`;
    const path = '/api/v1/namespaces/default/configmaps';
    const content = String(Math.floor(this.#random() * 1e9));
    const known = this.configMaps.get(name) ?? 'gone';
    const body = { metadata: { name }, data: { content } };
    if (known === 'unknown' || this.#busy.has(name)) return;
    if (known === 'gone') await this.#write(this.configMaps, name, { content }, 'POST', path, body);
    else if (this.#random() < 0.3)
      await this.#write(this.configMaps, name, 'gone', 'DELETE', `${path}/${name}`);
    else await this.#write(this.configMaps, name, { content }, 'PUT', `${path}/${name}`, body);
  }

  #nextPod = 0;

  /** About ten pods at a time. */
  async #changePod(): Promise<void> {
    const path = '/api/v1/namespaces/default/pods';
    const present = [...this.pods].flatMap(([name, known]) => (typeof known === 'object' ? [name] : []));
    if (present.length > 10 || (present.length > 4 && this.#random() < 0.45)) {
      const name = present[Math.floor(this.#random() * present.length)]!;
      await this.#write(this.pods, name, 'gone', 'DELETE', `${path}/${name}`);
      return;
    }
    const name = `p-${this.#nextPod++}`;
    await this.#write(this.pods, name, { content: '' }, 'POST', path, sleeper(name));
  }

  readonly #busy = new Set<string>();

  async #write(
    state: Map<string, Known>,
    name: string,
    then: Known,
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<void> {
    this.#busy.add(name);
    try {
      await this.#api.request({ method, path, body, signal: AbortSignal.timeout(5000) });
      state.set(name, then);
      this.#acknowledged++;
    } catch (error) {
      if (error instanceof ApiError && error.code < 500 && error.code !== 429) {
        throw new Error(`${method} ${path}: ${error.message}`, { cause: error });
      }
      state.set(name, 'unknown');
    } finally {
      this.#busy.delete(name);
    }
  }

  /** What the API has now that is not what it acknowledged. */
  async lost(): Promise<string[]> {
    const configMaps = await this.#list<ConfigMap>('configmaps');
    const pods = await this.#list<Pod>('pods');
    const found = new Map(configMaps.map(each => [each.metadata.name, each.data?.content]));
    const alive = new Set(pods.filter(pod => !pod.metadata.deletionTimestamp).map(pod => pod.metadata.name));
    const lost: string[] = [];
    for (const [name, known] of this.configMaps) {
      const wanted = typeof known === 'object' ? known.content : undefined;
      if (known !== 'unknown' && found.get(name) !== wanted) {
        lost.push(`ConfigMap ${name}: ${found.get(name)} in place of ${wanted}`);
      }
    }
    for (const [name, known] of this.pods) {
      if (known !== 'unknown' && alive.has(name) !== (known !== 'gone')) {
        lost.push(`Pod ${name} is ${alive.has(name) ? 'there' : 'gone'}`);
      }
    }
    return lost;
  }

  async #list<T>(resource: string): Promise<Stored<T & object>[]> {
    const path = `/api/v1/namespaces/default/${resource}`;
    return (await this.#api.request<KubeList<Stored<T & object>>>({ method: 'GET', path })).items;
  }
}

/** A pod that runs until it is deleted, and goes at once then. */
export function sleeper(name: string, nodeName?: string): object {
  const container = { name: 'c', image: 'busybox', command: ['sleep', '100000'] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { ...(nodeName && { nodeName }), terminationGracePeriodSeconds: 0, containers: [container] },
  };
}
