import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { frontProxyName } from '../apiserver/bootstrap/extension-authentication.ts';
import { systemClock } from '../base/clock.ts';
import { formatAddress, parseCidr } from '../base/ip-address.ts';
import type {
  AgentConfig,
  ClusterNetwork,
  KeyPairFiles,
  ServerConfig,
  StoreConfig,
} from '../cluster/config.ts';
import { sandboxImage } from '../cri/containerd-config.ts';
import { writeContainerdConfig } from '../cri/containerd-process.ts';
import { parseResolvConf, resolvedConfPath } from '../dns/resolv-conf.ts';
import { hostsTomlPath, renderHostsToml } from '../images/hosts-toml.ts';
import { auditLogPath, auditPolicyPath } from './audit-files.ts';
import {
  apiServerPort,
  type ClusterConfig,
  mirrorPort,
  type NodeConfig,
  nodeMaskSizes,
  serverNames,
  writeFileAtomically,
} from './cluster-config.ts';
import type { ClusterContext } from './commands/context.ts';
import { renderKubeconfig } from './kubeconfig.ts';
import { containerRuntime, findProgram } from './packages.ts';
import { type KeyPair, Pki, type Subject } from './pki.ts';

export const clusterDomain = 'cluster.local';

/** The network as all processes are told it. */
export function clusterNetwork(config: ClusterConfig): ClusterNetwork {
  return {
    ipFamilies: config.ipFamilies,
    nodeSubnets: config.nodeSubnets,
    podSubnets: config.podSubnets,
    serviceSubnets: config.serviceSubnets,
    gateways: config.gateways,
    clusterDns: config.serviceSubnets.map(subnet => addressIn(subnet, 10)),
    clusterDomain,
    nodeMaskSizes: nodeMaskSizes(config.ipFamilies, config.nodeMaskSizes),
    mtu: config.mtu,
  };
}

/** The address `index` after a subnet's first. */
export function addressIn(subnet: string, index: number): string {
  const cidr = parseCidr(subnet)!;
  return formatAddress({ family: cidr.family, value: cidr.first + BigInt(index) });
}

/** `172.30.0.1` or `[fd00::1]`, as in URLs. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Of the API, or of one of several servers by its number from 1 on. */
export function apiServerUrl(config: ClusterConfig, server = 0): string {
  return `https://${urlHost(config.gateways[0]!)}:${(config.apiPort ?? apiServerPort) + server}`;
}

/**
 * The files that the processes of a cluster are started with: certificates, configurations, kubeconfig. All
 * derive from `cluster.json`; writing them again changes nothing that is still good.
 */
export class ClusterFiles {
  readonly #context: ClusterContext;
  readonly #pki: Pki;

  constructor(context: ClusterContext) {
    this.#context = context;
    this.#pki = new Pki(systemClock, context.paths.pki);
  }

  /** Where the servers keep their objects. */
  storeConfig(): StoreConfig {
    const { paths, config } = this.#context;
    if (!config.etcd) return { engine: 'sqlite', path: join(paths.server, 'store.db') };
    const { endpoints, prefix, id, ...files } = config.etcd;
    return { engine: 'etcd', endpoints, prefix, cluster: id, files };
  }

  /** Unix sockets of the API servers, for commands on this machine. */
  get apiSockets(): string[] {
    return serverNames(this.#context.config).map(name => this.#apiSocket(name));
  }

  #apiSocket(server: string): string {
    return join(this.#context.paths.run, `${server.replace('server', 'api')}.sock`);
  }

  get #authority(): string {
    return join(this.#context.paths.pki, 'ca.crt');
  }

  #pairFiles(name: string): KeyPairFiles {
    const { pki } = this.#context.paths;
    return { cert: join(pki, `${name}.crt`), key: join(pki, `${name}.key`) };
  }

