import type { DeleteOptions } from '../api/generated/types.ts';
import { validateStatusUpdate } from '../api/kinds/registry.ts';
import { type KubeObject, parseApiVersion, type Stored, type WatchEventOf } from '../api/objects.ts';
import { builtinByKind, builtinResources, type ResourceInfo } from '../api/resources.ts';
import { badRequest, invalid, methodNotAllowed } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import { FakeApi, type Loose, plain } from './fake-api.ts';
import { fakePatch } from './fake-patch.ts';
import { type FakeRoute, FakeRoutes } from './fake-routes.ts';
import { selectionOf } from './fake-selection.ts';
import { FakeWatch } from './fake-watch.ts';
import type { ApiRequest, Transport } from './transport.ts';

interface Fault {
  method: string;
  path: RegExp;
  error: unknown;
  left: number;
}

/**
 * A small model of the API server for tests: collections with resourceVersions, selectors, watches, status
 * subresources with the server's validation, merge and strategic patches, conflicts, finalizers, graceful pod deletion, binding, eviction.
 * Faults are injected with `fail`, `unreachable`, `breakWatches` and `compact`.
 */
export class FakeTransport implements Transport {
  /** Every request that came, as `GET /api/v1/pods?limit=500`. */
  readonly requests: string[] = [];
  /** While true nothing gets an answer and watches break. */
  #unreachable = false;
  readonly #api: FakeApi;
  readonly #routes: FakeRoutes;
  readonly #watches = new Set<FakeWatch>();
  #faults: Fault[] = [];

  /** @param options.resources more than the built-in ones, for custom resources. */
  constructor(deps: { clock: Clock }, options: { resources?: readonly ResourceInfo[] } = {}) {
    this.#api = new FakeApi(deps.clock);
    this.#routes = new FakeRoutes([...builtinResources, ...(options.resources ?? [])]);
  }

  async request<T = unknown>(request: ApiRequest): Promise<T> {
    request.signal?.throwIfAborted();
    // An answer comes in a later turn, as over a network.
    await Promise.resolve();
    request.signal?.throwIfAborted();
    this.requests.push(`${request.method} ${request.path}`);
    this.#throwFault(request);
    const body = request.body === undefined ? undefined : plain(request.body);
    return this.#answer(this.#routes.parse(request.path), request, body) as T;
  }

  async *watch<T extends KubeObject>(request: ApiRequest): AsyncIterable<WatchEventOf<T>> {
    await Promise.resolve();
    request.signal?.throwIfAborted();
    this.requests.push(`${request.method} ${request.path}`);
    this.#throwFault(request);
    const { resource, namespace, query } = this.#routes.parse(request.path);
    const watch = new FakeWatch(request.signal);
    const version = query.get('resourceVersion') ?? '';
    const end = this.#api.watch(resource, selectionOf(namespace, query), version, event => watch.push(event));
    this.#watches.add(watch);
    try {
      yield* watch.events() as AsyncIterable<WatchEventOf<T>>;
    } finally {
      end();
      this.#watches.delete(watch);
    }
  }

