import type { AuditOptions } from './audit/audit-trail.ts';
import type { ApiUser } from './exchange.ts';

export interface ApiServerOptions {
  /** Where it listens; without it, it serves in process only. */
  listen?: {
    /** IP addresses; one that begins with a slash is the path of a Unix socket. */
    addresses: readonly string[];
    /** 0 takes a free one. */
    port: number;
    /** Several servers of one machine share addresses and port; this one has a port of its own beside. */
    shared?: { ownPort: number };
    /** PEM. */
    tls: { cert: string; key: string; clientCa: string };
  };
  /** Signs service-account tokens. Without it a key is made that is gone with the process. */
  serviceAccountSigning?: {
    /** PEM of an EC P-256 or RSA private key. */
    key: string;
    /** `iss` of the tokens and their default audience. */
    issuer: string;
  };
  /** Ranges of ClusterIPs, one a family, the primary first: `10.96.0.0/16`. */
  serviceCidrs?: readonly string[];
  /** Whether Services of type LoadBalancer are given addresses; where not, they are warned of. */
  hasBalancerPool?: boolean;
  /** First and last port of NodePort Services. */
  nodePorts?: { first: number; last: number };
  /** Default `cluster.local`. */
  clusterDomain?: string;
  /** Where pods reach this server: the endpoints of the `kubernetes` Service. */
  advertise?: { addresses: readonly string[]; port: number };
  /** How this server shows itself to the kubelet API of the nodes, PEM. Without it logs, exec and the like answer 503. */
  kubelet?: { ca: string; cert: string; key: string };
  /** How this server shows itself to extension servers, PEM: they believe it who it asks for. */
  frontProxy?: { ca: string; cert: string; key: string };
  /** Keeps an audit log. */
  audit?: AuditOptions;
  /** Seats of all priority levels together: requests that are worked on at a time. Default 600. */
  requestSeats?: number;
  /** Bearer tokens fixed at start. */
  tokens?: ReadonlyMap<string, ApiUser>;
}

export const defaultServiceCidrs = ['10.96.0.0/16'] as const;
export const defaultNodePorts = { first: 30_000, last: 32_767 };
export const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';
