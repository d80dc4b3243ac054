import { readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../base/log.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import type { Commands } from '../kernel/command.ts';
import type { IpRoute } from '../kernel/ip/ip-route.ts';
import type { NetnsPath, NetworkNamespaces } from '../kernel/network-namespace.ts';
import { clusterCgroup, hostTable } from './cluster-names.ts';

export interface Removal {
  cluster: string;
  runDir: string;
  bridge: string;
  hostNetns: NetnsPath | undefined;
  /** Names of the machines' links that are known of. */
  links: string[];
}

interface RemovalDeps {
  log: Logger;
  commands: Commands;
  ip: IpRoute;
  namespaces: NetworkNamespaces;
  cgroups: Cgroups;
}

/**
 * Removes all of a cluster that is outside its data directory. Each step works from what is there, not from
 * what should be; a step that fails does not keep the others from being done, its failure is thrown at the end.
 */
export async function removeCluster(deps: RemovalDeps, removal: Removal): Promise<void> {
  const group = clusterCgroup(removal.cluster);
  const steps: [what: string, step: () => Promise<void>][] = [
    ['processes', () => deps.cgroups.kill(group)],
    ['links', () => removeLinks(deps, removal)],
    ['rules', () => removeRules(deps, removal)],
    ['mounts', () => unmountBelow(deps.commands, removal.runDir)],
    ['host side', () => removeNetns(deps, removal)],
    ['control groups', () => removeGroups(deps.cgroups, group)],
  ];
  const failures: unknown[] = [];
  for (const [what, step] of steps) {
    await step().catch(error => {
      deps.log.error('could not be removed', { what, error });
      failures.push(error);
    });
  }
  if (failures.length > 0) throw failures[0];
}

/** With a host side of its own the links go with it; else those of the bridge, and the bridge. */
async function removeLinks({ ip }: RemovalDeps, removal: Removal): Promise<void> {
  if (removal.hostNetns) return;
  const links = await ip.links();
  const ours = links.filter(
    link =>
      link.name === removal.bridge || link.master === removal.bridge || removal.links.includes(link.name),
  );
  // The bridge last: what hangs on it is found by it when a removal is cut short and run again.
  ours.sort((a, b) => Number(a.name === removal.bridge) - Number(b.name === removal.bridge));
  for (const { name } of ours) {
    await ip.apply([{ op: 'link.delete', name }]).catch(async error => {
      // The other end's namespace may have gone and taken it along meanwhile.
      if ((await ip.links()).some(link => link.name === name)) throw error;
    });
  }
}

async function removeRules({ commands }: RemovalDeps, removal: Removal): Promise<void> {
  if (removal.hostNetns) return;
  const table = `table inet ${hostTable(removal.cluster)}`;
  // Added first, so that deleting does not fail where there is none.
  await commands.run(['nft', '-f', '-'], { input: `add ${table}\ndelete ${table}\n` });
}

async function unmountBelow(commands: Commands, folder: string): Promise<void> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const targets = mountinfo.split('\n').map(line => unescapeMount(line.split(' ')[4] ?? ''));
  const below = targets.filter(target => target.startsWith(`${folder}/`)).reverse();
  for (const target of below) await commands.run(['umount', '--lazy', '--no-canonicalize', target]);
}

/** mountinfo writes blanks and backslashes as octal numbers. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

async function removeNetns({ namespaces }: RemovalDeps, { hostNetns, runDir }: Removal): Promise<void> {
  if (hostNetns) await namespaces.remove(hostNetns);
  await rm(join(runDir, 'ns'), { recursive: true, force: true });
  await rm(join(runDir, 'machines.json'), { force: true });
  // Others keep files here too (a lock, sockets): what is not empty stays.
  await rmdir(runDir).catch(() => {});
}

async function removeGroups(cgroups: Cgroups, group: string): Promise<void> {
  await cgroups.remove(group);
  const parent = dirname(group);
  // The last cluster takes the common parent along.
  if ((await cgroups.children(parent)).length === 0) await cgroups.remove(parent);
}
