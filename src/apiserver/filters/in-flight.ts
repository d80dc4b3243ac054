import type { RequestInfo } from './request-info.ts';

const readingVerbs = new Set(['get', 'list', 'watch', 'head', 'options']);
const longRunningSubresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Requests that stay open as long as the client likes: they have no deadline. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.verb === 'watch' || (info.isResource && longRunningSubresources.has(info.subresource));
}

/** How many requests are worked on or wait for it, by kind. */
export class InFlight {
  reading = 0;
  mutating = 0;

  change(info: RequestInfo, by: 1 | -1): void {
    if (readingVerbs.has(info.verb)) this.reading += by;
    else this.mutating += by;
  }
}
