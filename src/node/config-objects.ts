import type { ConfigMap, Secret } from '../api/generated/types.ts';
import { ApiError } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { NodeApi } from './node-api.ts';

interface Kept<T> {
  found: Promise<T | undefined>;
  asked: number;
}

/** Pods that start together share one request; a minute-old volume still gets what is new. */
const freshFor = 2_000;
const maxKept = 256;

/** ConfigMaps and Secrets by name, as fresh as a request a moment ago. */
export class ConfigObjects {
  readonly #api: NodeApi;
  readonly #clock: Clock;
  readonly #configMaps = new Map<string, Kept<ConfigMap>>();
  readonly #secrets = new Map<string, Kept<Secret>>();

  constructor(deps: { api: NodeApi; clock: Clock }) {
    this.#api = deps.api;
    this.#clock = deps.clock;
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#get(this.#configMaps, `${namespace}/${name}`, () =>
      this.#api.configMaps.get(namespace, name),
    );
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#get(this.#secrets, `${namespace}/${name}`, () => this.#api.secrets.get(namespace, name));
  }

  #get<T>(kept: Map<string, Kept<T>>, key: string, ask: () => Promise<T>): Promise<T | undefined> {
    const now = this.#clock.monotonic();
    const present = kept.get(key);
    if (present && now - present.asked < freshFor) return present.found;
    const found = ask().catch(error => {
      kept.delete(key);
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    });
    kept.delete(key);
    kept.set(key, { found, asked: now });
    if (kept.size > maxKept) kept.delete(kept.keys().next().value!);
    return found;
  }
}
