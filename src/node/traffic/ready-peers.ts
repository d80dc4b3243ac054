import type { Node } from '../../api/generated/types.ts';
import { kubeletPort } from '../registration/node-object.ts';
import type { Peer } from './peer-rules.ts';

/** The agents of the Ready nodes other than `own`. The rules of one that is not may stay as they are. */
export function readyPeers(nodes: readonly Node[], own: string): Peer[] {
  const peers: Peer[] = [];
  for (const { metadata, status } of nodes) {
    const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    const host = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const name = metadata?.name;
    if (!ready || !host || !name || name === own) continue;
    peers.push({ name, host, port: status?.daemonEndpoints?.kubeletEndpoint?.Port ?? kubeletPort });
  }
  return peers;
}
