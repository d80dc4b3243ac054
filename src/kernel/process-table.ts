import { readFileSync } from 'node:fs';

/** A process that is told apart from a later one with the same number by when it began. */
export interface ProcessId {
  pid: number;
  /** Clock ticks from boot to its start, field 22 of `/proc/PID/stat`. */
  startTime: number;
}

/** What is known of a running process; undefined where there is none, or only a zombie of it. */
export function processId(pid: number): (ProcessId & { parent: number }) | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may hold anything; the fields after it are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, startTime: Number(fields[19]), parent: Number(fields[1]) };
  } catch {
    return undefined;
  }
}

/** Whether this very process still runs. */
export function isRunning({ pid, startTime }: ProcessId): boolean {
  return processId(pid)?.startTime === startTime;
}

/** Signals this very process; false where it is gone, also when its number belongs to another one now. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false;
  try {
    process.kill(id.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The words a process was started with; none where it is gone. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
