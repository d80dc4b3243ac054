import { createHash } from 'node:crypto';
import { isObject, type JsonObject } from '../../api/json.ts';
import type { Logger } from '../../base/log.ts';
import type { ApiServices, RemoteApi } from './api-services.ts';
import type { RemoteClient } from './remote-client.ts';
import { aggregatedResources } from './resource-list.ts';

/** A group version of another server, for discovery. */
export interface RemoteVersion {
  group: string;
  version: string;
  groupPriority: number;
  versionPriority: number;
  /** Entries of aggregated discovery. */
  resources: readonly object[];
  freshness: 'Current' | 'Stale';
}

/** What another server's OpenAPI documents say of a group version. */
export interface RemoteOpenApi {
  /** `apis/<group>/<version>` */
  path: string;
  /** Where version 3 is, relative to the server; undefined where there is none. */
  v3?: string;
  /** Its paths and definitions in version 2. */
  v2?: { paths: JsonObject; definitions: JsonObject };
  hash: string;
}

interface Documents {
  resources: readonly object[];
  openApi: RemoteOpenApi;
}

/** Milliseconds a server has for one document. */
const documentTime = 10_000;

/** The discovery and OpenAPI documents of other servers, as they were when they were last fetched. */
export class RemoteDocuments {
  readonly #deps: { log: Logger; client: RemoteClient; services: ApiServices };
  readonly #known = new Map<string, Documents>();
  /** Called when discovery has to be made anew. */
  changed: () => void = () => {};

  constructor(deps: { log: Logger; client: RemoteClient; services: ApiServices }) {
    this.#deps = deps;
  }

  forget(name: string): void {
    if (this.#known.delete(name)) this.changed();
  }

  /** Fetches the documents of a server that answers. @throws Error where it does not tell its resources */
  async refresh(remote: RemoteApi): Promise<void> {
    const path = `/apis/${remote.group}/${remote.version}`;
    const list = parsed(await this.#get(remote, path));
    const resources = aggregatedResources(list);
    const openApi = await this.#openApi(remote);
    const before = this.#known.get(remote.name);
    this.#known.set(remote.name, { resources, openApi });
    const same =
      before?.openApi.hash === openApi.hash && JSON.stringify(before.resources) === JSON.stringify(resources);
    if (!same) this.changed();
  }

  versions(): RemoteVersion[] {
    return this.#deps.services.remotes().map(({ name, group, version, spec, available }) => ({
      group,
      version,
      groupPriority: spec.groupPriorityMinimum,
      versionPriority: spec.versionPriority,
      resources: this.#known.get(name)?.resources ?? [],
      freshness: available && this.#known.has(name) ? 'Current' : 'Stale',
    }));
  }

  openApi(): RemoteOpenApi[] {
    const known = this.#deps.services.remotes().map(({ name }) => this.#known.get(name)?.openApi);
    return known.filter(each => each !== undefined);
  }

  async #openApi(remote: RemoteApi): Promise<RemoteOpenApi> {
    const path = `apis/${remote.group}/${remote.version}`;
    const [v3, v2] = await Promise.all([this.#v3(remote, path), this.#v2(remote, path)]);
    const hash = createHash('sha256')
      .update(JSON.stringify([v3, v2]))
      .digest('hex');
    return { path, ...(v3 && { v3 }), ...(v2 && { v2 }), hash };
  }

  async #v3(remote: RemoteApi, path: string): Promise<string | undefined> {
    const index = await this.#optional(remote, '/openapi/v3');
    const paths = isObject(index?.paths) ? index.paths : {};
    const entry = paths[path];
    const url = isObject(entry) ? entry.serverRelativeURL : undefined;
    return typeof url === 'string' ? url : undefined;
  }

  async #v2(remote: RemoteApi, path: string): Promise<RemoteOpenApi['v2']> {
    const document = await this.#optional(remote, '/openapi/v2');
    if (!document) return undefined;
    const all = isObject(document.paths) ? Object.entries(document.paths) : [];
    const paths = Object.fromEntries(
      all.filter(([each]) => each === `/${path}/` || each.startsWith(`/${path}/`)),
    );
    return { paths, definitions: isObject(document.definitions) ? document.definitions : {} };
  }

  /** Servers need not have OpenAPI documents. */
  async #optional(remote: RemoteApi, path: string): Promise<JsonObject | undefined> {
    try {
      const { status, text } = await this.#get(remote, path);
      return status === 200 ? parsed({ status, text }) : undefined;
    } catch (error) {
      this.#deps.log.debug('no OpenAPI document of an extension server', { api: remote.name, path, error });
      return undefined;
    }
  }

  #get(remote: RemoteApi, path: string) {
    return this.#deps.client.get(remote, path, { timeout: documentTime });
  }
}

function parsed({ status, text }: { status: number; text: string }): JsonObject {
  if (status !== 200) throw new Error(`the extension server answered ${status}`);
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error('the extension server answered no JSON object');
  return value;
}
