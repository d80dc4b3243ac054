import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TestPair } from './pki.ts';

const group = 'wardle.example.com';
const version = 'v1alpha1';
const apiVersion = `${group}/${version}`;

interface Flunder {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; resourceVersion?: string };
}

/** A small extension API server, as upstream's sample-apiserver: `flunders`, kept in memory, JSON only. */
export class ExtensionServer {
  readonly #server: Server;
  readonly #flunders = new Map<string, Flunder>();
  readonly #watchers = new Set<ServerResponse>();
  /** Who asked, as the front proxy said. */
  readonly users: { user: string; groups: string[]; certificate: string }[] = [];
  healthy = true;
  #revision = 1;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(serving: TestPair, frontProxyCa: string): Promise<ExtensionServer> {
    const server = createServer({
      ...serving,
      ca: frontProxyCa,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const extension = new ExtensionServer(server);
    server.on('request', (request, response) => void extension.#answer(request, response));
    server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return extension;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (code: number, body: unknown) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const url = new URL(request.url ?? '/', 'https://extension');
    const socket = request.socket as TLSSocket;
    if (!this.healthy) return send(500, { kind: 'Status', status: 'Failure', message: 'not healthy' });
    if (!socket.authorized) return send(401, { kind: 'Status', status: 'Failure', code: 401 });
    this.users.push({
      user: String(request.headers['x-remote-user']),
      groups: String(request.headers['x-remote-group']).split(', '),
      certificate: String(socket.getPeerCertificate().subject.CN),
    });
    const list = /^\/apis\/wardle\.example\.com\/v1alpha1\/(?:namespaces\/([^/]+)\/)?flunders(?:\/([^/]+))?$/;
    const match = list.exec(url.pathname);
    if (match) return this.#flunder(request, response, { url, namespace: match[1], name: match[2] }, send);
    const documents: Record<string, unknown> = {
      [`/apis/${apiVersion}`]: resourceList,
      '/openapi/v2': openApiV2,
      '/openapi/v3': {
        paths: { [`apis/${apiVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${apiVersion}?hash=1` } },
      },
      [`/openapi/v3/apis/${apiVersion}`]: openApiV3,
    };
    const document = documents[url.pathname];
    return document ? send(200, document) : send(404, { kind: 'Status', status: 'Failure', code: 404 });
  }

  async #flunder(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { url: URL; namespace: string | undefined; name: string | undefined },
    send: (code: number, body: unknown) => void,
  ): Promise<void> {
    const key = `${asked.namespace}/${asked.name}`;
    if (request.method === 'POST') {
      let text = '';
      for await (const chunk of request) text += chunk;
      const flunder = JSON.parse(text) as Flunder;
      flunder.metadata = {
        ...flunder.metadata,
        namespace: asked.namespace!,
        resourceVersion: String(++this.#revision),
      };
      this.#flunders.set(`${asked.namespace}/${flunder.metadata.name}`, flunder);
      for (const watcher of this.#watchers) {
        watcher.write(`${JSON.stringify({ type: 'ADDED', object: flunder })}\n`);
      }
      return send(201, flunder);
    }
    if (asked.name) {
      const flunder = this.#flunders.get(key);
      if (!flunder) {
        const message = `flunders.${group} "${asked.name}" not found`;
        return send(404, {
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason: 'NotFound',
          code: 404,
          message,
        });
      }
      if (request.method === 'DELETE') this.#flunders.delete(key);
      return send(200, flunder);
    }
    if (asked.url.searchParams.get('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#watchers.add(response);
      response.once('close', () => this.#watchers.delete(response));
      return;
    }
    const metadata = { resourceVersion: String(this.#revision) };
    send(200, { kind: 'FlunderList', apiVersion, metadata, items: [...this.#flunders.values()] });
  }
}

const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: apiVersion,
  resources: [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['create', 'delete', 'get', 'list', 'watch'],
      shortNames: ['fl'],
    },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
};

const flunderSchema = {
  description: 'Flunder is what this server keeps.',
  type: 'object',
  properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } },
  'x-kubernetes-group-version-kind': [{ group, version, kind: 'Flunder' }],
};
const flunderName = 'com.example.wardle.v1alpha1.Flunder';
const ok = { 200: { description: 'OK' } };
const path = `/apis/${apiVersion}/namespaces/{namespace}/flunders`;

const openApiV2 = {
  swagger: '2.0',
  info: { title: 'wardle', version: 'v0' },
  paths: { [path]: { get: { responses: ok } }, '/healthz': { get: { responses: ok } } },
  definitions: { [flunderName]: flunderSchema },
};

const openApiV3 = {
  openapi: '3.0.0',
  info: openApiV2.info,
  paths: {
    [path]: {
      get: {
        responses: ok,
        'x-kubernetes-action': 'list',
        'x-kubernetes-group-version-kind': { group, version, kind: 'Flunder' },
      },
    },
  },
  components: { schemas: { [flunderName]: flunderSchema } },
};
