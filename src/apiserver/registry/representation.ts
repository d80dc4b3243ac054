import { stringify as stringifyYaml } from 'yaml';
import type { KubeList, KubeObject } from '../../api/objects.ts';
import type { Clock } from '../../base/clock.ts';
import { jsonResponse, type ResponseBody, type ServerResponse } from '../exchange.ts';
import type { Negotiated } from '../negotiation.ts';
import { decodeStored } from '../objects/decoded.ts';
import { asBuffer, metadataOffset } from '../objects/encoding.ts';
import { mapInSlices } from '../objects/slices.ts';
import { servedAsStored } from '../objects/storage-form.ts';
import { encodeItem, encodeList, encodeProtobuf } from '../protobuf/encode.ts';
import { protobufType } from '../protobuf/media-type.ts';
import { watchFrame } from '../protobuf/watch-frame.ts';
import { type EventEncoding, type EventForm, jsonEvents } from '../watch/event-form.ts';
import type { ListedObjects } from './list.ts';
import type { Result } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { tableOf } from './table-form.ts';

/** Who wants to see what: one endpoint in the form negotiated. */
export interface View {
  endpoint: ResourceEndpoint;
  accept: Negotiated;
  clock: Clock;
  /** `includeObject=` of a table request. */
  includeObject: string;
}

/** From this many on, members are turned into text in slices. */
const manyItems = 500;

/** A single object, as the client wants to see it. */
export function objectResponse(
  view: View,
  status: number,
  result: Result,
): ServerResponse | Promise<ServerResponse> {
  const prepared = view.endpoint.storage.conversion?.prepare?.([result.bytes ?? result.object()]);
  if (!prepared) return responseOf(view, status, result);
  return prepared.then(() => responseOf(view, status, result));
}

function responseOf(view: View, status: number, result: Result): ServerResponse {
  const { accept, endpoint } = view;
  if (accept.as === 'Table') return encoded(accept, status, tableOf(view, [servedOf(endpoint, result)], {}));
  if (accept.as !== undefined) return encoded(accept, status, metadataOnly(servedOf(endpoint, result)));
  const { bytes } = result;
  if (accept.encoding !== 'json' || !bytes || !servedAsStored(endpoint.storage, [bytes])) {
    return encoded(accept, status, servedOf(endpoint, result));
  }
  const body: ResponseBody = { kind: 'value', value: result.object, chunks: () => [bytes] };
  return { status, headers: { 'content-type': 'application/json' }, body };
}

/**
 * A list. What has to be decoded for it (tables, metadata, in process) is decoded in slices.
 * @param decode whether the receiver takes objects and not bytes.
 */
