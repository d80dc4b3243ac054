import { Agent, get } from 'node:https';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { Peer, PeerRules } from './peer-rules.ts';
import { rulesPath } from './rules-path.ts';

/** Milliseconds a connection is kept for the next question. */
const idleTime = 4_000;

/** Asks over TLS, at the kubelet API of the other nodes. */
export class TlsPeerRules implements PeerRules {
  readonly #agent: Agent;

  /** @param credentials PEM: the cluster's authority, and what this node shows of itself */
  constructor(credentials: { ca: string; cert: string; key: string }) {
    // A resumed session would save little, and cached ones are kept for each node there ever was.
    this.#agent = new Agent({ ...credentials, keepAlive: true, timeout: idleTime, maxCachedSessions: 0 });
  }

  whenWritten(peer: Peer, revision: string, signal: AbortSignal): Promise<boolean> {
    const { host, port } = peer;
    const path = `${rulesPath}?written=${revision}`;
    const isPeer = (name: string, certificate: PeerCertificate) => identityError(peer, name, certificate);
    return new Promise((resolve, reject) => {
      const options = { host, port, path, signal, agent: this.#agent, checkServerIdentity: isPeer };
      const request = get(options, response => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
        response.once('error', reject);
      });
      request.once('error', error => reject(signal.aborted ? signal.reason : error));
    });
  }

  /** Ends the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** Another node may have the address by now. */
function identityError(peer: Peer, host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  if (error) return error;
  const { CN } = certificate.subject;
  return CN === `system:node:${peer.name}` ? undefined : new Error(`${host} is ${CN}, not node ${peer.name}`);
}
