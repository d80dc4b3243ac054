/** The verbs of the two resources over what is kept in etcd. */
import type { ServerResponse } from 'node:http';
import type { ClusterApi } from './cluster-api.ts';
import { type Etcd, HistoryGone, type Kept } from './etcd.ts';
import { type Form, formOf, shown, shownList } from './forms.ts';
import {
  check,
  decodeObject,
  group,
  keyPrefix,
  mergePatch,
  newObject,
  type WardleObject,
  type WardleResource,
} from './objects.ts';
import { selectorOf } from './selection.ts';
import { badRequest, conflict, notFound, StatusError } from './status.ts';

/** A request for objects, taken apart. */
export interface ResourceRequest {
  method: string;
  resource: WardleResource;
  namespace?: string | undefined;
  name?: string | undefined;
  query: URLSearchParams;
  accept?: string | undefined;
  contentType?: string | undefined;
  body: string;
  signal: AbortSignal;
}

type Answer = { code: number; body: object };

export class WardleApi {
  readonly #etcd: Etcd;
  readonly #cluster: ClusterApi;

  constructor(etcd: Etcd, cluster: ClusterApi) {
    this.#etcd = etcd;
    this.#cluster = cluster;
  }

  /** @throws StatusError */
  async answer(request: ResourceRequest): Promise<Answer> {
    const form = formOf(request.accept);
    if (request.name !== undefined) return this.#one(request, request.name, form);
    switch (request.method) {
      case 'GET':
        return { code: 200, body: await this.#list(request, form) };
      case 'POST':
        return { code: 201, body: shown(await this.#create(request), form) };
      case 'DELETE':
        return { code: 200, body: await this.#deleteAll(request, form) };
      default:
        throw notAllowed();
    }
  }

  async #one(request: ResourceRequest, name: string, form: Form): Promise<Answer> {
    switch (request.method) {
      case 'GET':
        return { code: 200, body: shown((await this.#read(request, name)).object, form) };
      case 'PUT': {
        const asked = decodeObject(request.body, request.resource);
        if (asked.metadata.name !== name) throw badRequest(`the name of the object is not ${name}`);
        return { code: 200, body: shown(await this.#change(request, name, () => asked), form) };
      }
      case 'PATCH': {
        if (!request.contentType?.startsWith('application/merge-patch+json')) throw unsupported();
        const { resource } = request;
        const patch = JSON.parse(request.body);
        const patched = (old: WardleObject) => decodeObject(JSON.stringify(mergePatch(old, patch)), resource);
        return { code: 200, body: shown(await this.#change(request, name, patched), form) };
      }
      case 'DELETE':
        return { code: 200, body: await this.#delete(request, name, form) };
      default:
        throw notAllowed();
    }
  }

  /** Writes the events to `response` until the client goes or its time is over. @throws StatusError */
  async watch(request: ResourceRequest, response: ServerResponse): Promise<void> {
    const form = formOf(request.accept);
    const { resource, namespace, query, signal } = request;
    if (query.has('sendInitialEvents')) {
      // What a server answers that does not know them; clients list then.
      const why =
        'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
      throw new StatusError(422, 'Invalid', `ListOptions.meta.k8s.io "" is invalid: ${why}`);
    }
    const matches = selectorOf(query);
    const prefix = keyPrefix(resource, namespace);
    const write = (type: string, object: WardleObject) =>
      response.write(`${JSON.stringify({ type, object: shown(object, form) })}\n`);
    let from = Number(query.get('resourceVersion') ?? 0);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from === 0) {
      const { kept, revision } = await this.#etcd.list(prefix);
      for (const each of kept.map(objectOf)) if (matches(each)) write('ADDED', each);
      from = revision;
    }
    try {
      for await (const changes of this.#etcd.watch(prefix, from, signal)) {
        for (const { kept, previous, revision } of changes) {
          const before = previous && objectOf(previous);
          const now = kept && objectOf(kept);
          const was = before !== undefined && matches(before);
          const is = now !== undefined && matches(now);
          if (is) write(was ? 'MODIFIED' : 'ADDED', now);
          else if (was) {
            before.metadata.resourceVersion = String(revision);
            write('DELETED', before);
          }
        }
      }
    } catch (error) {
      if (!(error instanceof HistoryGone)) throw error;
      const { status } = new StatusError(
        410,
        'Expired',
        'The resourceVersion for the provided watch is too old.',
      );
      response.write(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    }
  }

  async #list({ resource, namespace, query }: ResourceRequest, form: Form): Promise<object> {
    const matches = selectorOf(query);
    const { kept, revision } = await this.#etcd.list(keyPrefix(resource, namespace));
    return shownList(kept.map(objectOf).filter(matches), revision, resource, form);
  }

  async #create({ resource, namespace, body, query }: ResourceRequest): Promise<WardleObject> {
    if (namespace !== undefined) await this.#checkNamespace(namespace);
    const object = newObject(decodeObject(body, resource), resource, namespace);
    const { name } = object.metadata;
    if (resource.kind === 'Flunder') await this.#checkFischers(name);
    if (query.get('dryRun') === 'All') return object;
    const revision = await this.#etcd.put(keyPrefix(resource, namespace) + name, JSON.stringify(object), 0);
    if (revision !== undefined) return withRevision(object, revision);
    const message = `${resource.plural}.${group} ${JSON.stringify(name)} already exists`;
    throw new StatusError(409, 'AlreadyExists', message, { name, group, kind: resource.plural });
  }

  /** @throws StatusError 404, 403: nothing is made in a namespace that is not there or goes. */
  async #checkNamespace(name: string): Promise<void> {
    const { code, body } = await this.#cluster.ask('GET', `/api/v1/namespaces/${encodeURIComponent(name)}`);
    if (code === 404) throw notFound('namespaces', '', name);
    if (code !== 200) throw new StatusError(500, 'InternalError', `namespace ${name}: ${body.message}`);
    if (body.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    throw new StatusError(403, 'Forbidden', why);
  }

  /** The sample's own admission plugin: Fischers name the Flunders that may not be. */
  async #checkFischers(name: string): Promise<void> {
    const fischers = resourceList(await this.#etcd.list(`/registry/${group}/fischers/`));
    if (!fischers.some(fischer => fischer.disallowedFlunders?.includes(name))) return;
    throw new StatusError(
      403,
      'Forbidden',
      `flunders.${group} ${JSON.stringify(name)} is forbidden: this name may not be used, please change the resource name`,
    );
  }

  async #read({ resource, namespace }: ResourceRequest, name: string) {
    const kept = await this.#etcd.get(keyPrefix(resource, namespace) + name);
    if (!kept) throw notFound(resource.plural, group, name);
    return { kept, object: objectOf(kept) };
  }

  /** Tries again where another write came in between, unless the new object names the version it is of. */
  async #change(
    request: ResourceRequest,
    name: string,
    next: (old: WardleObject) => WardleObject,
  ): Promise<WardleObject> {
    const { resource, query } = request;
    for (;;) {
      const { kept, object: old } = await this.#read(request, name);
      const wanted = next(old);
      const asked = wanted.metadata.resourceVersion;
      if (asked && asked !== old.metadata.resourceVersion) {
        const why =
          'the object has been modified; please apply your changes to the latest version and try again';
        throw conflict(resource.plural, group, name, why);
      }
      if (wanted.metadata.uid && wanted.metadata.uid !== old.metadata.uid) {
        throw conflict(resource.plural, group, name, 'Precondition failed: UID in precondition differs');
      }
      const { resourceVersion: _, ...given } = wanted.metadata;
      const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
      const metadata = {
        ...given,
        ...defined({ uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds }),
      };
      const object: WardleObject = { ...wanted, metadata };
      check(object, resource);
      if (query.get('dryRun') === 'All') return withRevision(object, kept.revision);
      const goes = deletionTimestamp !== undefined && !metadata.finalizers?.length;
      const revision = goes
        ? await this.#etcd.delete(kept.key, kept.revision)
        : await this.#etcd.put(kept.key, JSON.stringify(object), kept.revision);
      if (revision !== undefined) return withRevision(object, revision);
    }
  }

  async #delete(request: ResourceRequest, name: string, form: Form): Promise<object> {
    const options = request.body === '' ? {} : JSON.parse(request.body);
    const { kept, object } = await this.#read(request, name);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (
      (uid && uid !== object.metadata.uid) ||
      (resourceVersion && Number(resourceVersion) !== kept.revision)
    ) {
      throw conflict(request.resource.plural, group, name, 'Precondition failed');
    }
    const policy = options.propagationPolicy;
    const waits = { Foreground: 'foregroundDeletion', Orphan: 'orphan' }[policy as 'Foreground' | 'Orphan'];
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), ...(waits ? [waits] : [])])];
    if (request.query.get('dryRun') !== 'All') {
      if (finalizers.length === 0) {
        if ((await this.#etcd.delete(kept.key, kept.revision)) === undefined)
          return this.#delete(request, name, form);
      } else if (object.metadata.deletionTimestamp === undefined) {
        const deletionTimestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
        const metadata = { ...object.metadata, finalizers, deletionTimestamp, deletionGracePeriodSeconds: 0 };
        const marked = { ...object, metadata };
        const revision = await this.#etcd.put(kept.key, JSON.stringify(marked), kept.revision);
        if (revision === undefined) return this.#delete(request, name, form);
        return shown(withRevision(marked, revision), form);
      } else return shown(object, form);
    }
    const details = { name, group, kind: request.resource.plural, uid: object.metadata.uid };
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  }

  async #deleteAll(request: ResourceRequest, form: Form): Promise<object> {
    const { resource, namespace, query } = request;
    const matches = selectorOf(query);
    const { kept, revision } = await this.#etcd.list(keyPrefix(resource, namespace));
    const chosen = kept.map(objectOf).filter(matches);
    for (const { metadata } of chosen) {
      const one = { ...request, namespace: metadata.namespace };
      await this.#delete(one, metadata.name, form).catch(error => {
        if (!(error instanceof StatusError && error.code === 404)) throw error;
      });
    }
    return shownList(chosen, revision, resource, form);
  }
}

function objectOf({ value, revision }: Kept): WardleObject {
  return withRevision(JSON.parse(value), revision);
}

function resourceList({ kept }: { kept: Kept[] }): WardleObject[] {
  return kept.map(objectOf);
}

function withRevision(object: WardleObject, revision: number): WardleObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function defined<T extends object>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function notAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message);
}

function unsupported(): StatusError {
  const message =
    'the body of the request was in an unknown format - accepted media types include: application/merge-patch+json';
  return new StatusError(415, 'UnsupportedMediaType', message);
}
