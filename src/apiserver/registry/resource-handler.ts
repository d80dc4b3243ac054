import { badRequest, methodNotAllowed } from '../../api/status.ts';
import type { Call } from '../call.ts';
import type { ServerResponse } from '../exchange.ts';
import { type Authorizer, accessDenied, attributesOf } from '../filters/authorization.ts';
import { isTrue } from '../filters/request-info.ts';
import { negotiate } from '../negotiation.ts';
import { hasProtobufForm } from '../protobuf/encode.ts';
import { watchType } from '../protobuf/watch-frame.ts';
import { ObjectWatch, type WatchDeps } from '../watch/object-watch.ts';
import { applyType, isTaken, readApply } from './apply.ts';
import { createObject } from './create.ts';
import { type DeleteRequest, deleteObject } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import { listObjects } from './list.ts';
import { type ListOptions, readListOptions } from './list-options.ts';
import { listResponse } from './list-response.ts';
import { readPatchOf } from './patch.ts';
import { type Registry, type Result, resultOf } from './registry.ts';
import { bookmarkObject, encoded, eventForm, objectResponse, type View } from './representation.ts';
import { bodyMediaType, readDeleteOptions, readObject } from './request-object.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { readSelection } from './selection.ts';
import { returnsDeleted } from './strategies.ts';
import { type UpdateRules, updateObject } from './update.ts';
import { isDryRun, writeOptions } from './write-options.ts';

/** Watches end after this, plus up to as much again, where the client names no time (upstream: 30 to 60 minutes). */
const minWatchMs = 30 * 60 * 1000;

/** YAML has no form for a stream: it is answered in JSON. */
const watchTypes = { json: 'application/json', yaml: 'application/json', protobuf: watchType };

/** The verbs of one resource over the generic registry. */
export class ResourceHandler {
  readonly #registry: Registry;
  readonly #watching: WatchDeps;
  readonly #authorizer: Authorizer;

  constructor(registry: Registry, watching: WatchDeps, authorizer: Authorizer) {
    this.#registry = registry;
    this.#watching = watching;
    this.#authorizer = authorizer;
  }

  async handle(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    switch (call.info.verb) {
      case 'get':
        return this.#get(call, endpoint);
      case 'list':
        return this.#list(call, endpoint);
      case 'watch':
        return this.#watch(call, endpoint);
      case 'create':
        return this.#create(call, endpoint);
      case 'update':
        return this.update(call, endpoint);
      case 'patch':
        return this.patch(call, endpoint);
      case 'delete':
        return this.#delete(call, endpoint);
      case 'deletecollection':
        return this.#deleteCollection(call, endpoint);
      default:
        throw methodNotAllowed('the server does not allow this method on the requested resource');
    }
  }

  view(call: Call, endpoint: ResourceEndpoint): View {
    return {
      endpoint,
      accept: negotiate(call.request, true, () => hasProtobufForm(endpoint.apiVersion, endpoint.gvk.kind)),
      clock: this.#registry.clock,
      includeObject: call.request.query.get('includeObject') || 'Metadata',
    };
  }

