import { stringify as stringifyYaml } from 'yaml';
import type { KubeObject } from '../../api/objects.ts';
import type { Clock } from '../../base/clock.ts';
import { jsonResponse, type ResponseBody, type ServerResponse } from '../exchange.ts';
import type { Negotiated } from '../negotiation.ts';
import { decodeStored, type Held } from '../objects/decoded.ts';
import { sharedView } from '../objects/shared-view.ts';
import { servedAsStored } from '../objects/storage-form.ts';
import { encodeProtobuf } from '../protobuf/encode.ts';
import { protobufType } from '../protobuf/media-type.ts';
import { watchFrame } from '../protobuf/watch-frame.ts';
import { type EventEncoding, type EventForm, jsonEvents } from '../watch/event-form.ts';
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

/** A single object, as the client wants to see it. */
export function objectResponse(
  view: View,
  status: number,
  result: Result,
): ServerResponse | Promise<ServerResponse> {
  const prepared = view.endpoint.storage.conversion?.prepare?.([result.entry ?? result.object()]);
  if (!prepared) return responseOf(view, status, result);
  return prepared.then(() => responseOf(view, status, result));
}

function responseOf(view: View, status: number, result: Result): ServerResponse {
  const { accept, endpoint } = view;
  if (accept.as === 'Table') return encoded(accept, status, tableOf(view, [servedOf(endpoint, result)], {}));
  if (accept.as !== undefined) return encoded(accept, status, metadataOnly(servedOf(endpoint, result)));
  const { entry } = result;
  if (accept.encoding !== 'json' || !entry || !servedAsStored(endpoint.storage, [entry])) {
    return encoded(accept, status, servedOf(endpoint, result));
  }
  const body: ResponseBody = { kind: 'value', value: result.object, chunks: () => [entry.value] };
  return { status, headers: { 'content-type': 'application/json' }, body };
}

/**
 * How a watch with this view shows its objects.
 * @param inProcess whether the watcher takes objects and not bytes, and keeps many of them.
 */
export function eventForm(view: View, inProcess: boolean): EventForm {
  const { accept, endpoint } = view;
  const protobuf = accept.encoding === 'protobuf';
  if (!protobuf && accept.as === undefined && !endpoint.storage.conversion) {
    const object = inProcess ? sharedView : decodeStored;
    const shareKey = inProcess ? 'shared' : 'stored';
    return { shareKey, object, encoded: held => held.value, encoding: jsonEvents };
  }
  const { shareKey, object } = eventObjects(view);
  const encoding = protobuf ? protobufEvents : jsonEvents;
  const isServed = accept.as === undefined && !protobuf ? endpoint.storage.conversion?.isServed : undefined;
  return {
    shareKey: shareKey && `${shareKey} ${accept.encoding}`,
    object,
    encoded: held => (isServed?.(held.value) ? held.value : encoding.object(object(held))),
    encoding,
  };
}

const protobufEvents: EventEncoding = { event: watchFrame, object: encodeProtobuf };

/** What a watch makes of what is stored, and what watches that make the same have in common. */
function eventObjects(view: View): Pick<EventForm, 'shareKey' | 'object'> {
  const { accept, endpoint } = view;
  if (accept.as === 'Table') {
    let headers = true;
    const object = (held: Held) => {
      // The columns come with the first event only, as upstream's do.
      const noHeaders = !headers;
      headers = false;
      return tableOf(view, [served(endpoint, held)], {}, noHeaders);
    };
    return { shareKey: undefined, object };
  }
  if (accept.as !== undefined) {
    return { shareKey: 'metadata', object: held => metadataOnly(served(endpoint, held)) };
  }
  return { shareKey: endpoint.apiVersion, object: held => served(endpoint, held) };
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

/**
 * Go's readers of YAML keep to version 1.1, in which `yes` and `1:30` are no texts and must be quoted. What two fields
 * share in memory is written out twice: not all readers know aliases.
 */
const yamlForm = { version: '1.1', aliasDuplicateObjects: false } as const;

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
    chunks: () => [Buffer.from(stringifyYaml(value, yamlForm))],
  };
  return { status, headers: { 'content-type': 'application/yaml' }, body };
}

/** An object in the version it is asked for. */
export function served(endpoint: ResourceEndpoint, held: Held): KubeObject {
  const object = decodeStored(held);
  return endpoint.storage.conversion?.fromStorage(object, held) ?? object;
}

function servedOf(endpoint: ResourceEndpoint, result: Result): KubeObject {
  const object = result.object();
  return endpoint.storage.conversion?.fromStorage(object, result.entry) ?? object;
}

export function metadataOnly(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata ?? {} };
}
