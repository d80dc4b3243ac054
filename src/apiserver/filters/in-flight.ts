import { tooManyRequests } from '../../api/status.ts';
import type { RequestInfo } from './request-info.ts';

export interface InFlightLimits {
  reading: number;
  mutating: number;
}

const readingVerbs = new Set(['get', 'list', 'watch', 'head', 'options']);
const longRunningSubresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Requests that stay open as long as the client likes: they count against no limit and have no deadline. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.verb === 'watch' || (info.isResource && longRunningSubresources.has(info.subresource));
}

/** How many requests are worked on at a time, by kind (upstream's max-in-flight filter). */
export class InFlight {
  readonly #limits: InFlightLimits;
  #reading = 0;
  #mutating = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  get count(): { reading: number; mutating: number } {
    return { reading: this.#reading, mutating: this.#mutating };
  }

  /** @throws ApiError 429. The returned function tells that the request is done. */
  enter(info: RequestInfo): () => void {
    if (isLongRunning(info)) return () => {};
    const reading = readingVerbs.has(info.verb);
    if (reading ? this.#reading >= this.#limits.reading : this.#mutating >= this.#limits.mutating) {
      throw tooManyRequests('Too many requests, please try again later.');
    }
    if (reading) {
      this.#reading++;
      return () => void this.#reading--;
    }
    this.#mutating++;
    return () => void this.#mutating--;
  }
}
