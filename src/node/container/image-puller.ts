import type { Pod } from '../../api/generated/types.ts';
import { formatDuration } from '../../api/time.ts';
import { Backoff } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import { type Cri, type Image, rpcMessage } from '../../cri/cri.ts';
import type { Encoded } from '../../cri/schema.ts';
import { InvalidImageName, imageTag, normalizeImage } from './image-reference.ts';

/** How it stands with an image a container needs. */
export type ImageState =
  | { state: 'present'; image: Image; pulled: boolean }
  | { state: 'pulling' }
  | { state: 'failed'; reason: ImageFailure; message: string; retryAfter: number | undefined };

export type ImageFailure =
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'ImageInspectError';

export interface ImageEvents {
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface Pull {
  done: Promise<void>;
  /** Set when it has ended. */
  outcome?: { image: Image; took: number; waited: number } | { error: string };
}

interface Failure {
  message: string;
  retryAt: number;
  delay: number;
}

const maxParallelPulls = 4;

/**
 * Brings images onto the node. `ensure` never waits for a pull: it starts one and says `pulling`, and
 * `onSettled` is called when it ends. Pods that want the same image share one pull; a failed one is tried
 * again after 10 s, doubling up to 5 min, per pod and image as kubelet does.
 */
export class ImagePuller {
  readonly #cri: Cri;
  readonly #clock: Clock;
  readonly #decisions: DecisionLog;
  readonly #pulls = new Map<string, Pull>();
  /** What a pod has been told of the pull it waits for, by `uid/image`. */
  readonly #waiting = new Map<string, Pull>();
  readonly #failures = new Map<string, Failure>();
  readonly #backoff = new Backoff<string>({ initial: 10_000, max: 300_000 });
  readonly #stopping = new AbortController();
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(deps: { cri: Cri; clock: Clock; decisions: DecisionLog }) {
    this.#cri = deps.cri;
    this.#clock = deps.clock;
    this.#decisions = deps.decisions;
  }

  /** Gives up the pulls under way. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Drops what is remembered for a pod that is gone. */
  forget(uid: string): void {
    for (const key of this.#failures.keys()) {
      if (!key.startsWith(`${uid}/`)) continue;
      this.#failures.delete(key);
      this.#backoff.forget(key);
    }
    for (const key of this.#waiting.keys()) if (key.startsWith(`${uid}/`)) this.#waiting.delete(key);
  }

  /**
   * @param policy `Always`, `IfNotPresent`, `Never`; '' takes the default of the image's tag.
   * @param auths credentials to try, best first.
   */
  async ensure(
    pod: Pod,
    image: string,
    policy: string,
    auths: () => Promise<Encoded<'AuthConfig'>[]>,
    events: ImageEvents,
    onSettled: () => void,
  ): Promise<ImageState> {
    let name: string;
    try {
      name = normalizeImage(image);
    } catch (error) {
      if (!(error instanceof InvalidImageName)) throw error;
      const message = `Failed to apply default image tag "${image}": ${error.message}`;
      events.event('Warning', 'InspectFailed', message);
      return { state: 'failed', reason: 'InvalidImageName', message, retryAfter: undefined };
    }
    const key = `${pod.metadata?.uid}/${name}`;
    const waited = this.#waiting.get(key);
    if (waited) return this.#afterPull(key, image, waited, events);
    const present = await this.#cri.imageStatus(name);
    const effective = policy || (imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent');
    if (present && effective !== 'Always') return this.#alreadyPresent(image, present, events);
    if (effective === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      events.event('Warning', 'ErrImageNeverPull', message);
      return { state: 'failed', reason: 'ErrImageNeverPull', message, retryAfter: undefined };
    }
    return (
      this.#failureState(key, image, events) ?? this.#begin(pod, key, image, name, auths, events, onSettled)
    );
  }

  #alreadyPresent(image: string, present: Image, events: ImageEvents): ImageState {
    events.event(
      'Normal',
      'Pulled',
      `Container image "${image}" already present on machine and can be accessed by the pod`,
    );
    return { state: 'present', image: present, pulled: false };
  }

  #failureState(key: string, image: string, events: ImageEvents): ImageState | undefined {
    const failure = this.#failures.get(key);
    const left = failure ? failure.retryAt - this.#clock.now() : 0;
    if (!failure || left <= 0) return undefined;
    events.event('Normal', 'BackOff', `Back-off pulling image "${image}"`);
    const message = `Back-off pulling image "${image}": ErrImagePull: ${failure.message}`;
    return { state: 'failed', reason: 'ImagePullBackOff', message, retryAfter: left };
  }