  async #issue(name: string, subject: Subject): Promise<KeyPairFiles> {
    await this.#pki.issue(name, subject);
    return this.#pairFiles(name);
  }

  /** Certificates, a configuration for each server and the kubeconfig; resolves with the configurations. */
  async writeServers(): Promise<{ name: string; socket: string; path: string }[]> {
    const { paths, config } = this.#context;
    mkdirSync(paths.server, { recursive: true, mode: 0o700 });
    const services = config.serviceSubnets.map(subnet => addressIn(subnet, 1));
    const serving = await this.#issue('apiserver', {
      commonName: 'kube-apiserver',
      names: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        `kubernetes.default.svc.${clusterDomain}`,
        mirrorName,
        'localhost',
        '127.0.0.1',
        ...config.gateways,
        ...services,
      ],
      usage: ['serverAuth'],
    });
    const kubeletClient = await this.#issue('apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organization: 'kubeadm:cluster-admins',
      usage: ['clientAuth'],
    });
    const frontProxy = await this.#issueFrontProxy();
    await this.#pki.serviceAccountKeys();
    const names = serverNames(config);
    const port = config.apiPort ?? apiServerPort;
    const serverConfig = (name: string, index: number): ServerConfig => ({
      cluster: config.name,
      name,
      identity: `${config.name}-server-${index + 1}`,
      network: clusterNetwork(config),
      authority: this.#authority,
      authorityKey: join(paths.pki, 'ca.key'),
      api: {
        port,
        ...(names.length > 1 && { ownPort: port + index + 1 }),
        socket: this.#apiSocket(name),
        serving,
      },
      kubeletClient,
      frontProxy,
      serviceAccounts: {
        key: join(paths.pki, 'sa.key'),
        issuer: `https://kubernetes.default.svc.${clusterDomain}`,
      },
      ...(config.audit && { audit: { policy: auditPolicyPath(paths), log: auditLogPath(paths, name) } }),
      store: this.storeConfig(),
      mirror: {
        port: mirrorPort,
        folder: paths.images,
        outside: config.isolated ? ['nsenter', `--net=${paths.outsideNamespace}`, '--'] : [],
        upstream: !config.isolated,
      },
      masquerade: !config.isolated,
      loadBalancerPools: config.lbPool,
      logLevel: 'info',
    });
    await this.#writeKubeconfig();
    return names.map((name, index) => {
      const path = join(paths.server, `${name}.json`);
      writeJson(path, serverConfig(name, index));
      return { name, socket: this.#apiSocket(name), path };
    });
  }

  /**
   * The certificate that vouches for users to extension servers. From an authority of its own: the cluster's
   * signs whatever is approved.
   */
  async #issueFrontProxy(): Promise<ServerConfig['frontProxy']> {
    const folder = join(this.#context.paths.pki, 'front-proxy');
    const pki = new Pki(systemClock, folder, 'causeway-front-proxy-ca');
    await pki.issue('client', { commonName: frontProxyName, usage: ['clientAuth'] });
    return {
      authority: join(folder, 'ca.crt'),
      client: { cert: join(folder, 'client.crt'), key: join(folder, 'client.key') },
    };
  }

  /** The administrator's access, also for the user's own kubeconfig. */
  async administrator(): Promise<{ authority: string; user: KeyPair }> {
    const { cert } = await this.#pki.authority();
    const user = await this.#pki.issue('admin', {
      commonName: 'kubernetes-admin',
      organization: 'system:masters',
      usage: ['clientAuth'],
    });
    return { authority: cert, user };
  }

  async #writeKubeconfig(): Promise<void> {
    const { paths, config } = this.#context;
    const access = await this.administrator();
    const context = contextName(config);
    const single =
      serverNames(config).length > 1
        ? serverNames(config).map((_, index) => ({
            context: `${context}-server-${index + 1}`,
            server: apiServerUrl(config, index + 1),
          }))
        : [];
    const text = renderKubeconfig({ context, server: apiServerUrl(config), ...access }, single);
    writeFileAtomically(paths.kubeconfig, text, 0o600);
  }

  /** Certificates and configurations of a node; resolves with the paths the processes are started with. */
  async writeNode(
    node: NodeConfig,
    { cgroup, nodeCgroup }: Required<Pick<AgentConfig, 'cgroup' | 'nodeCgroup'>>,
  ): Promise<{ agent: string; containerd: string }> {
    const { paths, config } = this.#context;
    const root = paths.node(node.name);
    const run = paths.nodeRun(node.name);
    for (const folder of ['pods', 'log/pods', 'podnet', 'cni/bin', 'cni/net.d']) {
      mkdirSync(join(root, folder), { recursive: true, mode: 0o750 });
    }
    mkdirSync(run, { recursive: true, mode: 0o700 });
    const client = await this.#issue(`nodes/${node.name}`, {
      commonName: `system:node:${node.name}`,
      organization: 'system:nodes',
      usage: ['clientAuth'],
    });
    const serving = await this.#issue(`nodes/${node.name}-serving`, {
      commonName: `system:node:${node.name}`,
      organization: 'system:nodes',
      names: [node.name, ...node.addresses],
      usage: ['serverAuth'],
    });
    writeFileSync(join(root, 'hosts'), hostsFile(config));
    const resolvConf = join(root, 'resolv.conf');
    writeFileSync(resolvConf, upstreamResolvers(config));
    const agent: AgentConfig = {
      cluster: config.name,
      node: node.name,
      addresses: node.addresses,
      network: clusterNetwork(config),
      server: apiServerUrl(config),
      authority: this.#authority,
      client,
      serving,
      rootDir: root,
      podLogDir: join(root, 'log/pods'),
      containerd: { socket: join(run, 'containerd.sock') },
      cni: {
        socket: join(run, 'cni.sock'),
        stateDir: join(root, 'podnet'),
        confDir: join(root, 'cni/net.d'),
        binDir: join(root, 'cni/bin'),
      },
      cgroup,
      nodeCgroup,
      resolvConf,
      logLevel: 'info',
    };
    const path = join(root, 'agent.json');
    writeJson(path, agent);
    return { agent: path, containerd: await this.#writeContainerd(agent, run) };
  }

  async #writeContainerd(agent: AgentConfig, run: string): Promise<string> {
    const registryConfigDir = join(agent.rootDir, 'registry');
    const hosts = hostsTomlPath(registryConfigDir);
    mkdirSync(join(hosts, '..'), { recursive: true });
    // By name: containerd does not take an IPv6 address as the key of a host.
    const mirror = `https://${mirrorName}:${mirrorPort}`;
    writeFileSync(hosts, renderHostsToml({ mirror, ca: this.#authority, client: agent.client }));
    return writeContainerdConfig({
      dir: join(agent.rootDir, 'containerd'),
      root: join(agent.rootDir, 'containerd/root'),
      state: join(run, 'containerd'),
      socket: agent.containerd.socket,
      sandboxImage,
      cniBinDir: agent.cni.binDir,
      cniConfDir: agent.cni.confDir,
      registryConfigDir,
      runtimeBinary: containerRuntime(),
      disableApparmor: !existsSync('/sys/kernel/security/apparmor') || !findProgram('apparmor_parser'),
    });
  }
}

/** The context's name in kubeconfigs: `causeway`, or `causeway-NAME` as kind has it. */
export function contextName({ name }: ClusterConfig): string {
  return name === 'causeway' ? 'causeway' : `causeway-${name}`;
}

function writeJson(path: string, value: unknown): void {
  writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`, 0o600);
}

/** Of the host side, where nodes pull images. */
const mirrorName = 'images.causeway.internal';

/** What a node knows by name without DNS. */
function hostsFile({ nodes, gateways }: ClusterConfig): string {
  const lines = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    ...gateways.map(address => `${address} ${mirrorName}`),
    ...nodes.flatMap(({ name, addresses }) => addresses.map(address => `${address} ${name}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/** resolv.conf with the machine's own servers that can be reached from elsewhere; none when isolated. */
function upstreamResolvers({ isolated, dnsUpstreams }: ClusterConfig): string {
  if (dnsUpstreams) return dnsUpstreams.map(address => `nameserver ${address}\n`).join('');
  if (isolated) return '';
  for (const source of [resolvedConfPath, '/etc/resolv.conf']) {
    if (!existsSync(source)) continue;
    const { upstreams, search } = parseResolvConf(readFileSync(source, 'utf8'));
    if (upstreams.length === 0) continue;
    const servers = upstreams.map(({ address }) => `nameserver ${address}\n`).join('');
    return search.length > 0 ? `search ${search.join(' ')}\n${servers}` : servers;
  }
  return '';
}
