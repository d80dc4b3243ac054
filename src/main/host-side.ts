import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nameFlag } from './cluster-config.ts';
import type { ClusterContext } from './commands/context.ts';
import { SystemFailure } from './failure.ts';
import { findKubectl, programsFolder, userPath } from './kubectl.ts';
import { linuxMachines } from './linux-machines-port.ts';
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

/**
 * The environment of commands run for the user: KUBECONFIG; `k`, kubectl and `causeway` on PATH, the last for
 * this cluster where no other is named.
 */
export function userEnvironment({ paths, config }: ClusterContext, dataDir: string): NodeJS.ProcessEnv {
  const kubectl = findKubectl(programsFolder(dataDir));
  if (process.getuid?.() === 0) {
    mkdirSync(paths.bin, { recursive: true });
    if (kubectl) linkProgram(join(paths.bin, 'k'), kubectl);
    linkProgram(join(paths.bin, 'causeway'), starter);
  }
  return {
    ...process.env,
    KUBECONFIG: paths.kubeconfig,
    CAUSEWAY_NAME: config.name,
    CAUSEWAY_DATA_DIR: dataDir,
    PATH: userPath(paths.bin, kubectl),
  };
}

/** The shell script that a user starts. */
const starter = fileURLToPath(new URL('../../causeway', import.meta.url));

function linkProgram(link: string, target: string): void {
  if (readlinkIfThere(link) === target) return;
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

function readlinkIfThere(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/**
 * Runs `command` on the host side with this process's terminal and streams; resolves with its exit code.
 * Signals that the terminal sends reach the child by itself; those sent to this process are handed on.
 */
export function runOnHostSide(context: ClusterContext, dataDir: string, command: string[]): Promise<number> {
  return runForUser(context, dataDir, [...hostSidePrefix(context), ...command]);
}

/** The same in a node. */
export async function runInNode(
  context: ClusterContext,
  dataDir: string,
  node: string,
  command: string[],
): Promise<number> {
  const words = await linuxMachines(context).command({ machine: node }, command);
  return runForUser(context, dataDir, words);
}

function runForUser(context: ClusterContext, dataDir: string, words: string[]): Promise<number> {
  const [program, ...args] = words;
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