  #begin(
    pod: Pod,
    key: string,
    image: string,
    name: string,
    auths: () => Promise<Encoded<'AuthConfig'>[]>,
    events: ImageEvents,
    onSettled: () => void,
  ): ImageState {
    events.event('Normal', 'Pulling', `Pulling image "${image}"`);
    let pull = this.#pulls.get(name);
    if (!pull) {
      pull = { done: Promise.resolve() };
      pull.done = this.#pull(pull, pod, name, auths).finally(() => this.#pulls.delete(name));
      this.#pulls.set(name, pull);
    }
    this.#waiting.set(key, pull);
    void pull.done.then(onSettled);
    return { state: 'pulling' };
  }

  #afterPull(key: string, image: string, pull: Pull, events: ImageEvents): ImageState {
    const { outcome } = pull;
    if (!outcome) return { state: 'pulling' };
    this.#waiting.delete(key);
    if ('image' in outcome) {
      this.#failures.delete(key);
      this.#backoff.forget(key);
      const took = `${formatDuration(outcome.took)} (${formatDuration(outcome.waited)} including waiting)`;
      const size = `Image size: ${outcome.image.size} bytes.`;
      events.event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took}. ${size}`);
      return { state: 'present', image: outcome.image, pulled: true };
    }
    const delay = this.#backoff.next(key);
    this.#failures.set(key, { message: outcome.error, retryAt: this.#clock.now() + delay, delay });
    events.event('Warning', 'Failed', `Failed to pull image "${image}": ${outcome.error}`);
    return { state: 'failed', reason: 'ErrImagePull', message: outcome.error, retryAfter: delay };
  }

  async #pull(
    pull: Pull,
    pod: Pod,
    name: string,
    auths: () => Promise<Encoded<'AuthConfig'>[]>,
  ): Promise<void> {
    const asked = this.#clock.monotonic();
    await this.#slot();
    const began = this.#clock.monotonic();
    this.#decisions.record('node.image.pulling', decisionObject(pod), { image: name });
    try {
      const reference = await this.#pullWith(name, await auths());
      const image = (await this.#cri.imageStatus(reference)) ?? (await this.#cri.imageStatus(name));
      if (!image) throw new Error(`image ${name} is gone right after it was pulled`);
      const ended = this.#clock.monotonic();
      pull.outcome = { image, took: ended - began, waited: ended - asked };
      const detail = { image: name, bytes: image.size, ms: Math.round(ended - began) };
      this.#decisions.record('node.image.pulled', decisionObject(pod), detail);
    } catch (error) {
      const message = rpcMessage(error);
      pull.outcome = { error: message };
      this.#decisions.record('node.image.pull-failed', decisionObject(pod), { image: name, error: message });
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }

  /** Tries each credential; without any, none. */
  async #pullWith(name: string, auths: Encoded<'AuthConfig'>[]): Promise<string> {
    let failure: unknown;
    for (const auth of auths.length > 0 ? auths : [undefined]) {
      try {
        return await this.#cri.pullImage(name, auth, this.#stopping.signal);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #slot(): Promise<void> {
    if (this.#running >= maxParallelPulls) await new Promise<void>(resolve => this.#queue.push(resolve));
    this.#running += 1;
  }
}
