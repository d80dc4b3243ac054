import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { nameFlag } from './cluster-config.ts';
import type { ClusterContext } from './commands/context.ts';
import { SystemFailure } from './failure.ts';
import { findKubectl, programsFolder, userPath } from './kubectl.ts';
import { findProgram } from './packages.ts';

/** The words that put a command on the host side of the cluster; none where that is the machine itself. */
export function hostSidePrefix({ paths, config }: ClusterContext): string[] {
  if (!config.isolated) return [];
  if (!existsSync(paths.hostNamespace)) {
    throw new SystemFailure(
      `the cluster "${config.name}" does not run: start it with: sudo causeway up${nameFlag(config.name)}`,
    );
  }
  return [findProgram('nsenter') ?? 'nsenter', `--net=${paths.hostNamespace}`, '--'];
}

/** The environment of commands run for the user: KUBECONFIG, and `k` and kubectl on PATH. */
export function userEnvironment({ paths }: ClusterContext, dataDir: string): NodeJS.ProcessEnv {
  const kubectl = findKubectl(programsFolder(dataDir));
  if (kubectl && process.getuid?.() === 0) linkShortName(paths.bin, kubectl);
  return { ...process.env, KUBECONFIG: paths.kubeconfig, PATH: userPath(paths.bin, kubectl) };
}

function linkShortName(folder: string, kubectl: string): void {
  const link = join(folder, 'k');
  if (existsSync(link)) return;
  mkdirSync(folder, { recursive: true });
  symlinkSync(kubectl, link);
}

/**
 * Runs `command` on the host side with this process's terminal and streams; resolves with its exit code.
 * Signals that the terminal sends reach the child by itself; those sent to this process are handed on.
 */
export function runOnHostSide(context: ClusterContext, dataDir: string, command: string[]): Promise<number> {
  const [program, ...args] = [...hostSidePrefix(context), ...command];
  const child = spawn(program!, args, { stdio: 'inherit', env: userEnvironment(context, dataDir) });
  const handOn = (signal: NodeJS.Signals) => () => void child.kill(signal);
  // SIGINT and SIGQUIT come from the terminal to the whole group: the child decides what they mean.
  const ignore = () => {};
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGINT', ignore],
    ['SIGQUIT', ignore],
    ['SIGTERM', handOn('SIGTERM')],
    ['SIGHUP', handOn('SIGHUP')],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(127);
      else reject(new SystemFailure(`${program} cannot be run: ${error.message}`, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
