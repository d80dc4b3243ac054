import { spawn } from 'node:child_process';
import type { Clock } from '../base/clock.ts';

export interface CommandOptions {
  /** Written to the command's standard input, which is closed then. */
  input?: string;
  /** Milliseconds until it is killed; 10,000 where none is given. */
  timeout?: number;
  /** Bytes of output, on either stream, past which it is killed; 16 MiB where none is given. */
  maxOutput?: number;
  /** The whole environment; the process's own where none is given. */
  env?: Record<string, string>;
  cwd?: string;
  signal?: AbortSignal;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
}

/** The one door to other programs. There is no shell: an argument is an argument. */
export interface Commands {
  /**
   * Runs `argv` and resolves with its output when it ended with 0.
   * @throws CommandError in every other case.
   */
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
}

/** Why a command failed: not there, ended with a code or a signal, took too long, said too much, was aborted. */
export type CommandFailure =
  | 'not-found'
  | 'exit'
  | 'signal'
  | 'timeout'
  | 'output-limit'
  | 'aborted'
  | 'spawn';

export class CommandError extends Error {
  readonly code: CommandFailure;
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(
    code: CommandFailure,
    argv: readonly string[],
    detail: { exitCode?: number; stderr?: string; reason: string },
    options?: ErrorOptions,
  ) {
    super(`${argv.slice(0, 6).join(' ')}: ${detail.reason}`, options);
    this.name = 'CommandError';
    this.code = code;
    this.argv = argv;
    this.exitCode = detail.exitCode;
    this.stderr = detail.stderr ?? '';
  }
}

/** Runs real programs, found on PATH. */
export class SystemCommands implements Commands {
  readonly #clock: Clock;

  constructor(deps: { clock: Clock }) {
    this.#clock = deps.clock;
  }

  run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    const { input, timeout = 10_000, maxOutput = 16 * 2 ** 20, env, cwd, signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new CommandError('aborted', argv, { reason: 'aborted' }, { cause: signal.reason }));
        return;
      }
      const [file, ...args] = argv;
      const child = spawn(file, args, {
        env,
        cwd,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      const out = collect(maxOutput, () => stop('output-limit'));
      const err = collect(maxOutput, () => stop('output-limit'));
      let stopped: CommandFailure | undefined;
      const stop = (why: CommandFailure) => {
        stopped ??= why;
        child.kill('SIGKILL');
      };
      const onAbort = () => stop('aborted');
      const cancel = this.#clock.after(timeout, () => stop('timeout'));
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = () => {
        cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      child.on('error', cause => {
        settle();
        const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
        const reason = missing ? 'no such program' : cause.message;
        reject(new CommandError(missing ? 'not-found' : 'spawn', argv, { reason }, { cause }));
      });
      child.on('close', (exitCode, killedBy) => {
        settle();
        const stderr = err.text();
        if (!stopped && exitCode === 0) resolve({ stdout: out.text(), stderr });
        else reject(failure(argv, { stopped, exitCode, killedBy, stderr, timeout, maxOutput }));
      });
      child.stdout?.on('data', out.add);
      child.stderr?.on('data', err.add);
      // A command that ends without reading its input closes the pipe early; its exit code tells the story.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  }
}

function collect(limit: number, onFull: () => void) {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk: Buffer) {
      size += chunk.length;
      if (size > limit) onFull();
      else chunks.push(chunk);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

function failure(
  argv: readonly string[],
  end: {
    stopped: CommandFailure | undefined;
    exitCode: number | null;
    killedBy: string | null;
    stderr: string;
    timeout: number;
    maxOutput: number;
  },
): CommandError {
  const { stopped, exitCode, killedBy, stderr } = end;
  if (stopped === 'timeout') {
    return new CommandError(stopped, argv, { stderr, reason: `killed after ${end.timeout} ms` });
  }
  if (stopped === 'output-limit') {
    return new CommandError(stopped, argv, { stderr, reason: `more than ${end.maxOutput} bytes of output` });
  }
  if (stopped) return new CommandError(stopped, argv, { stderr, reason: stopped });
  if (exitCode === null) {
    return new CommandError('signal', argv, { stderr, reason: `killed by ${killedBy}` });
  }
  const words = stderr.trim().split('\n')[0];
  return new CommandError('exit', argv, { exitCode, stderr, reason: words || `exit code ${exitCode}` });
}
