import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../base/testing/free-ports.ts';

export interface EtcdTls {
  /** Paths of PEM files. */
  ca: string;
  cert: string;
  key: string;
}

/** One member of an etcd on loopback, for tests to kill and start again. */
export class EtcdMember {
  readonly endpoint: string;
  readonly #command: string[];
  #process: ChildProcess | undefined;
  #failure: Error | undefined;

  constructor(command: string[], endpoint: string) {
    this.#command = command;
    this.endpoint = endpoint;
  }

  start(): void {
    const [program, ...args] = this.#command;
    this.#failure = undefined;
    this.#process = spawn(program!, args, { stdio: 'ignore' });
    this.#process.once('error', cause => {
      this.#failure = new Error(`${program} cannot be started: apt-get install etcd-server`, { cause });
    });
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running?.pid || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  }

  /** Resolves when it takes connections, which it does once there is a leader. */
  async serving(): Promise<void> {
    const { hostname, port } = new URL(this.endpoint);
    const until = performance.now() + 20_000;
    while (!(await connects(hostname, Number(port)))) {
      if (this.#failure) throw this.#failure;
      if (performance.now() > until) throw new Error(`etcd does not listen on ${this.endpoint}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

/** An etcd of some members on loopback, in a folder of its own. */
export class TestEtcd {
  readonly folder = mkdtempSync(join(tmpdir(), 'causeway-etcd-'));
  members: EtcdMember[] = [];

  get endpoints(): string[] {
    return this.members.map(member => member.endpoint);
  }

  /** @param options.enter words that put a command into another network namespace; it is not waited for there. */
  async start({
    count = 1,
    tls,
    enter = [],
  }: {
    count?: number;
    tls?: EtcdTls;
    enter?: string[];
  } = {}): Promise<this> {
    const ports = await freePorts(count * 2);
    const peers = ports.slice(count).map((port, n) => `m${n}=http://127.0.0.1:${port}`);
    const scheme = tls ? 'https' : 'http';
    this.members = ports.slice(0, count).map((port, n) => {
      const client = `${scheme}://127.0.0.1:${port}`;
      const peer = peers[n]!.slice(peers[n]!.indexOf('=') + 1);
      // biome-ignore format: options and their values
      const command = [
        ...enter, 'etcd', '--name', `m${n}`, '--data-dir', join(this.folder, `m${n}`), '--log-level', 'error',
        '--heartbeat-interval', '20', '--election-timeout', '200',
        '--listen-client-urls', client, '--advertise-client-urls', client,
        '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer,
        '--initial-cluster', peers.join(','),
        ...(tls ? ['--cert-file', tls.cert, '--key-file', tls.key, '--client-cert-auth', '--trusted-ca-file', tls.ca] : []),
      ];
      return new EtcdMember(command, client);
    });
    for (const member of this.members) member.start();
    if (enter.length > 0) return this;
    try {
      await Promise.all(this.members.map(member => member.serving()));
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(member => member.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