  #get(call: Call, endpoint: ResourceEndpoint): ServerResponse | Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const { namespace, pathName } = call.info;
    const entry = this.#registry.existing(endpoint, objectNamespace(endpoint, namespace), pathName);
    return objectResponse(view, 200, resultOf(entry));
  }

  async #list(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const { query } = call.request;
    const view = this.view(call, endpoint);
    const selection = readSelection(endpoint, namespaceOf(call, endpoint), '', query);
    const listed = await listObjects(
      this.#registry.store,
      endpoint,
      selection,
      readListOptions(query, false),
    );
    return listResponse(view, listed, call.request.inProcess);
  }

  #watch(call: Call, endpoint: ResourceEndpoint): ServerResponse {
    const { query } = call.request;
    const view = this.view(call, endpoint);
    const selection = readSelection(endpoint, namespaceOf(call, endpoint), call.info.pathName, query);
    const options = readListOptions(query, true);
    const source = new ObjectWatch(this.#watching, {
      endpoint,
      selection,
      options,
      form: eventForm(view, call.request.inProcess),
      timeout: this.#watchTimeout(options),
      bookmark: (revision, annotations) => bookmarkObject(view, revision, annotations),
    });
    return {
      status: 200,
      headers: { 'content-type': watchTypes[view.accept.encoding] },
      body: { kind: 'watch', source },
    };
  }

  #watchTimeout(options: ListOptions): number {
    if (options.timeoutSeconds) return options.timeoutSeconds * 1000;
    return minWatchMs + this.#registry.random.integer(minWatchMs);
  }

  async #create(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const object = await readObject(call, endpoint);
    const namespace = namespaceOf(call, endpoint);
    const result = await createObject(this.#registry, endpoint, namespace, object, writeOptions(call));
    return objectResponse(view, 201, result);
  }

  /** PUT, of the object or of a subresource that shows it whole. */
  async update(call: Call, endpoint: ResourceEndpoint, rules?: UpdateRules): Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const object = await readObject(call, endpoint);
    const result = await updateObject(this.#registry, endpoint, {
      namespace: namespaceOf(call, endpoint),
      name: call.info.pathName,
      ...(rules && { rules }),
      make: () => structuredClone(object),
      mayCreate: rules === undefined,
      authorizeCreate: () => this.#authorizeCreate(call),
      ...writeOptions(call),
    });
    return objectResponse(view, result.created ? 201 : 200, result);
  }

  async patch(call: Call, endpoint: ResourceEndpoint, rules?: UpdateRules): Promise<ServerResponse> {
    if (bodyMediaType(call) === applyType) return this.#apply(call, endpoint, rules);
    const view = this.view(call, endpoint);
    const result = await updateObject(this.#registry, endpoint, {
      namespace: namespaceOf(call, endpoint),
      name: call.info.pathName,
      ...(rules && { rules }),
      make: await readPatchOf(call, endpoint.gvk, endpoint.rules),
      mayCreate: false,
      ...writeOptions(call),
    });
    return objectResponse(view, 200, result);
  }

  /** PATCH with a configuration, which creates what does not exist. */
  async #apply(call: Call, endpoint: ResourceEndpoint, rules?: UpdateRules): Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const apply = () => {
      return updateObject(this.#registry, endpoint, {
        namespace: namespaceOf(call, endpoint),
        name: call.info.pathName,
        ...(rules && { rules }),
        make,
        mayCreate: rules === undefined,
        authorizeCreate: () => this.#authorizeCreate(call),
        ...writeOptions(call),
        applied: true,
      });
    };
    const make = await readApply(call, this.#registry, endpoint, rules?.subresource ?? '');
    // Someone else may create the object between the look and the creation.
    const result = await apply().catch(error => (isTaken(error) ? apply() : Promise.reject(error)));
    return objectResponse(view, result.created ? 201 : 200, result);
  }

  /** @throws ApiError 403: a PUT or an apply that creates takes the right to create, too. */
  #authorizeCreate(call: Call): void {
    const attributes = { ...attributesOf(call.user, call.info, call.request.query), verb: 'create' };
    const decision = this.#authorizer.authorize(attributes);
    if (!decision.allowed) throw accessDenied(attributes, decision.reason);
  }

  async #delete(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const request = await readDelete(call);
    const { pathName } = call.info;
    const result = await deleteObject(
      this.#registry,
      endpoint,
      namespaceOf(call, endpoint),
      pathName,
      request,
    );
    if (!result.removed || returnsDeleted(endpoint)) return objectResponse(view, 200, result);
    return encoded(view.accept, 200, deletedStatus(endpoint, result));
  }

  async #deleteCollection(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const view = this.view(call, endpoint);
    const { query } = call.request;
    const request = await readDelete(call);
    const selection = readSelection(endpoint, namespaceOf(call, endpoint), '', query);
    const options = readListOptions(query, false);
    const deleted = await deleteCollection(this.#registry, endpoint, selection, options, request);
    return listResponse(view, deleted, call.request.inProcess);
  }
}

/** Cluster-wide resources have no namespace, also where the path of a namespace names itself. */
function namespaceOf(call: Call, endpoint: ResourceEndpoint): string {
  return objectNamespace(endpoint, call.info.namespace);
}

function objectNamespace(endpoint: ResourceEndpoint, namespace: string): string {
  return endpoint.resource.namespaced ? namespace : '';
}

/** DeleteOptions come in the body or, for simple clients, in the query. */
async function readDelete(call: Call): Promise<DeleteRequest> {
  const { query } = call.request;
  const write = writeOptions(call);
  const options = await readDeleteOptions(call);
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && options.gracePeriodSeconds === undefined) {
    if (!/^-?\d{1,15}$/.test(grace))
      throw badRequest(`gracePeriodSeconds: invalid value ${JSON.stringify(grace)}`);
    options.gracePeriodSeconds = Number(grace);
  }
  const policy = query.get('propagationPolicy');
  if (policy !== null && options.propagationPolicy === undefined) options.propagationPolicy = policy;
  const orphan = query.get('orphanDependents');
  if (orphan !== null && options.orphanDependents === undefined) options.orphanDependents = isTrue(orphan);
  return { ...write, dryRun: write.dryRun || isDryRun(options.dryRun ?? []), options };
}

function deletedStatus(endpoint: ResourceEndpoint, result: Result): object {
  const { name, uid } = result.object().metadata ?? {};
  const { group, plural } = endpoint.resource;
  const details = { name, ...(group && { group }), kind: plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
