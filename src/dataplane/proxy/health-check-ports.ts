import { createServer, type Server } from 'node:http';
import type { Component } from '../../base/component.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { ServiceModel } from '../model/service-model.ts';

interface Port {
  server: Server;
  model: ServiceModel;
}

/**
 * Answers load balancers on the `healthCheckNodePort` of Services with externalTrafficPolicy Local: 200 where
 * the node has a ready endpoint, 503 where not, with kube-proxy's body and headers
 * (pkg/proxy/healthcheck/service_health.go).
 */
export class HealthCheckPorts implements Component {
  readonly name = 'health-check-ports';
  readonly #deps: { log: Logger };
  readonly #ports = new Map<number, Port>();
  /** Service → its port. */
  readonly #byService = new Map<string, number>();
  /** Services whose port is still another's. */
  readonly #waiting = new Map<string, ServiceModel>();

  constructor(deps: { log: Logger }) {
    this.#deps = deps;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    const closing = [...this.#ports.values()].map(({ server }) => close(server));
    this.#ports.clear();
    this.#byService.clear();
    this.#waiting.clear();
    await Promise.all(closing);
  }

  /** Takes what a Service means now; undefined where it is gone. */
  set(key: string, model: ServiceModel | undefined): void {
    const before = this.#byService.get(key);
    const port = model?.healthCheckNodePort;
    this.#waiting.delete(key);
    if (before !== undefined && before !== port) this.#close(key, before);
    if (!model || port === undefined) return;
    const present = this.#ports.get(port);
    if (present?.model.key === key) present.model = model;
    else if (!present) this.#open(key, port, model);
    else {
      // A port is one Service's: the other is about to let go of it.
      this.#waiting.set(key, model);
      this.#deps.log.warn("a health check port is still another Service's", { service: key, port });
    }
  }

  #open(key: string, number: number, model: ServiceModel): void {
    const port: Port = {
      model,
      server: createServer((_request, response) => {
        const [namespace, name] = port.model.key.split('/');
        const count = port.model.localEndpoints;
        response.writeHead(count > 0 ? 200 : 503, {
          'Content-Type': 'application/json',
          'X-Content-Type-Options': 'nosniff',
          'X-Load-Balancing-Endpoint-Weight': String(count),
        });
        const body = { service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: true };
        response.end(JSON.stringify(body, undefined, '\t'));
      }),
    };
    port.server.requestTimeout = 10_000;
    port.server.maxConnections = 64;
    port.server.on('error', error =>
      this.#deps.log.warn('a health check port does not open', {
        service: key,
        port: number,
        error: errorChain(error),
      }),
    );
    port.server.listen(number);
    this.#ports.set(number, port);
    this.#byService.set(key, number);
  }

  #close(key: string, number: number): void {
    const port = this.#ports.get(number);
    this.#byService.delete(key);
    if (port?.model.key !== key) return;
    this.#ports.delete(number);
    void close(port.server);
    const next = [...this.#waiting].find(([, model]) => model.healthCheckNodePort === number);
    if (next) this.set(...next);
  }
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
