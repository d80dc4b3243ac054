import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { bodyText } from '../proxy/forward.ts';
import type { NodeClient } from '../proxy/node-client.ts';

/** Where it is read what nodes and their pods use. */
export interface NodeMetrics {
  /** What the node's kubelet answers at `/metrics/resource`. @throws Error where it does not */
  read(node: string, signal: AbortSignal): Promise<string>;
}

/** Bytes of the longest answer that is read. */
const maxBytes = 16 * 1024 * 1024;

/** Asks the kubelets. */
export class KubeletMetrics implements NodeMetrics {
  readonly #nodes: NodeClient;

  constructor(nodes: NodeClient) {
    this.#nodes = nodes;
  }

  async read(node: string, signal: AbortSignal): Promise<string> {
    const target = this.#nodes.target(node);
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request({ ...target, path: '/metrics/resource', signal });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end();
    });
    const text = await bodyText(message, maxBytes);
    if (message.statusCode !== 200) throw new Error(`the kubelet answered ${message.statusCode}: ${text}`);
    return text;
  }
}
