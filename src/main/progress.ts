import type { Clock } from '../base/clock.ts';

/** Shows the steps of a long command as they happen, each with the time it took. */
export interface Progress {
  /** Runs one step; prints it when it is done, or that it failed. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  /** A line between steps. */
  say(text: string): void;
}

/** Progress on a stream, with a live line where that is a terminal. */
export function streamProgress(clock: Clock, stream: NodeJS.WriteStream): Progress {
  const live = stream.isTTY === true;
  let depth = 0;
  return {
    say: text => void stream.write(`${text}\n`),
    async step(title, work) {
      const started = clock.monotonic();
      let notes = '';
      const indent = '  '.repeat(depth);
      const begin = live && depth === 0;
      if (begin) stream.write(` … ${title}`);
      depth++;
      const finish = (mark: string) => {
        depth--;
        const seconds = ((clock.monotonic() - started) / 1000).toFixed(2);
        const line = ` ${mark} ${indent}${title}${notes}`;
        stream.write(`${begin ? '\r\x1b[K' : ''}${line.padEnd(62)} ${seconds.padStart(6)} s\n`);
      };
      try {
        const result = await work(text => {
          notes = ` (${text})`;
        });
        finish('✓');
        return result;
      } catch (error) {
        finish('✗');
        throw error;
      }
    },
  };
}

/** For `-o json` and for tests: nothing is shown. */
export const silentProgress: Progress = { say() {}, step: (_title, work) => work(() => {}) };
