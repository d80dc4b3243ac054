/**
 * What the two kinds of processes are told when they start. The command line writes these as JSON files;
 * the entries in src/main read them. Paths are absolute, key files are named and not contained.
 */

/** A PEM certificate and its key, by path. */
export interface KeyPairFiles {
  cert: string;
  key: string;
}

export type IpFamily = 'IPv4' | 'IPv6';

/** What every process of a cluster agrees on. Subnets and addresses stand in the order of `ipFamilies`. */
export interface ClusterNetwork {
  ipFamilies: IpFamily[];
  nodeSubnets: string[];
  podSubnets: string[];
  serviceSubnets: string[];
  /** The host side's addresses on the node network. */
  gateways: string[];
  /** Addresses of the kube-dns Service. */
  clusterDns: string[];
  clusterDomain: string;
  /** Prefix length of a node's pod subnet, per family. */
  nodeMaskSizes: number[];
  mtu: number;
}

/** Where objects are kept: in a file, or in an etcd that several servers share. */
export type StoreConfig =
  | { engine: 'sqlite'; path: string }
  | { engine: 'etcd'; endpoints: string[]; prefix: string; cluster: string; files: EtcdFiles };

/** PEM files for endpoints with https. */
export interface EtcdFiles {
  ca?: string;
  cert?: string;
  key?: string;
}

export interface ServerConfig {
  cluster: string;
  /** Of the process: `server`, `server-2`. */
  name: string;
  /** Of this server among those of the cluster: `causeway-server-1`. */
  identity: string;
  network: ClusterNetwork;
  /** The cluster's certificate authority. */
  authority: string;
  /** The authority's key, which signs certificates that were approved. */
  authorityKey: string;
  /** Addresses the API server and the image mirror listen on: the gateways. */
  api: {
    port: number;
    /** Of several servers that share the port: one of this server alone. */
    ownPort?: number;
    socket: string;
    serving: KeyPairFiles;
  };
  kubeletClient: KeyPairFiles;
  /** Shows the API server to extension servers. */
  frontProxy: { authority: string; client: KeyPairFiles };
  /** Signs service-account tokens: a PEM private key, and who they are issued by. */
  serviceAccounts: { key: string; issuer: string };
  /** The audit log: the policy's file, and the file that is written; none is kept without it. */
  audit?: { policy: string; log: string };
  store: StoreConfig;
  mirror: {
    port: number;
    folder: string;
    /** Puts a command into the network of the machine, for image builds; none where the server is in it. */
    outside: string[];
    /** Whether upstream registries may be asked. */
    upstream: boolean;
  };
  /** Masquerade the node network to the outside. */
  masquerade: boolean;
  loadBalancerPools: string[];
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export interface AgentConfig {
  cluster: string;
  node: string;
  addresses: string[];
  network: ClusterNetwork;
  /** `https://172.30.0.1:6443` */
  server: string;
  authority: string;
  /** As `system:node:NAME`, to the API server. */
  client: KeyPairFiles;
  /** Of the kubelet API on port 10250. */
  serving: KeyPairFiles;
  /** Volumes and state of pods. */
  rootDir: string;
  podLogDir: string;
  containerd: { socket: string };
  cni: { socket: string; stateDir: string; confDir: string; binDir: string };
  /** Under which all of the node's pods stand: `/causeway/NAME/NODE`. */
  cgroup: string;
  /** Of all of the node's processes; missing in what versions before wrote. */
  nodeCgroup?: string;
  /** The file pods with `dnsPolicy: Default`, and the cluster DNS for other names, take their servers from. */
  resolvConf: string;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}
