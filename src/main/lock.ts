import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SystemFailure } from './failure.ts';

/**
 * Takes the lock on `path`, so that of two commands that change a cluster one waits for nobody and the other
 * is told. A child of flock(1) holds it for as long as this process lives, however it ends.
 * @param busy the message when another process has it.
 */
export async function takeLock(path: string, busy: string): Promise<() => void> {
  mkdirSync(dirname(path), { recursive: true });
  const holder = spawn('flock', ['--nonblock', '--no-fork', '--conflict-exit-code', '75', path, 'cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  // `cat` answers the first line once flock has run it, that is: once the lock is ours.
  holder.stdin.on('error', () => {});
  holder.stdin.write('\n');
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('error', cause => reject(new SystemFailure(`flock cannot be run: ${cause.message}`)));
    holder.once('exit', code => {
      reject(new SystemFailure(code === 75 ? busy : `the lock ${path} cannot be taken (flock: ${code})`));
    });
  });
  holder.unref();
  return () => void holder.stdin.end();
}
