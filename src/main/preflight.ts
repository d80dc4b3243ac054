import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { cgroupsAreUnified, findProgram, hasApt, missingRequirements } from './packages.ts';

const run = promisify(execFile);

/** What one check of the machine found. A `fail` stops `up`; a `warn` is shown. */
export interface Finding {
  check: string;
  state: 'ok' | 'warn' | 'fail';
  /** What was found, one sentence. */
  message: string;
  /** The command, or the words, that mend it. */
  remedy?: string;
}

export interface PreflightOptions {
  isolated: boolean;
  dataDir: string;
  /** Port of the API server; looked at on the host when the cluster is not isolated. */
  apiPort: number;
}

type Check = (options: PreflightOptions) => Finding | Promise<Finding>;

/** Looks at the machine before anything is touched. Changes nothing. */
export async function checkMachine(options: PreflightOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  findings.push(linux(), root());
  if (findings.some(finding => finding.state === 'fail')) return findings;
  const rest: Check[] = [
    namespaces,
    cgroups,
    packages,
    nftables,
    links,
    overlay,
    inotify,
    space,
    memory,
    resolver,
  ];
  if (!options.isolated) rest.push(firewall, bridgeFilter, apiPort);
  findings.push(...(await Promise.all(rest.map(check => check(options)))));
  return findings;
}

const ok = (check: string, message: string): Finding => ({ check, state: 'ok', message });

function linux(): Finding {
  if (process.platform === 'linux') return ok('system', 'Linux');
  return {
    check: 'system',
    state: 'fail',
    message: `Causeway needs Linux; this is ${process.platform}`,
    remedy: 'run it in a Linux virtual machine',
  };
}

function root(): Finding {
  if (process.getuid?.() === 0) return ok('root', 'running as root');
  return {
    check: 'root',
    state: 'fail',
    message: 'Causeway makes network namespaces and needs root',
    remedy: 'sudo ./causeway up',
  };
}

async function namespaces(): Promise<Finding> {
  try {
    await run('unshare', ['--net', '--mount', '--uts', '--pid', '--fork', 'true']);
    return ok('namespaces', 'network, mount, UTS and PID namespaces can be made');
  } catch (error) {
    return {
      check: 'namespaces',
      state: 'fail',
      message: `namespaces cannot be made: ${firstLine(error)}`,
      remedy: 'in a container, start that container privileged: docker run --privileged …',
    };
  }
}

function cgroups(): Finding {
  if (cgroupsAreUnified()) return ok('cgroups', 'version 2');
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const lacking = ['cpu', 'memory', 'pids'].filter(
    name => !new RegExp(` cgroup .*\\b${name}\\b`).test(mounts),
  );
  if (lacking.length === 0) return ok('cgroups', 'version 1');
  return {
    check: 'cgroups',
    state: 'fail',
    message: `the cgroup controllers ${lacking.join(', ')} are not mounted`,
    remedy: 'boot with cgroup v2: systemd.unified_cgroup_hierarchy=1 on the kernel command line',
  };
}

function packages(): Finding {
  const missing = missingRequirements();
  if (missing.length === 0) return ok('programs', 'all needed programs are installed');
  const names = missing.map(item => item.package).join(' ');
  return {
    check: 'programs',
    state: hasApt() ? 'warn' : 'fail',
    message: `missing: ${missing.map(item => `${item.command} (${item.why})`).join(', ')}`,
    remedy: hasApt() ? `up installs them, or: apt-get install ${names}` : `install: ${names}`,
  };
}

