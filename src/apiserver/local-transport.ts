import type { KubeObject, WatchEventOf } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import type { ApiUser, ServerRequest, ServerResponse, WatchEvent } from './exchange.ts';

/** The shape of src/client's Transport and ApiRequest, which this folder may not import. */
export interface LocalRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

export interface LocalTransport {
  request<T = unknown>(request: LocalRequest): Promise<T>;
  watch<T extends KubeObject>(request: LocalRequest): AsyncIterable<WatchEventOf<T>>;
}

type Handle = (request: ServerRequest) => Promise<ServerResponse>;

/** Events an in-process watcher may be behind before it is cut off. */
const maxBehind = 200_000;
const never = new AbortController().signal;

/** In-process access for `user`: the same filters and registry as over TLS, with objects in place of bytes. */
export function localTransport(handle: Handle, user: ApiUser): LocalTransport {
  return {
    async request<T>(request: LocalRequest): Promise<T> {
      request.signal?.throwIfAborted();
      const response = await handle(serverRequest(request, user));
      return bodyValue(response) as T;
    },
    watch<T extends KubeObject>(request: LocalRequest) {
      return watchEvents(handle, request, user) as AsyncIterable<WatchEventOf<T>>;
    },
  };
}

function serverRequest(request: LocalRequest, user: ApiUser): ServerRequest {
  const { method, path, body, contentType, signal = never } = request;
  const mark = path.indexOf('?');
  return {
    method,
    path: mark < 0 ? path : path.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
    headers: { accept: 'application/json', 'content-type': contentType ?? 'application/json' },
    body: body === undefined ? { kind: 'none' } : { kind: 'value', value: body },
    signal,
    user,
    inProcess: true,
    remoteAddress: '',
  };
}

function bodyValue({ status, body }: ServerResponse): unknown {
  const value = body.kind === 'value' ? body.value() : textOf(body);
  if (status < 400) return value;
  const known = typeof value === 'object' && value !== null && (value as KubeObject).kind === 'Status';
  throw new ApiError(known ? value : { message: String(value), reason: 'Unknown', code: status });
}

function textOf(body: ServerResponse['body']): string {
  return body.kind === 'bytes' ? Buffer.concat(body.chunks).toString() : '';
}

async function* watchEvents(
  handle: Handle,
  request: LocalRequest,
  user: ApiUser,
): AsyncGenerator<WatchEventOf> {
  const path = `${request.path}${request.path.includes('?') ? '&' : '?'}watch=true`;
  const asked = /[?&]watch=/.test(request.path) ? request : { ...request, path };
  const response = await handle(serverRequest(asked, user));
  if (response.body.kind !== 'watch') {
    bodyValue(response);
    throw new Error(`${request.path} answered with no watch`);
  }
  let queue: WatchEvent[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  const notify = () => {
    wake?.();
    wake = undefined;
  };
  const onEnd = () => {
    ended = true;
    notify();
  };
  const handleOfWatch = response.body.source.open({
    events(batch) {
      for (const event of batch) queue.push(event);
      notify();
      if (queue.length <= maxBehind) return true;
      onEnd();
      return false;
    },
    end: onEnd,
  });
  request.signal?.addEventListener('abort', onEnd, { once: true });
  try {
    while (!request.signal?.aborted) {
      const batch = queue;
      queue = [];
      for (const event of batch) yield checked(event);
      if (queue.length > 0) continue;
      if (ended) return;
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  } finally {
    request.signal?.removeEventListener('abort', onEnd);
    handleOfWatch.close();
  }
}

function checked(event: WatchEvent): WatchEventOf {
  const value = event.value();
  if (value.type === 'ERROR') throw new ApiError(value.object as ConstructorParameters<typeof ApiError>[0]);
  return value;
}
