import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Node } from '../../../api/generated/types.ts';
import type { CniResult } from '../cni.ts';
import type { RouteMode } from '../node-routes.ts';
import type { PodNetworkOptions } from '../pod-network.ts';

const agent = fileURLToPath(new URL('./podnet-process.ts', import.meta.url));

/** Runs a command and returns its output; fails the test where it ends with another code than 0. */
export function run(...argv: string[]): string {
  const { stdout, stderr, status } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
  assert.equal(status, 0, `${argv.join(' ')}: ${stderr}`);
  return stdout;
}

export interface NodeSpec {
  name: string;
  addresses: string[];
  podCidrs: string[];
  /** Which of the two links of the router in between it hangs on. */
  segment?: 'a' | 'b';
  routeMode?: RouteMode;
}

/**
 * Nodes as network namespaces around the test's own, which is their router: 172.30.0.1/24 (segment a) and
 * 172.30.1.1/24 (segment b), both with an IPv6 subnet.
 */
export class PodnetNodes {
  readonly folder = mkdtempSync(join(tmpdir(), 'podnet-'));
  readonly nodes = new Map<string, { spec: NodeSpec; netns: string; agent: ChildProcess | undefined }>();
  readonly #mounts: string[] = [];
  readonly #links = new Set(['seg-a', 'seg-b']);
  #pods = 0;

  constructor() {
    run('ip', 'link', 'set', 'lo', 'up');
    for (const [segment, number] of Object.entries({ a: 0, b: 1 })) {
      run('ip', 'link', 'add', `seg-${segment}`, 'up', 'type', 'bridge', 'stp_state', '0');
      run('ip', 'address', 'add', `172.30.${number}.1/24`, 'dev', `seg-${segment}`);
      run('ip', 'address', 'add', `fd00:172:${number}::1/64`, 'dev', `seg-${segment}`, 'nodad');
    }
    run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    // Bridged frames must not pass through the router's rules.
    run('sysctl', '-qew', 'net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0');
  }

  async add(spec: NodeSpec): Promise<void> {
    const netns = this.#makeNetns(`node-${spec.name}`);
    const segment = spec.segment ?? 'a';
    const number = segment === 'a' ? 0 : 1;
    const inside = (...argv: string[]) => run('nsenter', `--net=${netns}`, ...argv);
    this.#links.add(`to-${spec.name}`);
    run(
      'ip',
      'link',
      'add',
      `to-${spec.name}`,
      'up',
      'master',
      `seg-${segment}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      netns,
    );
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'link', 'set', 'eth0', 'up');
    for (const address of spec.addresses) {
      const six = address.includes(':');
      inside('ip', 'address', 'add', `${address}/${six ? 64 : 24}`, 'dev', 'eth0', ...(six ? ['nodad'] : []));
      const gateway = six ? `fd00:172:${number}::1` : `172.30.${number}.1`;
      inside('ip', six ? '-6' : '-4', 'route', 'add', 'default', 'via', gateway);
    }
    inside('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    inside('sysctl', '-qw', 'net.ipv6.conf.default.addr_gen_mode=1', 'net.ipv4.conf.all.rp_filter=0');
    this.nodes.set(spec.name, { spec, netns, agent: undefined });
    await this.startAgent(spec.name);
  }

  async startAgent(name: string): Promise<void> {
    const node = this.nodes.get(name)!;
    const argv = [`--net=${node.netns}`, process.execPath, agent];
    node.agent = spawn('nsenter', argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const options: PodNetworkOptions = {
      nodeName: name,
      nodeAddresses: node.spec.addresses,
      podSubnets: ['10.244.0.0/16', 'fd00:10:244::/56'],
      nodeSubnets: ['172.30.0.0/23', 'fd00:172::/32'],
      stateDir: join(this.folder, name),
      socketPath: this.#socket(name),
      cniConfDir: join(this.folder, name, 'net.d'),
      cniBinDir: join(this.folder, name, 'bin'),
      routeMode: node.spec.routeMode ?? 'auto',
    };
    await this.#tell(name, { options });
  }

  /** Ends the agent without a word. */
  async killAgent(name: string): Promise<void> {
    const { agent: child } = this.nodes.get(name)!;
    const gone = new Promise(resolve => child!.once('close', resolve));
    child!.kill('SIGKILL');
    await gone;
  }

  /** Tells every agent of all nodes. */
  async publish(): Promise<void> {
    const nodes = [...this.nodes.values()].map(({ spec }) => kubeNode(spec));
    await Promise.all([...this.nodes.keys()].map(name => this.#tell(name, { nodes })));
  }

  /** A fresh network namespace for a pod. */
  podNetns(): string {
    return this.#makeNetns(`pod-${this.#pods++}`);
  }

  removeNetns(path: string): void {
    run('umount', '-l', path);
  }

  /** Calls the real plugin as a container runtime does. */
  cni(
    node: string,
    command: string,
    containerId: string,
    netns: string,
    config: object = {},
  ): Promise<{ code: number; answer: unknown }> {
    const env = {
      PATH: process.env.PATH ?? '',
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${containerId}`,
    };
    const child = spawn(join(this.folder, node, 'bin', 'causeway-cni'), {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const network = {
      cniVersion: '1.0.0',
      name: 'causeway',
      type: 'causeway-cni',
      socket: this.#socket(node),
    };
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stdin.end(JSON.stringify({ ...network, ...config }));
    return new Promise(resolve => {
      child.once('close', code =>
        resolve({ code: code ?? -1, answer: stdout ? JSON.parse(stdout) : undefined }),
      );
    });
  }

  /** Attaches a new pod; returns its namespace and addresses. */
  async pod(
    node: string,
    containerId: string,
    config: object = {},
  ): Promise<{ netns: string; ips: string[] }> {
    const netns = this.podNetns();
    const { code, answer } = await this.cni(node, 'ADD', containerId, netns, config);
    assert.equal(code, 0, JSON.stringify(answer));
    return { netns, ips: (answer as CniResult).ips.map(({ address }) => address.split('/')[0]!) };
  }

  inNode(name: string, ...argv: string[]): string {
    return run('nsenter', `--net=${this.nodes.get(name)!.netns}`, ...argv);
  }

  async close(): Promise<void> {
    for (const { agent: child } of this.nodes.values()) child?.kill('SIGKILL');
    // A namespace lives while a process that ends is still in it; its link is gone at once.
    for (const name of this.#links) spawnSync('ip', ['link', 'delete', name]);
    for (const path of this.#mounts) spawnSync('umount', ['-l', path]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #makeNetns(name: string): string {
    const path = join(this.folder, `${name}.net`);
    run('touch', path);
    run('unshare', `--net=${path}`, 'true');
    this.#mounts.push(path);
    return path;
  }

  #socket(node: string): string {
    return join(this.folder, `${node}.sock`);
  }

  async #tell(name: string, message: object): Promise<void> {
    const { agent: child } = this.nodes.get(name)!;
    const done = new Promise<void>((resolve, reject) => {
      child!.once('message', () => resolve());
      child!.once('close', code => reject(new Error(`the agent of ${name} ended with ${code}`)));
    });
    child!.send(message);
    await done;
  }
}

function kubeNode(spec: NodeSpec): Node {
  return {
    metadata: { name: spec.name },
    spec: { podCIDR: spec.podCidrs[0], podCIDRs: spec.podCidrs },
    status: { addresses: spec.addresses.map(address => ({ type: 'InternalIP', address })) },
  };
}
