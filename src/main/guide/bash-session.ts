import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../base/clock.ts';
import type { Session } from '../../guide/session.ts';

/**
 * Reads commands from descriptor 3, each ended by a NUL; prints a NUL when one has ended. Ctrl-C from the
 * terminal ends the command, not the shell.
 */
const loop = `
exec 2>&1
trap : INT
while :; do
  IFS= read -r -d '' command <&3
  code=$?
  [ $code -gt 128 ] && continue
  [ $code -ne 0 ] && break
  eval "$command" 3<&-
  printf '\\0'
done
`;

/** Milliseconds a command has to end after Ctrl-C. */
const grace = 3_000;

export interface BashSessionOptions {
  /** Words that put a command on the host side of the cluster. */
  prefix: string[];
  env: NodeJS.ProcessEnv;
  /** The folder the commands run in. */
  folder: string;
  /** Whether commands have this process's terminal; else they read nothing, and Ctrl-C does not reach them. */
  terminal: boolean;
}

/** A bash on the host side of the cluster. */
export class BashSession implements Session {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #shell: ChildProcess;
  readonly #exited: Promise<void>;
  #onOutput: (text: string) => void = () => {};
  #onEnd: () => void = () => {};
  #gone = false;

  constructor({ clock }: { clock: Clock }, { prefix, env, folder, terminal }: BashSessionOptions) {
    this.#clock = clock;
    this.#folder = folder;
    const [program, ...args] = [...prefix, 'bash', '--norc', '--noprofile', '-c', loop];
    this.#shell = spawn(program!, args, {
      cwd: folder,
      env,
      stdio: [terminal ? 'inherit' : 'ignore', 'pipe', 'inherit', 'pipe'],
      detached: !terminal,
    });
    this.#exited = new Promise(resolve => {
      const gone = () => {
        this.#gone = true;
        this.#onEnd();
        resolve();
      };
      this.#shell.once('error', error => {
        this.#onOutput(`${error.message}\n`);
        gone();
      });
      this.#shell.once('close', gone);
    });
    this.#commands.on('error', () => {});
    this.#readOutput();
  }

  get #commands(): Writable {
    return this.#shell.stdio[3] as Writable;
  }

  #readOutput(): void {
    const decoder = new StringDecoder('utf8');
    this.#shell.stdout!.on('data', (chunk: Buffer) => {
      const [text, ...ends] = decoder.write(chunk).split('\0');
      if (text) this.#onOutput(text);
      if (ends.length > 0) this.#onEnd();
    });
  }

  writeFile(name: string, content: string): Promise<void> {
    return writeFile(join(this.#folder, name), content);
  }

  async run(command: string, onOutput: (text: string) => void, signal: AbortSignal): Promise<void> {
    if (this.#gone) {
      onOutput('the shell has ended\n');
      return;
    }
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onOutput = onOutput;
    this.#onEnd = resolve;
    let cancel = () => {};
    const interrupt = () => {
      this.#signalChildren('SIGINT');
      cancel = this.#clock.after(grace, () => this.#signalChildren('SIGKILL'));
    };
    signal.addEventListener('abort', interrupt, { once: true });
    this.#commands.write(`${command}\0`);
    await promise;
    cancel();
    signal.removeEventListener('abort', interrupt);
    this.#onOutput = () => {};
  }

  /** Ends the shell. */
  async end(): Promise<void> {
    this.#commands.end();
    await this.#exited;
  }

  #signalChildren(signal: NodeJS.Signals): void {
    for (const pid of descendants(this.#shell.pid)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

function descendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  let children: number[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
  return children.flatMap(child => [child, ...descendants(child)]);
}
