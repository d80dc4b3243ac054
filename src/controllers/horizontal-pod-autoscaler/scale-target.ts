import type { CrossVersionObjectReferenceV2, Scale } from '../../api/generated/types.ts';
import { builtinResources, type ResourceInfo, resourcePath } from '../../api/resources.ts';
import type { Transport } from '../../client/transport.ts';
import { isConflict, isNotFound } from '../api-failures.ts';

/** Where a kind is found. */
export type TargetResource = Pick<ResourceInfo, 'group' | 'version' | 'plural'>;

export interface ScaleTarget {
  resource: TargetResource;
  name: string;
  scale: Scale;
}

/** Tries of a write that others get in the way of. */
const maxTries = 5;

/** Reads and writes the scales of whatever has one, custom resources too. */
export class ScaleTargets {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws Error where there is no such kind, it has no scale, or there is no such object */
  async get(namespace: string, reference: CrossVersionObjectReferenceV2): Promise<ScaleTarget> {
    const resource = await this.resourceOf(reference);
    const { name } = reference;
    const path = resourcePath(resource, { namespace, name, subresource: 'scale' });
    const scale = await this.#transport.request<Scale>({ method: 'GET', path });
    return { resource, name, scale };
  }

  /** @throws Error */
  async resize(namespace: string, { resource, name, scale }: ScaleTarget, replicas: number): Promise<void> {
    const path = resourcePath(resource, { namespace, name, subresource: 'scale' });
    let present = scale;
    for (let tries = 1; ; tries++) {
      const body = { ...present, spec: { ...present.spec, replicas } };
      try {
        await this.#transport.request({ method: 'PUT', path, body });
        return;
      } catch (error) {
        if (!isConflict(error) || tries === maxTries) throw error;
        present = await this.#transport.request<Scale>({ method: 'GET', path });
      }
    }
  }

  /** The resource of a kind, in the version named or another one. @throws Error where there is no such kind */
  async resourceOf({
    apiVersion = 'v1',
    kind,
  }: Pick<CrossVersionObjectReferenceV2, 'apiVersion' | 'kind'>): Promise<TargetResource> {
    const parts = apiVersion.split('/');
    if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
    const group = parts.length === 2 ? parts[0]! : '';
    const version = parts.at(-1)!;
    const builtin = builtinResources.filter(each => each.group === group && each.kind === kind);
    const found =
      builtin.find(each => each.version === version) ??
      builtin[0] ??
      (group === '' ? undefined : await this.#discovered(group, version, kind));
    if (!found) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
    return found;
  }

  async #discovered(group: string, version: string, kind: string): Promise<TargetResource | undefined> {
    const known = await this.#found<{ versions?: { version: string }[] }>(`/apis/${group}`);
    const served = (known?.versions ?? []).map(each => each.version);
    const inOrder = served.includes(version) ? [version, ...served.filter(each => each !== version)] : served;
    for (const each of inOrder) {
      const path = `/apis/${group}/${each}`;
      const list = await this.#found<{ resources?: { name: string; kind: string }[] }>(path);
      const entry = list?.resources?.find(found => found.kind === kind && !found.name.includes('/'));
      if (entry) return { group, version: each, plural: entry.name };
    }
    return undefined;
  }

  #found<T>(path: string): Promise<T | undefined> {
    return this.#transport.request<T>({ method: 'GET', path }).catch(error => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }
}
