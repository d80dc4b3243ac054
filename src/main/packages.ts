import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SystemFailure } from './failure.ts';

/** A program Causeway runs, the distribution's package that has it, and what it is needed for. */
export interface Requirement {
  command: string;
  package: string;
  why: string;
}

const always: readonly Requirement[] = [
  { command: 'containerd', package: 'containerd', why: 'runs the containers of a node' },
  { command: 'nft', package: 'nftables', why: 'service, policy and masquerade rules' },
  { command: 'ip', package: 'iproute2', why: 'links, addresses and routes' },
  { command: 'conntrack', package: 'conntrack', why: 'forgets flows of vanished endpoints' },
  { command: 'catatonit', package: 'catatonit', why: 'the first process of a node' },
  { command: 'nsenter', package: 'util-linux', why: 'enters the namespaces of a node' },
];

const runc: Requirement = { command: 'runc', package: 'runc', why: 'starts containers (cgroups v1)' };
const crun: Requirement = { command: 'crun', package: 'crun', why: 'starts containers (cgroups v2)' };

/** Whether the machine's cgroups are the unified (v2) ones alone; where v1 is mounted too, crun refuses. */
export function cgroupsAreUnified(): boolean {
  return existsSync('/sys/fs/cgroup/cgroup.controllers');
}

/** The path of a program, looked for as root's shell would; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (!folder) continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

/** What is missing on this machine. A runc that is there serves where crun would be chosen. */
export function missingRequirements(): Requirement[] {
  const runtime = cgroupsAreUnified() ? crun : runc;
  const missing = always.filter(({ command }) => !findProgram(command));
  if (!findProgram(runtime.command) && !findProgram('runc')) missing.push(runtime);
  return missing;
}

/** The runtime containerd is told to use. */
export function containerRuntime(): string {
  const preferred = cgroupsAreUnified() ? ['crun', 'runc'] : ['runc'];
  const found = preferred.map(findProgram).find(path => path !== undefined);
  if (!found) throw new SystemFailure('no runc is installed: run: apt-get install runc');
  return found;
}

/** Whether the distribution's packages can be installed from here. */
export function hasApt(): boolean {
  return findProgram('apt-get') !== undefined && existsSync('/etc/debian_version');
}

/**
 * Installs packages with apt-get, without questions and without starting their services.
 * @throws SystemFailure with the last words of apt-get and the command to run by hand.
 */
export async function installPackages(names: string[]): Promise<void> {
  if (!hasApt()) {
    throw new SystemFailure(
      `these packages are missing and this is no Debian or Ubuntu: install what gives ${names.join(', ')}`,
    );
  }
  const install = ['install', '--yes', '--no-install-recommends', ...names];
  const first = await aptGet(install);
  if (first.code === 0) return;
  // The lists may be old or absent, as they are in fresh containers.
  const update = await aptGet(['update', '--quiet']);
  const second = update.code === 0 ? await aptGet(install) : update;
  if (second.code === 0) return;
  throw new SystemFailure(
    `apt-get could not install ${names.join(' ')}: ${lastLine(second.output)}; mend that and run: apt-get install ${names.join(' ')}`,
  );
}

function aptGet(args: string[]): Promise<{ code: number; output: string }> {
  // systemctl is kept from starting containerd's service: the user did not ask for that.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', NEEDRESTART_SUSPEND: '1' };
  return new Promise(resolve => {
    const child = spawn('apt-get', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4096);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', error => resolve({ code: 127, output: error.message }));
    child.on('close', code => resolve({ code: code ?? 1, output }));
  });
}

function lastLine(output: string): string {
  const lines = output.trim().split('\n');
  return lines.filter(line => line.startsWith('E:')).at(-1) ?? lines.at(-1) ?? 'no reason given';
}
