import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { createLogger, silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import { TestAuthority, type TestPair } from './pki.ts';
import { TemporaryStore } from './temporary-store.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Bytes of the longest output; that of OpenAPI is long. */
const maxBuffer = 64 * 1024 * 1024;

/** An API server on loopback and the real kubectl against it. */
export class KubectlCluster {
  readonly server: ApiServer;
  readonly authority: TestAuthority;
  readonly admin: TestPair;
  /** What the server shows to extension servers; signed by the same authority. */
  readonly frontProxy: TestPair;
  readonly #folder: string;

  private constructor(
    server: ApiServer,
    authority: TestAuthority,
    pairs: { admin: TestPair; frontProxy: TestPair },
    folder: string,
  ) {
    this.server = server;
    this.authority = authority;
    this.admin = pairs.admin;
    this.frontProxy = pairs.frontProxy;
    this.#folder = folder;
  }

  static async start(): Promise<KubectlCluster> {
    const authority = await TestAuthority.create();
    const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
    const admin = await authority.issue('O=system:masters, CN=kubernetes-admin');
    const frontProxy = await authority.issue('CN=front-proxy-client');
    const clock = systemClock;
    const store = new TemporaryStore();
    const log = process.env.DEBUG ? createLogger(clock, { component: 'test', level: 'debug' }) : silentLogger;
    const server = new ApiServer(
      { clock, log, decisions: new DecisionLog(clock, 'server'), store },
      {
        listen: {
          addresses: ['127.0.0.1'],
          port: Number(process.env.PORT ?? 0),
          tls: { ...serving, clientCa: authority.cert },
        },
        frontProxy: { ca: authority.cert, ...frontProxy },
      },
    );
    await store.start(AbortSignal.timeout(10_000));
    await server.start(AbortSignal.timeout(10_000));
    const folder = mkdtempSync(join(tmpdir(), 'causeway-kubectl-'));
    const cluster = new KubectlCluster(server, authority, { admin, frontProxy }, folder);
    cluster.writeKubeconfig('admin', admin);
    return cluster;
  }

  get url(): string {
    return `https://127.0.0.1:${this.server.port}`;
  }

  kubeconfig(user = 'admin'): string {
    return join(this.#folder, `${user}.kubeconfig`);
  }

  writeKubeconfig(user: string, identity: TestPair | { token: string }): void {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const credentials =
      'token' in identity
        ? { token: identity.token }
        : { 'client-certificate-data': base64(identity.cert), 'client-key-data': base64(identity.key) };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: this.url, 'certificate-authority-data': base64(this.authority.cert) },
        },
      ],
      users: [{ name: user, user: credentials }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig(user), JSON.stringify(config), { mode: 0o600 });
  }

  /** Runs kubectl; a failure is told by `code`. */
  run(
    args: readonly string[],
    options: { input?: string; user?: string; timeout?: number } = {},
  ): Promise<Ran> {
    const { input, user = 'admin', timeout = 60_000 } = options;
    const env = { PATH: process.env.PATH, HOME: this.#folder, KUBECONFIG: this.kubeconfig(user) };
    return new Promise(resolve => {
      const child = execFile('kubectl', [...args], { env, timeout, maxBuffer }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(input ?? '');
    });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
