import { type ChildProcess, spawn } from 'node:child_process';

interface Request {
  lines: readonly string[];
  /** Number of the request's first line in the session, from 1. */
  firstLine: number;
  /** Number of the marker line after it. */
  markerLine: number;
  resolve(failure: { index: number; reason: string } | undefined): void;
  reject(error: Error): void;
}

/**
 * One running `ip -force -batch -`, fed line by line. ip says nothing of a line that worked and names the
 * line of one that failed on its unbuffered standard error, so that each request is followed by a line
 * which always fails: when that is named, all before it are done.
 */
export class IpSession {
  #child: ChildProcess | undefined;
  #line = 0;
  #pending: Request[] = [];
  #errors = '';
  #closed = false;

  /** How many lines were run. */
  get lines(): number {
    return this.#line;
  }

  /** Runs the lines in order; resolves with the first that failed, the others are still run. */
  run(lines: readonly string[]): Promise<{ index: number; reason: string } | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('the ip session is closed'));
        return;
      }
      const child = this.#open();
      const firstLine = this.#line + 1;
      this.#line += lines.length + 1;
      this.#pending.push({ lines, firstLine, markerLine: this.#line, resolve, reject });
      child.stdin!.write(`${lines.join('\n')}\n${marker}\n`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child) return;
    await new Promise<void>(resolve => {
      child.once('close', () => resolve());
      child.stdin!.end();
    });
  }

  #open(): ChildProcess {
    if (this.#child) return this.#child;
    const child = spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child = child;
    this.#line = 0;
    this.#errors = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    child.stdin!.on('error', () => {});
    const onEnd = (cause?: Error) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      // The next request starts a fresh one; what was under way may or may not have been done.
      for (const request of this.#pending.splice(0)) {
        request.reject(new Error('ip ended before it had answered', { cause }));
      }
    };
    child.on('error', onEnd);
    child.on('close', () => onEnd());
    return child;
  }

  /** Waits for the marker of the oldest request; what came before it are that request's failures. */
  #read(text: string): void {
    this.#errors += text;
    for (let request = this.#pending[0]; request; request = this.#pending[0]) {
      const end = `Command failed -:${request.markerLine}\n`;
      const at = this.#errors.indexOf(end);
      if (at < 0) return;
      const said = this.#errors.slice(0, at);
      this.#errors = this.#errors.slice(at + end.length);
      this.#pending.shift();
      request.resolve(firstFailure(said, request));
    }
  }
}

const marker = 'done';

function firstFailure(said: string, request: Request): { index: number; reason: string } | undefined {
  const match = /([\s\S]*?)Command failed -:(\d+)\n/.exec(said);
  if (!match) return undefined;
  return { index: Number(match[2]) - request.firstLine, reason: match[1]!.trim().split('\n')[0] ?? '' };
}