  /** The newest resourceVersion. */
  get version(): string {
    return String(this.#api.version);
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watches.size;
  }

  /** Puts an object there as it is, status and all, over what is there; `apiVersion` and `kind` must be set. */
  seed<T extends KubeObject>(object: T): Stored<T> {
    const resource = this.#resourceOf(object);
    const namespace = resource.namespaced ? object.metadata?.namespace || 'default' : '';
    const present = this.#api.find(resource, namespace, object.metadata?.name ?? '');
    const loose = plain(object) as Loose;
    if (!present) return this.#api.create(resource, namespace, loose) as Stored<T>;
    return this.#api.replace(resource, present, {
      ...loose,
      metadata: { ...loose.metadata, resourceVersion: '' },
    }) as Stored<T>;
  }

  /** Removes an object at once, whatever its finalizers. */
  unseed(object: KubeObject): void {
    const resource = this.#resourceOf(object);
    const namespace = resource.namespaced ? object.metadata?.namespace || 'default' : '';
    const present = this.#api.find(resource, namespace, object.metadata?.name ?? '');
    if (present) this.#api.remove(resource, present);
  }

  /** What is stored; undefined where there is no such object. `namespace` '' for cluster-wide ones. */
  object<T extends KubeObject>(
    resource: ResourceInfo,
    namespace: string,
    name: string,
  ): Stored<T> | undefined {
    return this.#api.find(resource, namespace, name) as Stored<T> | undefined;
  }

  /** All stored objects of a collection in the order of their names, or those of one namespace. */
  objects<T extends KubeObject>(resource: ResourceInfo, namespace = ''): Stored<T>[] {
    return this.#api.list(resource, selectionOf(namespace, new URLSearchParams())) as Stored<T>[];
  }

  /** The next `times` requests of this method ('*' for any) whose path matches are answered with `error`. */
  fail(method: ApiRequest['method'] | '*', path: RegExp, error: unknown, times = 1): void {
    this.#faults.push({ method, path, error, left: times });
  }

  /** Every request fails and every watch breaks until it is set to false again. */
  set unreachable(value: boolean) {
    this.#unreachable = value;
    if (value) this.breakWatches(new Error('connection refused'));
  }

  /** Ends every open watch, with `error` or as a server does whose time limit is over. */
  breakWatches(error?: unknown): void {
    for (const watch of [...this.#watches]) watch.end(error);
  }

  /** Sends a BOOKMARK of the newest version on every open watch. */
  bookmark(): void {
    const object = { metadata: { resourceVersion: this.version } };
    for (const watch of this.#watches) watch.push({ type: 'BOOKMARK', object });
  }

  /** Forgets the history: a watch from an earlier version, or a continued list, is answered with 410. */
  compact(): void {
    this.#api.compact();
  }

  #resourceOf(object: KubeObject): ResourceInfo {
    const { group, version } = parseApiVersion(object.apiVersion ?? '');
    const found =
      this.#routes.byKind(group, version, object.kind ?? '') ??
      builtinByKind({ group, version, kind: object.kind ?? '' });
    if (!found) throw new Error(`the fake API has no kind ${object.apiVersion} ${object.kind}`);
    return found;
  }

  #throwFault({ method, path }: ApiRequest): void {
    if (this.#unreachable) throw new Error('connection refused');
    const fault = this.#faults.find(f => (f.method === '*' || f.method === method) && f.path.test(path));
    if (!fault) return;
    fault.left -= 1;
    this.#faults = this.#faults.filter(f => f.left > 0);
    throw fault.error;
  }

  #answer(route: FakeRoute, request: ApiRequest, body: unknown): unknown {
    const { resource, namespace, name, subresource, query } = route;
    if (name === undefined) return this.#answerCollection(route, request.method, body as Loose);
    if (request.method === 'POST') return this.#createSubresource(route, body as Loose);
    const present = this.#api.get(resource, namespace, name);
    switch (request.method) {
      case 'GET':
        return present;
      case 'PUT':
        return this.#update(route, present, body as Loose);
      case 'PATCH':
        return this.#update(
          route,
          present,
          this.#patched(resource, present, request.contentType ?? 'application/merge-patch+json', body),
        );
      case 'DELETE':
        if (subresource)
          throw methodNotAllowed('the server does not allow this method on the requested resource');
        return this.#delete(resource, present, (body as DeleteOptions) ?? {}, query);
    }
  }

  #answerCollection({ resource, namespace, query }: FakeRoute, method: string, body: Loose): unknown {
    const selection = selectionOf(namespace, query);
    switch (method) {
      case 'GET':
        return this.#api.page(
          resource,
          selection,
          Number(query.get('limit') ?? 0),
          query.get('continue') ?? '',
        );
      case 'POST':
        return this.#create(resource, namespace, body);
      case 'DELETE': {
        const items = this.#api.list(resource, selection);
        for (const item of items) this.#delete(resource, item, body ?? {}, query);
        return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' };
      }
      default:
        throw methodNotAllowed('the server does not allow this method on the requested resource');
    }
  }

  /** A new object's status is the server's, save that of a Node, which its agent brings. */
  #create(resource: ResourceInfo, namespace: string, body: Loose): unknown {
    const inBody = body.metadata?.namespace;
    if (resource.namespaced && inBody && inBody !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    const object: Loose = { ...body };
    if (resource.subresources.includes('status') && resource.plural !== 'nodes') delete object.status;
    if (resource.plural === 'pods') object.status = { phase: 'Pending' };
    if (resource.plural === 'namespaces') {
      object.spec = { ...object.spec, finalizers: ['kubernetes'] };
      object.status = { phase: 'Active' };
    }
    return this.#api.create(resource, namespace, object);
  }

  #patched(resource: ResourceInfo, present: Stored<Loose>, contentType: string, body: unknown): Loose {
    const patched = fakePatch<Loose>(present, body, contentType, resource);
    const version = (body as KubeObject).metadata?.resourceVersion;
    // Without a version of its own a patch fits whatever version is there.
    return { ...patched, metadata: { ...patched.metadata, resourceVersion: version ?? '' } };
  }

  #update(route: FakeRoute, present: Stored<Loose>, next: Loose): unknown {
    const { resource, subresource } = route;
    const version = next.metadata?.resourceVersion;
    if (subresource === 'status') {
      const metadata = { ...present.metadata, resourceVersion: version, uid: next.metadata?.uid };
      const changed = { ...present, metadata, status: next.status } as Loose;
      const stale = version && version !== present.metadata.resourceVersion;
      if (!stale) refuseInvalidStatus(resource, changed, present);
      return this.#api.replace(resource, present, changed);
    }
    const hasStatus = resource.subresources.includes('status');
    const updated: Loose = { ...next };
    if (hasStatus) updated.status = present.status;
    if (resource.plural === 'namespaces' && subresource !== 'finalize') updated.spec = present.spec;
    return this.#api.replace(resource, present, updated);
  }

  #delete(
    resource: ResourceInfo,
    present: Stored<Loose>,
    options: DeleteOptions,
    query: URLSearchParams,
  ): unknown {
    this.#api.checkDeletePreconditions(resource, present, options.preconditions ?? {});
    const policy = options.propagationPolicy ?? query.get('propagationPolicy');
    const finalizer =
      policy === 'Foreground' ? 'foregroundDeletion' : policy === 'Orphan' ? 'orphan' : undefined;
    let object = present;
    if (finalizer && !present.metadata.finalizers?.includes(finalizer)) {
      const finalizers = [...(present.metadata.finalizers ?? []), finalizer];
      object = this.#api.replace(resource, present, {
        ...present,
        metadata: { ...present.metadata, finalizers },
      });
    }
    if (resource.plural === 'namespaces' && object.status?.phase !== 'Terminating') {
      object = this.#api.replace(resource, object, {
        ...object,
        status: { ...object.status, phase: 'Terminating' },
      });
    }
    return this.#api.delete(resource, object, graceOf(resource, object, options.gracePeriodSeconds));
  }

  #createSubresource({ resource, namespace, name, subresource }: FakeRoute, body: Loose): unknown {
    const present = this.#api.get(resource, namespace, name ?? '');
    switch (`${resource.plural}/${subresource}`) {
      case 'pods/binding':
        return this.#bind(resource, present, body);
      case 'pods/eviction':
        return this.#delete(
          resource,
          present,
          (body as { deleteOptions?: DeleteOptions }).deleteOptions ?? {},
          new URLSearchParams(),
        );
      case 'serviceaccounts/token':
        return { ...body, status: { token: `token-of-${namespace}/${name}`, expirationTimestamp: null } };
      default:
        throw methodNotAllowed(`the fake API has no ${resource.plural}/${subresource}`);
    }
  }

  #bind(resource: ResourceInfo, present: Stored<Loose>, body: Loose): unknown {
    const target = (body as { target?: { name?: string } }).target?.name;
    const spec = { ...present.spec, nodeName: target };
    const status = { ...present.status, conditions: [{ type: 'PodScheduled', status: 'True' }] };
    this.#api.replace(resource, present, { ...present, spec, status });
    return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success', code: 201 };
  }
}

/** A bound pod that still runs is given time to end (30 s unless it says otherwise); everything else none. */
function graceOf(resource: ResourceInfo, object: Stored<Loose>, asked: number | undefined): number {
  const ended = object.status?.phase === 'Succeeded' || object.status?.phase === 'Failed';
  if (resource.plural !== 'pods' || !object.spec?.nodeName || ended) return 0;
  const { terminationGracePeriodSeconds: own = 30 } = object.spec as {
    terminationGracePeriodSeconds?: number;
  };
  return asked ?? own;
}

/** Statuses are held to the server's rules, so that what a component writes in a test it may write to a server. */
function refuseInvalidStatus(resource: ResourceInfo, changed: Loose, present: Stored<Loose>): void {
  // Metadata is the model's own affair; and the server knows the QoS class of a pod from its creation.
  const qosClass = present.status?.qosClass ?? changed.status?.qosClass;
  const before = qosClass ? { ...present, status: { ...present.status, qosClass } } : present;
  const found = validateStatusUpdate(resource, { ...changed, metadata: present.metadata }, before);
  if (found.length === 0) return;
  throw invalid({ group: resource.group, resource: resource.kind }, present.metadata.name, found);
}
