import { notAcceptable } from '../api/status.ts';
import { header, type ServerRequest } from './exchange.ts';
import { protobufType } from './protobuf/media-type.ts';

/** The shape and encoding of an answer that the client asked for. */
export interface Negotiated {
  encoding: 'json' | 'yaml' | 'protobuf';
  /** `as=` of the media type: the object itself where undefined. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** `v=` that goes with `as`. */
  version?: string;
}

const json: Negotiated = { encoding: 'json' };
const acceptable = ['application/json', 'application/yaml'];

/**
 * Picks the first media type of `Accept` that can be served, by quality and order.
 * @param transforms whether tables and metadata alone are to be had
 * @param hasProtobuf whether what is answered has a message
 * @throws ApiError 406 when there is none.
 */
export function negotiate(
  request: ServerRequest,
  transforms = true,
  hasProtobuf: () => boolean = () => false,
): Negotiated {
  const accept = header(request, 'accept');
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return json;
  const protobuf = hasProtobuf();
  for (const media of parseAccept(accept)) {
    const found = serve(media, transforms, protobuf);
    if (found) return found;
  }
  const types = protobuf ? [...acceptable, protobufType] : acceptable;
  throw notAcceptable(`only the following media types are accepted: ${types.join(', ')}`);
}

export interface MediaType {
  type: string;
  parameters: Map<string, string>;
  quality: number;
}

/** The media types of an Accept header, best first. */
export function parseAccept(accept: string): MediaType[] {
  const types = accept.split(',').map(parseMediaType);
  return types
    .map((media, at) => ({ media, at }))
    .sort((a, b) => b.media.quality - a.media.quality || a.at - b.at)
    .map(entry => entry.media);
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map(part => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals > 0) parameters.set(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim());
  }
  const quality = Number(parameters.get('q') ?? 1);
  return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 1 };
}

function serve(
  { type, parameters }: MediaType,
  transforms: boolean,
  protobuf: boolean,
): Negotiated | undefined {
  const encoding = encodingOf(type);
  if (!encoding) return undefined;
  const as = parameters.get('as');
  if (as === undefined) return encoding === 'protobuf' && !protobuf ? undefined : { encoding };
  if (!transforms || parameters.get('g') !== 'meta.k8s.io') return undefined;
  const version = parameters.get('v');
  if (version !== 'v1' && version !== 'v1beta1') return undefined;
  if (as !== 'Table' && as !== 'PartialObjectMetadata' && as !== 'PartialObjectMetadataList')
    return undefined;
  // Tables have no message, metadata of any kind has.
  if (encoding === 'protobuf' && as === 'Table') return undefined;
  return { encoding, as, version };
}

function encodingOf(type: string): Negotiated['encoding'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  if (type === 'application/yaml') return 'yaml';
  if (type === protobufType) return 'protobuf';
  return undefined;
}
