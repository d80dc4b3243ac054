import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SystemFailure, UsageFailure } from './failure.ts';

/** What `up` decided about a cluster, kept in `cluster.json` so that every later command agrees. */
export interface ClusterConfig {
  name: string;
  /** The host side is a network namespace of its own, with no way out. */
  isolated: boolean;
  ipFamilies: ('IPv4' | 'IPv6')[];
  /** Subnets per family, in the order of `ipFamilies`. */
  nodeSubnets: string[];
  podSubnets: string[];
  serviceSubnets: string[];
  /** Addresses of the host side on the node network, where the server listens. */
  gateways: string[];
  lbPool: string[];
  /** Kernel name of the bridge. */
  bridge: string;
  mtu: number;
  /** Of the API server, where it is not the usual one. */
  apiPort?: number;
  /** Servers the user named for names outside the cluster. */
  dnsUpstreams?: string[];
  /** Prefix lengths of a node's pod subnets, where they are not the usual ones. */
  nodeMaskSizes?: number[];
  /** The file the access was merged into. */
  kubeconfig?: string;
  /** Where objects are kept, where it is not the SQLite file. */
  etcd?: EtcdConfig;
  /** How many servers there are, where it is more than one. */
  servers?: number;
  /** An audit log is kept; its policy is `server/audit-policy.yaml`. */
  audit?: boolean;
  nodes: NodeConfig[];
  createdAt: string;
}

/** The etcd of a cluster; it is the user's, and outlives the cluster. */
export interface EtcdConfig {
  endpoints: string[];
  /** The cluster's keys begin with it. */
  prefix: string;
  /** Marks the keys as this cluster's, so that no other takes them for its own. */
  id: string;
  /** Absolute paths of PEM files. */
  ca?: string;
  cert?: string;
  key?: string;
}

export interface NodeConfig {
  name: string;
  /** One per family. */
  addresses: string[];
  /** The user stopped it: `up` leaves it so. */
  stopped?: boolean;
}

/** A server process by its number: `server`, `server-2`, … */
export function serverNames({ servers = 1 }: Pick<ClusterConfig, 'servers'>): string[] {
  return Array.from({ length: servers }, (_, index) => (index === 0 ? 'server' : `server-${index + 1}`));
}

/** Ports on the gateway address. Each of several servers has one of its own, counted up from the shared one. */
export const apiServerPort = 6443;
export const mirrorPort = 5000;

export const defaultDataDir = '/var/lib/causeway';
/** Of images and fetched programs, which clusters share and which outlive them. */
const defaultCacheDir = '/var/cache/causeway';

/** The cache that belongs to a data folder. */
export function cacheFolder(dataDir: string): string {
  return dataDir === defaultDataDir ? defaultCacheDir : join(dataDir, 'cache');
}

/** Where the files of a cluster lie. Sockets and namespaces are under /run: their paths must be short. */
export class ClusterPaths {
  readonly root: string;
  readonly run: string;
  readonly images: string;
  /** What clusters have in common, from the inside out. */
  readonly sharedFolders: readonly string[];

  constructor(dataDir: string, name: string) {
    this.root = join(dataDir, 'clusters', name);
    this.images = join(cacheFolder(dataDir), 'images');
    this.run = join('/run/causeway', name);
    this.sharedFolders = [join(dataDir, 'clusters'), dataDir, '/run/causeway'];
  }

  /** The host side's network namespace of an isolated cluster. */
  get hostNamespace(): string {
    return join(this.run, 'ns', 'host');
  }
  /** The network namespace `up` was called in, kept for image builds of an isolated cluster. */
  get outsideNamespace(): string {
    return join(this.run, 'ns', 'outside');
  }
  get lock(): string {
    return `${this.run}.lock`;
  }
  get config(): string {
    return join(this.root, 'cluster.json');
  }
  get pki(): string {
    return join(this.root, 'pki');
  }
  /** Of an administrator, for the user's kubectl. */
  get kubeconfig(): string {
    return join(this.root, 'kubeconfig');
  }
  get server(): string {
    return join(this.root, 'server');
  }
  get bin(): string {
    return join(this.root, 'bin');
  }
  node(name: string): string {
    return join(this.root, 'nodes', name);
  }
  nodeRun(name: string): string {
    return join(this.run, name);
  }
}

/** Prefix lengths of a node's pod subnets: the user's, or those kube-controller-manager has. */
export function nodeMaskSizes(families: ClusterConfig['ipFamilies'], chosen: number[] | undefined): number[] {
  return chosen ?? families.map(family => (family === 'IPv4' ? 24 : 64));
}

const namePattern = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** @throws UsageFailure when `name` cannot be a cluster's or a node's name. */
export function checkName(what: string, name: string): void {
  if (!namePattern.test(name)) {
    throw new UsageFailure(
      `${what} "${name}" cannot be used: at most 32 lower-case letters, digits and '-', beginning and ending with a letter or digit`,
    );
  }
}

export function readCluster(paths: ClusterPaths): ClusterConfig | undefined {
  if (!existsSync(paths.config)) return undefined;
  try {
    return JSON.parse(readFileSync(paths.config, 'utf8')) as ClusterConfig;
  } catch (cause) {
    throw new SystemFailure(
      `${paths.config} cannot be read as JSON: mend it, or remove the cluster with: causeway delete${nameFlag(basename(paths.root))}`,
      { cause },
    );
  }
}

/** @throws UsageFailure when there is no such cluster. */
export function requireCluster(paths: ClusterPaths, name: string): ClusterConfig {
  const config = readCluster(paths);
  if (config) return config;
  throw new UsageFailure(`there is no cluster "${name}": make it with: sudo causeway up${nameFlag(name)}`);
}

export function writeCluster(paths: ClusterPaths, config: ClusterConfig): void {
  mkdirSync(paths.root, { recursive: true, mode: 0o755 });
  writeFileAtomically(paths.config, `${JSON.stringify(config, null, 2)}\n`, 0o644);
}

/** The names of all clusters below `dataDir`. */
export function listClusters(dataDir: string): string[] {
  const folder = join(dataDir, 'clusters');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(name => existsSync(join(folder, name, 'cluster.json')));
}

export function nameFlag(name: string): string {
  return name === 'causeway' ? '' : ` --name ${name}`;
}

/** Writes beside and renames, so that a reader never sees half a file. */
export function writeFileAtomically(path: string, content: string, mode: number): void {
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, content, { mode });
  renameSync(fresh, path);
}
