import type { ServerRequest } from '../exchange.ts';

/** What a request is about, as upstream's apiserver/pkg/endpoints/request RequestInfo tells it. */
export interface RequestInfo {
  isResource: boolean;
  /** create, get, list, watch, update, patch, delete, deletecollection; the lower-case method where `isResource` is false. */
  verb: string;
  path: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  /** Of the path, or of a `metadata.name` field selector. For authorization. */
  name: string;
  /** Of the path alone. For routing. */
  pathName: string;
  /** What follows the subresource in the path, with its slashes: for proxies. */
  rest: string;
}

const verbOfMethod: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const namespaceSubresources = new Set(['status', 'finalize']);

/** Reads a request's path and query. Malformed percent escapes are taken as they stand. */
export function parseRequestInfo(request: Pick<ServerRequest, 'method' | 'path' | 'query'>): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    verb: request.method.toLowerCase(),
    path: request.path,
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    pathName: '',
    rest: '',
  };
  const raw = request.path.split('/').filter(part => part !== '');
  const parts = raw.map(decodePart);
  if (parts.length < 3 || (parts[0] !== 'api' && parts[0] !== 'apis')) return info;
  let at = 1;
  if (parts[0] === 'apis') {
    if (parts.length < 4) return info;
    info.group = parts[at++]!;
  }
  info.isResource = true;
  info.version = parts[at++]!;
  info.verb = verbOfMethod[request.method] ?? '';
  if (parts[at] === 'watch' && parts.length > at + 1) {
    info.verb = 'watch';
    at++;
  }
  at = readNamespace(info, parts, at);
  info.resource = parts[at] ?? '';
  info.pathName = info.name = parts[at + 1] ?? '';
  info.subresource = parts[at + 2] ?? '';
  info.rest = raw.slice(at + 3).join('/') + (request.path.endsWith('/') && raw.length > at + 3 ? '/' : '');
  if (info.name === '') readCollectionVerb(info, request.query);
  return info;
}

/** `/namespaces/{ns}/pods` is about pods; `/namespaces/{ns}` and `/namespaces/{ns}/status` about a namespace. */
function readNamespace(info: RequestInfo, parts: string[], at: number): number {
  if (parts[at] !== 'namespaces' || parts.length <= at + 1) return at;
  info.namespace = parts[at + 1]!;
  const next = parts[at + 2];
  return next !== undefined && !namespaceSubresources.has(next) ? at + 2 : at;
}

function readCollectionVerb(info: RequestInfo, query: URLSearchParams): void {
  if (info.verb === 'delete') info.verb = 'deletecollection';
  if (info.verb !== 'get' && info.verb !== 'watch') return;
  if (info.verb === 'get') info.verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  const selected = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '');
  if (selected) info.name = selected[1]!;
}

/** As Go's conversion of query values to bool: present and neither `0` nor `false`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function decodePart(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
