import { open } from 'node:fs/promises';
import type { ContainerStatus } from '../../cri/cri.ts';
import { runtimeAnnotations } from './pod-identity.ts';

const maxMessage = 4096;
const maxLogMessage = 2048;
const maxLogLines = 80;

/** The last words of an ended container: its message file, or by policy the end of its log; '' where none. */
export async function terminationMessage(status: ContainerStatus): Promise<string> {
  const path = status.annotations[runtimeAnnotations.terminationMessagePath];
  const mount = status.mounts.find(({ containerPath }) => containerPath === path);
  const written = mount ? await tail(mount.hostPath, maxMessage) : '';
  const policy = status.annotations[runtimeAnnotations.terminationMessagePolicy];
  if (written !== '' || policy !== 'FallbackToLogsOnError' || status.exitCode === 0) return written;
  const lines = (await tail(status.logPath, maxLogMessage * 4)).replace(/\n$/, '').split('\n');
  // Each line of a log is `time stream tag text`; one with tag P goes on in the next, or was never ended.
  const texts = lines.map(line => {
    const [, , tag, ...text] = line.split(' ');
    return text.join(' ') + (tag === 'P' ? '' : '\n');
  });
  return texts.slice(-maxLogLines).join('').slice(-maxLogMessage);
}

async function tail(path: string, bytes: number): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
