import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { Logger } from '../base/log.ts';
import { type ContainerdConfig, containerdConfig } from './containerd-config.ts';
import { GrpcCri } from './grpc-cri.ts';

export interface ContainerdProcessOptions extends ContainerdConfig {
  /** Path of containerd. */
  binary: string;
  /** Where its configuration and its log are written. */
  dir: string;
  /** Milliseconds to wait for it to answer. */
  readyTimeout?: number;
}

/** Starts a process; the real one is node's own, a machine's enters its namespaces first. */
export type Spawn = (
  command: string,
  args: readonly string[],
  options: { stdio: ['ignore', number, number]; env: NodeJS.ProcessEnv },
) => ChildProcess;

const pollInterval = 10;

/**
 * A containerd of our own: own root, state and socket; another one on the machine is never touched.
 * `start` resolves when it answers CRI. `stop` ends it and leaves its containers running, as an upgrade does.
 */
export class ContainerdProcess implements Component {
  readonly name = 'containerd';
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #spawn: Spawn;
  readonly #options: ContainerdProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  constructor(deps: { clock: Clock; log: Logger; spawn?: Spawn }, options: ContainerdProcessOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#spawn = deps.spawn ?? ((command, args, how) => spawnProcess(command, args, how));
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the process has ended, on its own or by `stop`. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  async start(signal: AbortSignal): Promise<void> {
    const configPath = await writeContainerdConfig(this.#options);
    // A socket left by a killed containerd would take connections for a moment of confusion.
    await rm(this.#options.socket, { force: true });
    const logFile = await open(join(this.#options.dir, 'containerd.log'), 'a', 0o640);
    const started = this.#clock.monotonic();
    try {
      this.#launch(configPath, logFile.fd);
    } finally {
      await logFile.close();
    }
    await this.#whenReady(signal);
    this.#log.info('containerd answers', { ms: Math.round(this.#clock.monotonic() - started) });
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    await this.#exited;
  }

  #launch(configPath: string, log: number): void {
    const env = { ...process.env, ...containerdEnvironment };
    const child = this.#spawn(this.#options.binary, ['--config', configPath], {
      stdio: ['ignore', log, log],
      env,
    });
    this.#child = child;
    this.#failure = undefined;
    this.#exited = new Promise(resolve => {
      child.once('error', error => {
        this.#failure = error.message;
        resolve();
      });
      child.once('exit', (code, by) => {
        this.#failure ??= `ended with ${by ?? `code ${code}`}`;
        this.#child = undefined;
        resolve();
      });
    });
  }

  async #whenReady(signal: AbortSignal): Promise<void> {
    const { socket, readyTimeout = 20_000, dir } = this.#options;
    const cri = new GrpcCri({ socket });
    const deadline = this.#clock.monotonic() + readyTimeout;
    try {
      for (;;) {
        const error = await cri.version().then(
          () => undefined,
          (failure: unknown) => failure,
        );
        if (!error) return;
        const log = join(dir, 'containerd.log');
        if (this.#failure) throw new Error(`containerd ${this.#failure}; its log: ${log}`);
        if (this.#clock.monotonic() > deadline) {
          throw new Error(`containerd does not answer on ${socket}; its log: ${log}`, { cause: error });
        }
        await this.#clock.sleep(pollInterval, signal);
      }
    } finally {
      cri.close();
    }
  }
}

/** A small heap: containerd does little on a node of this size, and memory is what a user notices. */
export const containerdEnvironment = { GOGC: '50' };

/** Writes `config.toml` and makes the folders it names; resolves with its path. */
export async function writeContainerdConfig(options: ContainerdConfig & { dir: string }): Promise<string> {
  for (const folder of [options.dir, options.root, options.state, options.cniConfDir]) {
    await mkdir(folder, { recursive: true, mode: 0o711 });
  }
  await mkdir(dirname(options.socket), { recursive: true, mode: 0o711 });
  const path = join(options.dir, 'config.toml');
  await writeFile(path, containerdConfig(options), { mode: 0o600 });
  return path;
}
