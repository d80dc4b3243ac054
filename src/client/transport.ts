import type { KubeObject, WatchEventOf } from '../api/objects.ts';

/**
 * How a component reaches the API: over TLS, or in process. In process the bodies are handed over as frozen
 * objects, not as bytes; a receiver never writes to what it gets.
 */
export interface Transport {
  /**
   * Sends one request and resolves with the decoded answer.
   * @throws ApiError for a Status of failure; any other error means that no answer came.
   */
  request<T = unknown>(request: ApiRequest): Promise<T>;

  /**
   * Opens a watch. The events come in the server's order; ends when the server ends it.
   * An ERROR event is thrown as an ApiError (410 Expired: list anew).
   */
  watch<T extends KubeObject>(request: ApiRequest): AsyncIterable<WatchEventOf<T>>;
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query: `/api/v1/pods?limit=500`. */
  path: string;
  /** A JSON value. */
  body?: unknown;
  /** Of the body, where it is not `application/json` (the patch types). */
  contentType?: string;
  signal?: AbortSignal;
}