async function nftables(): Promise<Finding> {
  if (!findProgram('nft')) return ok('nftables', 'is installed by up');
  const { stdout } = await run('nft', ['--version']);
  const [major = 0, minor = 0] = (/v(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  if (major < 1) {
    return {
      check: 'nftables',
      state: 'fail',
      message: `nft ${major}.${minor} is too old: version 1.0 or newer is needed`,
      remedy: 'use Debian 12, Ubuntu 22.04 or newer',
    };
  }
  const rules = [
    'add table ip t',
    'add chain ip t c { type nat hook prerouting priority dstnat; }',
    'add rule ip t c meta l4proto tcp dnat to numgen random mod 2 map { 0 : 127.0.0.1, 1 : 127.0.0.2 }',
  ].join('; ');
  try {
    await run('unshare', ['--net', 'nft', rules]);
    return ok('nftables', `nft ${stdout.match(/v[\d.]+/)?.[0] ?? ''}, the kernel takes NAT rules`);
  } catch (error) {
    return {
      check: 'nftables',
      state: 'fail',
      message: `the kernel refuses NAT rules: ${firstLine(error)}`,
      remedy: 'modprobe nf_tables nft_nat nft_numgen',
    };
  }
}

async function links(): Promise<Finding> {
  if (!findProgram('ip')) return ok('links', 'iproute2 is installed by up');
  try {
    await run('unshare', ['--net', 'ip', 'link', 'add', 'type', 'veth']);
    await run('unshare', ['--net', 'ip', 'link', 'add', 'type', 'bridge']);
    return ok('links', 'veth and bridge can be made');
  } catch (error) {
    return {
      check: 'links',
      state: 'fail',
      message: `network links cannot be made: ${firstLine(error)}`,
      remedy: 'modprobe veth bridge',
    };
  }
}

function overlay(): Finding {
  if (/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return ok('overlayfs', 'in the kernel');
  return {
    check: 'overlayfs',
    state: 'warn',
    message: 'overlayfs is not loaded; images need it',
    remedy: 'modprobe overlay',
  };
}

function inotify(): Finding {
  const instances = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  if (instances >= 128) return ok('inotify', `${instances} instances a user`);
  return {
    check: 'inotify',
    state: 'warn',
    message: `only ${instances} inotify instances a user`,
    remedy: 'sysctl -w fs.inotify.max_user_instances=512',
  };
}

function space({ dataDir }: PreflightOptions): Finding {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${(free / 2 ** 30).toFixed(1)} GiB free in ${folder}`;
  if (free >= 2 * 2 ** 30) return ok('disk', text);
  return {
    check: 'disk',
    state: free >= 512 * 2 ** 20 ? 'warn' : 'fail',
    message: text,
    remedy: 'free at least 2 GiB, or choose another folder with --data-dir',
  };
}

function memory(): Finding {
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  const bytes = available * 1024 || freemem();
  const text = `${(bytes / 2 ** 30).toFixed(1)} GiB available`;
  if (bytes >= 2 ** 30) return ok('memory', text);
  return { check: 'memory', state: 'warn', message: text, remedy: 'have 1 GiB free for two nodes and pods' };
}

function resolver(): Finding {
  const text = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '';
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(match => match[1]!);
  const local = servers.filter(server => server.startsWith('127.') || server === '::1');
  if (servers.length === 0) {
    return { check: 'resolver', state: 'warn', message: 'no nameserver: pods resolve cluster names only' };
  }
  if (local.length === 0) return ok('resolver', servers.join(', '));
  if (existsSync('/run/systemd/resolve/resolv.conf')) {
    return ok('resolver', `${local[0]} is a stub; its upstreams are used`);
  }
  return {
    check: 'resolver',
    state: 'warn',
    message: `the resolver ${local[0]} is on this machine's loopback: pods cannot reach it`,
    remedy: 'name another: causeway up --dns-upstream ADDRESS',
  };
}

async function firewall(): Promise<Finding> {
  for (const service of ['ufw', 'firewalld']) {
    if (!findProgram('systemctl')) break;
    const active = await run('systemctl', ['is-active', service]).then(
      result => result.stdout.trim() === 'active',
      () => false,
    );
    if (active) {
      return {
        check: 'firewall',
        state: 'warn',
        message: `${service} is active and may drop what is forwarded to pods`,
        remedy:
          service === 'ufw' ? 'ufw route allow in on cw+' : 'firewall-cmd --zone=trusted --add-interface=cw+',
      };
    }
  }
  if (findProgram('nft')) {
    const { stdout } = await run('nft', ['list', 'chains']).catch(() => ({ stdout: '' }));
    if (/hook forward [^}]*policy drop/.test(stdout)) {
      return {
        check: 'firewall',
        state: 'warn',
        message: 'a forward chain drops by default (Docker sets that): pods may not reach the outside',
        remedy: 'iptables -I DOCKER-USER -i cw+ -j ACCEPT',
      };
    }
  }
  return ok('firewall', 'nothing in the way');
}

function bridgeFilter(): Finding {
  const path = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (!existsSync(path) || readFileSync(path, 'utf8').trim() !== '1') return ok('bridge filter', 'off');
  return {
    check: 'bridge filter',
    state: 'warn',
    message: 'bridged packets pass through iptables, whose rules may drop them',
    remedy: 'sysctl -w net.bridge.bridge-nf-call-iptables=0',
  };
}

/** The server listens on its own address; a listener on the wildcard address is still in its way. */
async function apiPort({ apiPort: port }: PreflightOptions): Promise<Finding> {
  if (!findProgram('ss')) return ok('API port', `${port}`);
  const { stdout } = await run('ss', ['-Hltnp', `sport = :${port}`]);
  const taken = stdout.split('\n').find(line => /\s(0\.0\.0\.0|\*|\[::\]):\d+\s/.test(line));
  if (!taken) return ok('API port', `${port} is free`);
  const owner = /users:\(\("([^"]+)",pid=(\d+)/.exec(taken);
  return {
    check: 'API port',
    state: 'fail',
    message: `port ${port} is in use${owner ? ` by ${owner[1]} (pid ${owner[2]})` : ''}`,
    remedy: 'choose another: causeway up --api-port 6444',
  };
}

function firstLine(error: unknown): string {
  const text = (error as { stderr?: string }).stderr || (error as Error).message;
  return text.trim().split('\n')[0] ?? '';
}
