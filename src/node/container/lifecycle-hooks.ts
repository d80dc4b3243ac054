import type { Container, LifecycleHandler } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { Cri } from '../../cri/cri.ts';
import { httpRequest, type NetworkRequests } from '../probe/network-request.ts';

export interface HookTarget {
  containerId: string;
  container: Container;
  podIP: string;
}

const httpTimeout = 60_000;

/** Runs postStart and preStop handlers. */
export class LifecycleHooks {
  readonly #cri: Cri;
  readonly #clock: Clock;
  readonly #requests: NetworkRequests;

  constructor(deps: { cri: Cri; clock: Clock; requests: NetworkRequests }) {
    this.#cri = deps.cri;
    this.#clock = deps.clock;
    this.#requests = deps.requests;
  }

  /**
   * Resolves when the handler has ended well; rejects with what it said.
   * @param signal ends the wait, not the command
   */
  async run(handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void> {
    const { exec, httpGet, sleep } = handler;
    if (exec) await abortable(this.#exec(exec.command ?? [], target), signal);
    else if (httpGet) await abortable(this.#httpGet(httpGet, target), signal);
    else if (sleep) await this.#clock.sleep(sleep.seconds * 1000, signal);
    else throw new Error(`invalid handler: ${Object.keys(handler).join(', ')}`);
  }

  async #exec(command: string[], { containerId }: HookTarget): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#cri.execSync(containerId, command, 0);
    if (exitCode === 0) return;
    const output = Buffer.concat([stdout, stderr]).subarray(0, 1024).toString();
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
  }

  async #httpGet(action: NonNullable<LifecycleHandler['httpGet']>, target: HookTarget): Promise<void> {
    const { container, podIP } = target;
    const { url, headers } = httpRequest(action, container, podIP, 'kube-lifecycle/1.36');
    await this.#requests.get(url, headers, httpTimeout);
  }
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
