import { generateKeyPairSync } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { Store } from '../store/store.ts';
import { type ApiParts, assembleApi } from './assembly/assembly.ts';
import { bootstrapObjects } from './bootstrap/bootstrap.ts';
import type { ApiUser, ServerRequest, ServerResponse } from './exchange.ts';
import { withAuthenticated } from './filters/authentication.ts';
import { Listener } from './http/listener.ts';
import { type LocalTransport, localTransport } from './local-transport.ts';
import { type ApiServerOptions, defaultServiceCidrs } from './options.ts';
import { type Random, systemRandom } from './random.ts';
import type { NodeMetrics } from './resource-metrics/node-metrics.ts';

export type { ApiServerOptions } from './options.ts';

export interface ApiServerDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  /** Started before and stopped after this server by the one who made it. */
  store: Store;
  random?: Random;
  /** Where it is read what nodes use, for tests. */
  nodeMetrics?: NodeMetrics;
}

/** The API server's own identity, for what it writes by itself. */
const self: ApiUser = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** The Kubernetes API on a store. */
export class ApiServer implements Component {
  readonly name = 'apiserver';
  readonly #options: ApiServerOptions;
  readonly #parts: ApiParts;
  readonly #log: Logger;
  readonly #listener: Listener | undefined;

  constructor(deps: ApiServerDeps, options: ApiServerOptions = {}) {
    this.#options = options;
    const log = deps.log.child('apiserver');
    this.#log = log;
    const random = deps.random ?? systemRandom;
    const signing = options.serviceAccountSigning?.key ?? ephemeralKey();
    this.#parts = assembleApi({ ...deps, log, random }, options, signing);
    if (options.listen) {
      const { pipeline, upgrade } = this.#parts;
      const handle = (request: ServerRequest) => pipeline.handle(request);
      this.#listener = new Listener({ clock: deps.clock, log, handle, upgrade }, options.listen);
    }
  }

  /** The port it listens on, once started. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Indexes what is stored, makes what every cluster has, then listens. */
  async start(_signal: AbortSignal): Promise<void> {
    await this.#parts.start();
    const { advertise, serviceCidrs = defaultServiceCidrs, listen, frontProxy } = this.#options;
    await bootstrapObjects(
      { transport: this.transport(self), log: this.#log },
      {
        serviceCidrs,
        advertiseAddresses: advertise?.addresses ?? [],
        advertisePort: advertise?.port ?? 6443,
        ...(listen && { clientCa: listen.tls.clientCa }),
        ...(frontProxy && { frontProxyCa: frontProxy.ca }),
      },
    );
    this.#parts.ready(this.transport(self));
    await this.#listener?.start();
  }

  async stop(): Promise<void> {
    this.#parts.endWatches();
    await this.#listener?.stop();
    await this.#parts.stop();
  }

  /** In-process access; the objects it hands out are frozen and shared. */
  transport(user: ApiUser): LocalTransport {
    return localTransport(request => this.handle(request), withAuthenticated(user));
  }

  /** Signs claims with the key of service-account tokens, for the controller that fills secrets with them. */
  signToken(claims: Record<string, unknown>): string {
    return this.#parts.signToken(claims);
  }

  /** Answers one request, whatever carried it. Never rejects. */
  handle(request: ServerRequest): Promise<ServerResponse> {
    return this.#parts.pipeline.handle(request);
  }
}

function ephemeralKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