export async function listResponse(
  view: View,
  listed: ListedObjects,
  decode: boolean,
): Promise<ServerResponse> {
  const { accept, endpoint } = view;
  await endpoint.storage.conversion?.prepare?.(listed.items);
  const metadata = listMetadata(listed);
  const items = (form: (bytes: Uint8Array) => object) => mapInSlices(listed.items, form);
  const object = (bytes: Uint8Array) => served(endpoint, bytes);
  if (accept.as === 'Table') return tableResponse(view, listed, metadata);
  if (accept.as !== undefined) {
    const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
    return itemsResponse(accept, list, 'items', await items(bytes => metadataOnly(object(bytes))));
  }
  const list = { kind: listKindOf(endpoint), apiVersion: endpoint.apiVersion, metadata };
  if (decode || accept.encoding !== 'json' || !servedAsStored(endpoint.storage, listed.items)) {
    return itemsResponse(accept, list, 'items', await items(object));
  }
  const value = (): KubeList => ({ ...list, items: listed.items.map(object) as KubeObject[] });
  const body: ResponseBody = {
    kind: 'value',
    value,
    chunks: () => [listBytes(endpoint, metadata, listed.items)],
  };
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

async function tableResponse(view: View, listed: ListedObjects, metadata: object): Promise<ServerResponse> {
  const { rows: _, ...table } = tableOf(view, [], metadata) as KubeObject & { rows: object[] };
  const rowOf = (bytes: Uint8Array) => {
    const one = tableOf(view, [served(view.endpoint, bytes)], {}, true) as KubeObject & { rows: object[] };
    return one.rows[0]!;
  };
  return itemsResponse(view.accept, table, 'rows', await mapInSlices(listed.items, rowOf));
}

/** A list of many members, each turned into text by itself, in slices. */
async function itemsResponse(
  accept: Negotiated,
  list: object,
  member: 'items' | 'rows',
  items: readonly object[],
): Promise<ServerResponse> {
  const value = { ...list, [member]: items };
  if (accept.encoding === 'protobuf') return protobufList(list as ListHead, items);
  if (accept.encoding === 'yaml' || items.length < manyItems) return encoded(accept, 200, value);
  const texts = await mapInSlices(items, item => JSON.stringify(item));
  const text = `${JSON.stringify(list).slice(0, -1)},"${member}":[${texts.join(',')}]}`;
  const body: ResponseBody = { kind: 'value', value: () => value, chunks: () => [Buffer.from(text)] };
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

interface ListHead {
  apiVersion: string;
  kind: string;
  metadata: object;
}

async function protobufList(list: ListHead, items: readonly object[]): Promise<ServerResponse> {
  const { apiVersion, kind } = list;
  const parts = await mapInSlices(items, item => encodeItem(item, apiVersion, kind));
  const value = { ...list, items };
  const body: ResponseBody = { kind: 'value', value: () => value, chunks: () => [encodeList(list, parts)] };
  return { status: 200, headers: { 'content-type': protobufType }, body };
}

/** How a watch with this view shows its objects. */
export function eventForm(view: View): EventForm {
  const { accept, endpoint } = view;
  const protobuf = accept.encoding === 'protobuf';
  if (!protobuf && accept.as === undefined && !endpoint.storage.conversion) {
    return { shareKey: 'stored', object: decodeStored, encoded: bytes => bytes, encoding: jsonEvents };
  }
  const { shareKey, object } = eventObjects(view);
  const encoding = protobuf ? protobufEvents : jsonEvents;
  const isServed = accept.as === undefined && !protobuf ? endpoint.storage.conversion?.isServed : undefined;
  return {
    shareKey: shareKey && `${shareKey} ${accept.encoding}`,
    object,
    encoded: bytes => (isServed?.(bytes) ? bytes : encoding.object(object(bytes))),
    encoding,
  };
}

const protobufEvents: EventEncoding = { event: watchFrame, object: encodeProtobuf };

/** What a watch makes of stored bytes, and what watches that make the same have in common. */
function eventObjects(view: View): Pick<EventForm, 'shareKey' | 'object'> {
  const { accept, endpoint } = view;
  if (accept.as === 'Table') {
    let headers = true;
    const object = (bytes: Uint8Array) => {
      // The columns come with the first event only, as upstream's do.
      const noHeaders = !headers;
      headers = false;
      return tableOf(view, [served(endpoint, bytes)], {}, noHeaders);
    };
    return { shareKey: undefined, object };
  }
  if (accept.as !== undefined) {
    return { shareKey: 'metadata', object: bytes => metadataOnly(served(endpoint, bytes)) };
  }
  return { shareKey: endpoint.apiVersion, object: bytes => served(endpoint, bytes) };
}

/** The object of a BOOKMARK event. */
export function bookmarkObject(view: View, revision: number, annotations?: Record<string, string>): object {
  const metadata = { resourceVersion: String(revision), ...(annotations && { annotations }) };
  if (view.accept.as === 'Table') {
    return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: [], rows: [] };
  }
  if (view.accept.as !== undefined) {
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  }
  return { kind: view.endpoint.resource.kind, apiVersion: view.endpoint.apiVersion, metadata };
}

/** A value in the encoding negotiated. */
export function encoded(accept: Negotiated, status: number, value: unknown): ServerResponse {
  if (accept.encoding === 'json') return jsonResponse(status, value);
  if (accept.encoding === 'protobuf') {
    const chunks = () => [encodeProtobuf(value as object)];
    const body: ResponseBody = { kind: 'value', value: () => value, chunks };
    return { status, headers: { 'content-type': protobufType }, body };
  }
  const body: ResponseBody = {
    kind: 'value',
    value: () => value,
    chunks: () => [Buffer.from(stringifyYaml(value))],
  };
  return { status, headers: { 'content-type': 'application/yaml' }, body };
}

function served(endpoint: ResourceEndpoint, bytes: Uint8Array): KubeObject {
  const object = decodeStored(bytes);
  return endpoint.storage.conversion?.fromStorage(object, bytes) ?? object;
}

function servedOf(endpoint: ResourceEndpoint, result: Result): KubeObject {
  const object = result.object();
  return endpoint.storage.conversion?.fromStorage(object, result.bytes) ?? object;
}

function metadataOnly(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata ?? {} };
}

function listMetadata({ revision, continueToken, remaining }: ListedObjects) {
  return {
    resourceVersion: String(revision),
    ...(continueToken !== undefined && { continue: continueToken }),
    ...(remaining && { remainingItemCount: remaining }),
  };
}

const comma = 0x2c;
const brace = 0x7b;

function listKindOf({ custom, resource }: ResourceEndpoint): string {
  return custom?.listKind ?? `${resource.kind}List`;
}

/** The list's JSON from its items' stored bytes, kind and version of each left out. */
function listBytes(endpoint: ResourceEndpoint, metadata: object, items: readonly Uint8Array[]): Uint8Array {
  const kind = listKindOf(endpoint);
  const head = Buffer.from(
    `{"kind":"${kind}","apiVersion":"${endpoint.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`,
  );
  // Upstream's lists of custom resources keep kind and version in each item.
  const skip = items.length > 0 ? (endpoint.custom ? 1 : metadataOffset(items[0]!)) : 0;
  let size = head.length + 2;
  for (const item of items) size += item.length - skip + 2;
  const out = Buffer.allocUnsafe(size);
  let at = head.copy(out);
  for (const item of items) {
    out[at++] = brace;
    at += asBuffer(item).copy(out, at, skip);
    out[at++] = comma;
  }
  if (items.length > 0) at--;
  at += out.write(']}', at, 'latin1');
  return out.subarray(0, at);
}
