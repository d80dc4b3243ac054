import { Agent, type RequestOptions } from 'node:https';
import type { Node } from '../../api/generated/types.ts';
import { notFound, serviceUnavailable } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';

/** Where the kubelet API of a node listens, when its status says nothing else. */
const kubeletPort = 10_250;
const addressTypes = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS'];

export interface KubeletCredentials {
  ca: string;
  cert: string;
  key: string;
}

/** How to reach the kubelet API of the nodes. */
export class NodeClient {
  readonly #reader: ObjectReader;
  readonly #agent: Agent | undefined;

  constructor(reader: ObjectReader, credentials: KubeletCredentials | undefined) {
    this.#reader = reader;
    if (credentials) this.#agent = new Agent({ ...credentials, keepAlive: true, maxFreeSockets: 16 });
  }

  /**
   * Options for `https.request` to a node.
   * @param port other than the kubelet's own, where given.
   * @throws ApiError 404, 503 for a node without an address
   */
  target(nodeName: string, port?: number): RequestOptions {
    const node = this.#reader.get<Node>('nodes', '', nodeName);
    if (!node) throw notFound({ resource: 'nodes' }, nodeName);
    if (!this.#agent) throw serviceUnavailable('this API server has no credentials for the nodes');
    const { addresses = [], daemonEndpoints } = node.status ?? {};
    const sorted = addressTypes.map(type => addresses.find(each => each.type === type)?.address);
    const host = sorted.find(each => each !== undefined);
    if (!host) throw serviceUnavailable(`no preferred addresses found; known addresses: []`);
    return { host, port: port ?? daemonEndpoints?.kubeletEndpoint?.Port ?? kubeletPort, agent: this.#agent };
  }

  close(): void {
    this.#agent?.destroy();
  }
}
