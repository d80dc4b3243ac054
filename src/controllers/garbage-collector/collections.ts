import type { OwnerReference } from '../../api/generated/types.ts';
import { type KubeObject, parseApiVersion, type Stored, splitKey } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Transport } from '../../client/transport.ts';
import { orNotFound } from '../api-failures.ts';
import { type ObjectRef, resourceId } from './object-ref.ts';

interface Collection {
  resource: ResourceInfo;
  informer: Informer;
  client: ResourceClient<KubeObject>;
}

/** How many uids of owners that are gone are remembered; a uid never comes back. */
const absentLimit = 2000;

/** The collections the garbage collector sees, by resource and by kind. */
export class Collections {
  readonly #transport: Transport;
  readonly #byId = new Map<string, Collection>();
  readonly #byKind = new Map<string, Collection>();
  readonly #absent = new Set<string>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  add(resource: ResourceInfo, informer: Informer): void {
    const collection = { resource, informer, client: new ResourceClient(this.#transport, resource) };
    this.#byId.set(resourceId(resource), collection);
    this.#byKind.set(`${resource.group}/${resource.kind}`, collection);
  }

  /** Takes a collection out. @param gone whether its objects are gone with it. Returns them. */
  remove(resource: ResourceInfo, gone: boolean): Stored[] {
    const id = resourceId(resource);
    const objects = this.#byId.get(id)?.informer.list() ?? [];
    this.#byId.delete(id);
    this.#byKind.delete(`${resource.group}/${resource.kind}`);
    if (gone) for (const { metadata } of objects) this.#rememberAbsent(metadata.uid);
    return objects;
  }

  resource(ref: ObjectRef): ResourceInfo | undefined {
    return this.#byId.get(ref.resource)?.resource;
  }

  client(ref: ObjectRef): ResourceClient<KubeObject> | undefined {
    return this.#byId.get(ref.resource)?.client;
  }

  /** The object of this reference as the informer shows it; undefined where another or none has its name. */
  object(ref: ObjectRef): Stored | undefined {
    const object = this.#byId.get(ref.resource)?.informer.getByKey(ref.key);
    return object?.metadata.uid === ref.uid ? object : undefined;
  }

  /**
   * The owner a reference means, asked of the API server where the informer lacks it: an informer may be behind.
   * @throws Error for a kind nobody knows, or a namespaced owner of a cluster-wide object
   */
  async owner(reference: OwnerReference, namespace: string): Promise<Stored | undefined> {
    if (this.#absent.has(reference.uid)) return undefined;
    const collection = this.#ownerCollection(reference, namespace);
    const at = collection.resource.namespaced ? namespace : '';
    const cached = collection.informer.get(at, reference.name);
    if (cached?.metadata.uid === reference.uid) return cached;
    const live = await orNotFound(collection.client.get(at, reference.name));
    if (live?.metadata.uid === reference.uid) return live;
    this.#rememberAbsent(reference.uid);
    return undefined;
  }

  /** The reference to an owner as `ObjectRef`; undefined where its kind is not known. */
  ownerRef(reference: OwnerReference, namespace: string): ObjectRef | undefined {
    const collection = this.#byKind.get(kindKey(reference));
    if (!collection) return undefined;
    const key =
      collection.resource.namespaced && namespace ? `${namespace}/${reference.name}` : reference.name;
    return { resource: resourceId(collection.resource), key, uid: reference.uid };
  }

  #ownerCollection(reference: OwnerReference, namespace: string): Collection {
    const collection = this.#byKind.get(kindKey(reference));
    if (!collection) {
      throw new Error(`unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.`);
    }
    if (collection.resource.namespaced && namespace === '') throw new NamespacedOwnerError(reference);
    return collection;
  }

  #rememberAbsent(uid: string): void {
    if (this.#absent.size >= absentLimit) this.#absent.clear();
    this.#absent.add(uid);
  }
}

/** A cluster-wide object names an owner that lives in a namespace: nobody can tell in which. */
export class NamespacedOwnerError extends Error {
  override name = 'NamespacedOwnerError';

  constructor(reference: OwnerReference) {
    super(
      `ownerRef [${reference.apiVersion}/${reference.kind}, namespace: , name: ${reference.name}, uid: ${reference.uid}] does not exist in namespace ""`,
    );
  }
}

function kindKey({ apiVersion, kind }: OwnerReference): string {
  return `${parseApiVersion(apiVersion).group}/${kind}`;
}

export function namespaceOf(ref: ObjectRef): string {
  return splitKey(ref.key).namespace;
}
