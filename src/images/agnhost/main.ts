import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { webhook } from './admission-webhook.ts';
import { connect } from './connect.ts';
import { conversionWebhook } from './conversion-webhook.ts';
import { Flags, fail, log } from './flags.ts';
import { grpcHealth } from './grpc-health.ts';
import { guestbook } from './guestbook.ts';
import { inClusterClient, tokenDiscovery } from './in-cluster.ts';
import { mounttest } from './mounttest.ts';
import { netexec } from './netexec.ts';
import { nettest } from './nettest.ts';
import { resourceConsumerController } from './resource-consumers.ts';
import {
  fakeGitServer,
  liveness,
  noSnatTest,
  noSnatTestProxy,
  porter,
  portForwardTester,
  serveHostname,
  tcpReset,
  testWebserver,
} from './servers.ts';

type Command = (args: readonly string[]) => void | Promise<void>;

const commands: Record<string, Command> = {
  connect,
  'crd-conversion-webhook': conversionWebhook,
  'dns-server-list': () => printResolver('nameserver'),
  'dns-suffix': () => printResolver('search'),
  'entrypoint-tester': printArguments,
  'etc-hosts': () => void process.stdout.write(readFileSync('/etc/hosts')),
  'fake-gitserver': fakeGitServer,
  'grpc-health-checking': grpcHealth,
  guestbook,
  inclusterclient: inClusterClient,
  liveness,
  'logs-generator': generateLogs,
  mounttest,
  netexec,
  nettest,
  'no-snat-test': noSnatTest,
  'no-snat-test-proxy': noSnatTestProxy,
  pause,
  'port-forward-tester': portForwardTester,
  porter,
  'resource-consumer-controller': resourceConsumerController,
  'serve-hostname': serveHostname,
  'tcp-reset': tcpReset,
  'test-service-account-issuer-discovery': tokenDiscovery,
  'test-webserver': testWebserver,
  webhook,
};

/** All words, the program's own first: tests start it under several names. */
function printArguments(): void {
  process.stdout.write(`[${process.argv.slice(1).join(' ')}]\n`);
}

function printResolver(keyword: string): void {
  const lines = readFileSync('/etc/resolv.conf', 'utf8').split('\n');
  const values = lines.map(line => line.trim().split(/\s+/)).filter(([first]) => first === keyword);
  process.stdout.write(values.flatMap(([, ...rest]) => rest).join(','));
}

function pause(): void {
  log('Paused');
  setInterval(() => {}, 2 ** 30);
}

async function generateLogs(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, [], { t: 'log-lines-total', d: 'run-duration' });
  const total = flags.number('log-lines-total', 0);
  const duration = flags.duration('run-duration', 0);
  if (total <= 0) fail(`Invalid total number of lines: ${total}`);
  if (duration <= 0) fail(`Invalid duration: ${duration}`);
  const pick = (words: string[]) => words[Math.floor(Math.random() * words.length)];
  for (let id = 0; id < total; id++) {
    const path = `/api/v1/namespaces/${pick(['kube-system', 'default', 'ns'])}/pods/${Math.random().toString(36).slice(2, 6)}`;
    const time = new Date().toISOString();
    const stamp = `I${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000`;
    const status = 200 + Math.floor(Math.random() * 400);
    process.stderr.write(
      `${stamp}       1 logs_generator.go:76] ${id} ${pick(['GET', 'POST', 'PUT'])} ${path} ${status}\n`,
    );
    await sleep(duration / total);
  }
}

// As the first process of a pod it is not ended by a signal that it has no handler for.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(signal === 'SIGTERM' ? 143 : 130);
  });
}

const [name = 'help', ...args] = process.argv.slice(2);
const command = commands[name];
if (command) Promise.resolve(command(args)).catch(error => fail(error.message));
else if (name === 'help' || name === '--help') {
  process.stdout.write(`A stand-in for agnhost. Usage: agnhost COMMAND\n\nCommands:\n`);
  for (const each of Object.keys(commands).sort()) process.stdout.write(`  ${each}\n`);
} else if (name === '--version') process.stdout.write('agnhost version 2.59 (stand-in)\n');
else
  fail(
    `this stand-in for agnhost has no command "${name}": it has ${Object.keys(commands).sort().join(', ')}`,
  );
