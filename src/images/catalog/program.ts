import { spawn } from 'node:child_process';

/** A program that could not be run or that failed; the message ends with its own last words. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly stderr: string;

  constructor(message: string, stderr: string, options?: ErrorOptions) {
    super(message, options);
    this.stderr = stderr;
  }
}

const keptOutput = 16 * 1024 * 1024;
const keptErrors = 64 * 1024;

/**
 * Runs a program and returns what it wrote to its output.
 * @param name of the program for errors, where others start it.
 * @throws ProgramError
 */
export async function runProgram(
  argv: readonly string[],
  signal?: AbortSignal,
  name = argv[0],
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of programOutput(argv, signal, name)) {
    size += chunk.length;
    if (size > keptOutput) throw new ProgramError(`${name} wrote more than 16 MiB`, '');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The output of a program as it comes; ends with an error where the program fails. @throws ProgramError */
export async function* programOutput(
  argv: readonly string[],
  signal?: AbortSignal,
  name = argv[0],
): AsyncGenerator<Buffer> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    ...(signal && { signal }),
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptErrors);
  });
  const ended = new Promise<{ code: number | null; error?: Error }>(resolve => {
    child.once('error', error => resolve({ code: null, error }));
    child.once('close', code => resolve({ code }));
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const { code, error } = await ended;
    if (code === 0) return;
    signal?.throwIfAborted();
    throw new ProgramError(
      `${name}: ${lastWords(stderr) || (error?.message ?? `exit code ${code}`)}`,
      stderr,
      {
        cause: error,
      },
    );
  } finally {
    child.kill();
  }
}

/** The line that tells most: apt begins its reasons with `E:`, and with `W:` why a mirror was not reached. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const reason =
    lines.find(line => /^[EW]: (Failed to fetch|.*Could not)/.test(line)) ??
    lines.filter(line => line.startsWith('E:')).at(-1) ??
    lines.at(-1) ??
    '';
  return reason.replace(/^[EW]:\s*/, '').replaceAll(/\s+/g, ' ');
}
