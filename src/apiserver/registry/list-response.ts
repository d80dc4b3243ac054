import type { KubeList, KubeObject } from '../../api/objects.ts';
import type { Entry } from '../../store/store.ts';
import type { Chunk, ResponseBody, ServerResponse } from '../exchange.ts';
import { type Held, peekStored } from '../objects/decoded.ts';
import { sharedView } from '../objects/shared-view.ts';
import { mapInSlices, mapSlices } from '../objects/slices.ts';
import { servedAsStored } from '../objects/storage-form.ts';
import { itemFields, listChunks } from '../protobuf/encode.ts';
import { protobufType } from '../protobuf/media-type.ts';
import type { ListedObjects } from './list.ts';
import { encoded, metadataOnly, served, type View } from './representation.ts';
import { storedItems } from './stored-items.ts';
import { tableOf } from './table-form.ts';

interface ListHead {
  apiVersion: string;
  kind: string;
  metadata: object;
}

/**
 * A list. Whatever has to be done for each of its items (unpacked, decoded, made a row, encoded) is done in
 * slices, with room for others in between.
 * @param inProcess whether the receiver takes objects and not bytes.
 */
export async function listResponse(
  view: View,
  listed: ListedObjects,
  inProcess: boolean,
): Promise<ServerResponse> {
  const { accept, endpoint } = view;
  const { items } = listed;
  await endpoint.storage.conversion?.prepare?.(items);
  const metadata = listMetadata(listed);
  if (accept.as === 'Table') return tableResponse(view, items, metadata);
  if (accept.as !== undefined) {
    const list = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
    return membersResponse(view, list, 'items', items, entry => metadataOnly(peekServed(endpoint, entry)));
  }
  const list = { kind: listKindOf(endpoint), apiVersion: endpoint.apiVersion, metadata };
  if (inProcess) return objectsResponse(view, list, items);
  if (accept.encoding !== 'json' || !servedAsStored(endpoint.storage, items)) {
    return membersResponse(view, list, 'items', items, entry => peekServed(endpoint, entry));
  }
  return bytesResponse(view, list, items);
}

/** In process: the objects themselves. */
async function objectsResponse(
  { endpoint }: View,
  list: ListHead,
  items: readonly Entry[],
): Promise<ServerResponse> {
  const form = (entry: Entry) => (endpoint.storage.conversion ? served(endpoint, entry) : sharedView(entry));
  const value = { ...list, items: await mapInSlices(items, form) };
  return jsonChunks(
    () => value,
    () => [Buffer.from(JSON.stringify(value))],
  );
}

function tableResponse(view: View, items: readonly Entry[], metadata: object): Promise<ServerResponse> {
  const { rows: _, ...table } = tableOf(view, [], metadata) as KubeObject & { rows: object[] };
  const rowOf = (entry: Entry) => {
    const one = tableOf(view, [peekServed(view.endpoint, entry)], {}, true) as KubeObject & {
      rows: object[];
    };
    return one.rows[0]!;
  };
  return membersResponse(view, table as unknown as ListHead, 'rows', items, rowOf);
}

/** A list of what `form` makes of each entry. */
async function membersResponse(
  { accept }: View,
  list: ListHead,
  member: 'items' | 'rows',
  entries: readonly Entry[],
  form: (entry: Entry) => object,
): Promise<ServerResponse> {
  if (accept.encoding === 'protobuf') return protobufList(list, entries, form);
  if (accept.encoding === 'yaml') {
    return encoded(accept, 200, { ...list, [member]: await mapInSlices(entries, form) });
  }
  const pieces = await mapSlices(entries, slice =>
    Buffer.from(slice.map(entry => JSON.stringify(form(entry))).join(',')),
  );
  const value = () => ({ ...list, [member]: entries.map(form) });
  return jsonChunks(value, () => wrapped(list, member, pieces));
}

async function protobufList(
  list: ListHead,
  entries: readonly Entry[],
  form: (entry: Entry) => object,
): Promise<ServerResponse> {
  const { apiVersion, kind } = list;
  const pieces = await mapSlices(entries, slice => itemFields(slice.map(form), apiVersion, kind));
  const value = () => ({ ...list, items: entries.map(form) });
  const body: ResponseBody = { kind: 'value', value, chunks: () => listChunks(list, pieces) };
  return { status: 200, headers: { 'content-type': protobufType }, body };
}

/** The list from its entries' stored bytes. */
function bytesResponse({ endpoint }: View, list: ListHead, entries: readonly Entry[]): ServerResponse {
  // Upstream's lists of custom resources keep kind and version in each item.
  const whole = endpoint.custom !== undefined;
  const value = (): KubeList => ({ ...list, items: entries.map(entry => served(endpoint, entry)) });
  return jsonChunks(value, () => wrapped(list, 'items', storedItems(entries, whole)));
}

/** Pieces of a list's members, with commas between them and the list around. */
function wrapped(list: object, member: string, pieces: readonly Chunk[]): Chunk[] {
  const chunks: Chunk[] = [Buffer.from(`${JSON.stringify(list).slice(0, -1)},"${member}":[`)];
  for (const [at, piece] of pieces.entries()) {
    if (at > 0) chunks.push(Buffer.from(','));
    chunks.push(piece);
  }
  chunks.push(Buffer.from(']}'));
  return chunks;
}

function jsonChunks(value: () => unknown, chunks: () => readonly Chunk[]): ServerResponse {
  const body: ResponseBody = { kind: 'value', value, chunks };
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

function listKindOf({ custom, resource }: View['endpoint']): string {
  return custom?.listKind ?? `${resource.kind}List`;
}

function listMetadata({ revision, continueToken, remaining }: ListedObjects) {
  return {
    resourceVersion: String(revision),
    ...(continueToken !== undefined && { continue: continueToken }),
    ...(remaining && { remainingItemCount: remaining }),
  };
}

/** An object in the version it is asked for, to be encoded and forgotten. */
function peekServed({ storage }: View['endpoint'], held: Held): KubeObject {
  const object = peekStored(held);
  return storage.conversion?.fromStorage(object, held) ?? object;
}
