import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiServer } from '../apiserver/apiserver.ts';
import { TestAuthority, type TestPair } from '../apiserver/testing/pki.ts';
import { systemClock as clock } from '../base/clock.ts';
import { DecisionLog } from '../base/decisions.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { ApiEventRecorder } from '../client/api-event-recorder.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import type { Transport } from '../client/transport.ts';
import { GrpcCri } from '../cri/grpc-cri.ts';
import { startTestRuntime, type TestRuntime } from '../cri/test-runtime.ts';
import { LinuxCgroups } from '../kernel/cgroup/linux-cgroups.ts';
import { SystemCommands } from '../kernel/command.ts';
import { NodeAgent } from '../node/node-agent.ts';
import { LinuxMounts } from '../node/volume/mounts.ts';
import { MemoryStore } from '../store/memory-store.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A real containerd, API server and node agent in one process, driven by the real kubectl. Inside namespaces of its own. */
export class RealNode {
  readonly runtime: TestRuntime;
  readonly decisions = new DecisionLog(clock, 'n1');
  readonly #log: Logger;
  readonly #authority: TestAuthority;
  readonly #server: ApiServer;
  readonly #kubeconfig: string;
  #agent: { stop(): Promise<void> } | undefined;

  private constructor(runtime: TestRuntime, authority: TestAuthority, server: ApiServer, log: Logger) {
    this.runtime = runtime;
    this.#authority = authority;
    this.#server = server;
    this.#log = log;
    this.#kubeconfig = join(runtime.dir, 'kubeconfig');
  }

  static async start(): Promise<RealNode> {
    const level = process.env.DEBUG ? 'debug' : 'error';
    const log = createLogger(clock, { component: 'test', level });
    const runtime = await startTestRuntime();
    const authority = await TestAuthority.create();
    const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
    const kubelet = await authority.issue('CN=kube-apiserver-kubelet-client', []);
    const store = new MemoryStore({ clock, log });
    const decisions = new DecisionLog(clock, 'server');
    const server = new ApiServer(
      { clock, log, decisions, store },
      {
        listen: { addresses: ['127.0.0.1'], port: 0, tls: { ...serving, clientCa: authority.cert } },
        kubelet: { ca: authority.cert, ...kubelet },
      },
    );
    await store.start(AbortSignal.timeout(10_000));
    await server.start(AbortSignal.timeout(10_000));
    const node = new RealNode(runtime, authority, server, log);
    await node.#prepare();
    await node.startAgent();
    return node;
  }

  /** kubectl's administrator, and what controllers would have made. */
  async #prepare(): Promise<void> {
    const admin = await this.#authority.issue('O=system:masters, CN=kubernetes-admin');
    writeFileSync(this.#kubeconfig, JSON.stringify(this.#config(admin)), { mode: 0o600 });
    const account = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    };
    const roots = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
      data: { 'ca.crt': this.#authority.cert },
    };
    for (const object of [account, roots]) await this.apply(object);
  }

  async startAgent(): Promise<void> {
    const { runtime, decisions } = this;
    const log = this.#log;
    const client = await this.#authority.issue('O=system:nodes, CN=system:node:n1');
    const serving = await this.#authority.issue('O=system:nodes, CN=system:node:n1', ['127.0.0.1']);
    const ca = this.#authority.cert;
    const transport = new HttpTransport({ clock, log }, { server: this.url, ca, ...client });
    const informers = new InformerFactory({ clock, log, transport });
    const recorder = new ApiEventRecorder({ clock, log, transport }, { component: 'kubelet', host: 'n1' });
    const cri = new GrpcCri({ socket: runtime.socket });
    const commands = new SystemCommands({ clock });
    const deps = { clock, log, decisions, transport, informers, recorder, cri };
    const rootDir = join(runtime.dir, 'node');
    mkdirSync(rootDir, { recursive: true });
    const agent = new NodeAgent(
      { ...deps, mounts: new LinuxMounts({ commands }), cgroups: new LinuxCgroups({ clock }) },
      {
        nodeName: 'n1',
        addresses: ['127.0.0.1'],
        rootDir,
        podLogDir: join(runtime.dir, 'log'),
        clusterDns: ['10.96.0.10'],
        clusterDomain: 'cluster.local',
        tls: { ca, ...serving },
        cgroupRoot: runtime.cgroup,
        needsPodCIDR: false,
      },
    );
    const signal = new AbortController().signal;
    await informers.start(signal);
    await recorder.start();
    await agent.start(signal);
    this.#agent = {
      stop: async () => {
        await agent.stop();
        await Promise.all([recorder.stop(), informers.stop()]);
        cri.close();
        transport.close();
      },
    };
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  /** As the administrator, in process. */
  transport(): Transport {
    return this.#server.transport({ name: 'admin', groups: ['system:masters'] });
  }

  get url(): string {
    return `https://127.0.0.1:${this.#server.port}`;
  }

  kubectl(args: readonly string[], input = ''): Promise<Ran> {
    const env = { PATH: process.env.PATH, HOME: this.runtime.dir, KUBECONFIG: this.#kubeconfig };
    return new Promise(resolve => {
      const child = execFile('kubectl', [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(input);
    });
  }

  /** kubectl that stays: `says` waits for words of its output. */
  spawn(args: readonly string[]): { says(words: RegExp): Promise<void>; end(): Promise<void> } {
    const env = { PATH: process.env.PATH, HOME: this.runtime.dir, KUBECONFIG: this.#kubeconfig };
    const child = spawn('kubectl', [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const listeners = new Set<() => void>();
    const hear = (chunk: Buffer) => {
      text += chunk;
      for (const listener of listeners) listener();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    return {
      says: words =>
        new Promise((resolve, reject) => {
          const look = () => words.test(text) && resolve();
          listeners.add(look);
          look();
          void ended.then(() => reject(new Error(`kubectl ${args.join(' ')} ended: ${text}`)));
        }),
      end: () => {
        child.kill();
        return ended;
      },
    };
  }

  /** kubectl that must succeed; its output. */
  async k(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async apply(object: object): Promise<void> {
    const { code, stderr } = await this.kubectl(['apply', '-f', '-'], JSON.stringify(object));
    if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
  }

  async stop(): Promise<void> {
    await this.stopAgent();
    await this.#server.stop();
    await this.runtime.remove();
  }

  #config(admin: TestPair): object {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const cluster = { server: this.url, 'certificate-authority-data': base64(this.#authority.cert) };
    const user = {
      'client-certificate-data': base64(admin.cert),
      'client-key-data': base64(admin.key),
    };
    return {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    };
  }
}
