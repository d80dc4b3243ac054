import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import packet from 'dns-packet';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { DnsServer } from './dns-server.ts';
import { FakeCluster } from './fake-cluster.ts';

const run = promisify(execFile);
const resolvConf = `nameserver 10.96.0.10
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
`;

/** In network and mount namespaces of its own, with a pod's resolv.conf in place of the machine's. */
if (process.env.CAUSEWAY_TEST_NAMESPACES !== '1') {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-dns-'));
  writeFileSync(join(dir, 'resolv.conf'), resolvConf);
  const script = `ip link set lo up
ip address add 10.96.0.10/32 dev lo
ip address add 192.0.2.1/32 dev lo
ip address add fd00:96::10/128 dev lo
mount --bind "$1" "$(readlink -f /etc/resolv.conf)"
shift
exec "$@"`;
  const node = [process.execPath, '--test-reporter=spec', fileURLToPath(import.meta.url)];
  const child = spawn(
    'unshare',
    ['--net', '--mount', '--', 'sh', '-ec', script, 'sh', join(dir, 'resolv.conf'), ...node],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CAUSEWAY_TEST_NAMESPACES: '1', NODE_TEST_CONTEXT: undefined },
    },
  );
  const code = await new Promise(resolve => child.once('exit', resolve));
  rmSync(dir, { recursive: true });
  if (code !== 0) throw new Error(`the test failed in its namespaces (code ${code})`);
} else await declareTests();

async function declareTests(): Promise<void> {
  const cluster = new FakeCluster('default', 'other');
  cluster.service('default/web', { clusterIPs: ['10.96.0.20', 'fd00:96::20'] }, 'http:80');
  cluster.service('other/api', { clusterIPs: ['10.96.0.21'] }, 'http:80');
  cluster.service('default/db', { clusterIP: 'None' }, 'sql:5432');
  cluster.slice(
    'default/db',
    'db',
    Array.from({ length: 100 }, (_, i) => `10.244.0.${i + 1}=db-${i}`),
    'sql:5432',
  );
  cluster.service('default/away', { type: 'ExternalName', externalName: 'www.example.com' });
  const server = new DnsServer(
    { clock: systemClock, log: silentLogger, ...cluster },
    {
      domain: 'cluster.local',
      listen: [
        { address: '10.96.0.10', port: 53 },
        { address: 'fd00:96::10', port: 53 },
      ],
      serverAddresses: ['10.96.0.10'],
      forward: { upstreams: [{ address: '192.0.2.1', port: 53 }] },
    },
  );
  await server.start(new AbortController().signal);
  const upstream = await startUpstream();
  after(async () => {
    await server.stop();
    upstream.close();
  });
  const getent = async (...args: string[]) => {
    const { stdout } = await run('getent', args).catch((error: { stdout: string }) => error);
    return [
      ...new Set(
        stdout
          .split('\n')
          .filter(Boolean)
          .map(line => line.split(/\s+/)[0]),
      ),
    ];
  };

  test('the C library finds Services by every name of the search path', async () => {
    for (const name of [
      'web',
      'web.default',
      'web.default.svc',
      'web.default.svc.cluster.local',
      'web.default.svc.cluster.local.',
      'WEB',
    ]) {
      assert.deepEqual(await getent('ahostsv4', name), ['10.96.0.20'], name);
    }
    assert.deepEqual(await getent('ahostsv6', 'web'), ['fd00:96::20']);
    assert.deepEqual(await getent('ahostsv4', 'api.other'), ['10.96.0.21']);
    assert.deepEqual(await getent('ahostsv4', 'api'), []);
  });

  test('a hundred addresses come over TCP when UDP does not hold them', async () => {
    assert.equal((await getent('ahostsv4', 'db')).length, 100);
    assert.match(server.metrics(), /proto="tcp",type="A",rcode="NOERROR"\} [1-9]/);
  });

  test('an address has its name', async () => {
    const { stdout } = await run('getent', ['hosts', '10.96.0.20']);
    assert.match(stdout, /web\.default\.svc\.cluster\.local/);
  });

  test('names outside are asked for, also those an ExternalName leads to', async () => {
    assert.deepEqual(await getent('ahostsv4', 'www.example.com'), ['203.0.113.1']);
    assert.deepEqual(await getent('ahostsv4', 'away'), ['203.0.113.1']);
  });

  test('another resolver reads SRV, TXT and NS records, over IPv6 too', async () => {
    for (const address of ['10.96.0.10', '[fd00:96::10]']) {
      const resolver = new Resolver({ timeout: 2_000, tries: 2 });
      resolver.setServers([address]);
      assert.deepEqual(await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local'), [
        { name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100, type: 'SRV' },
      ]);
      assert.equal((await resolver.resolveSrv('_sql._tcp.db.default.svc.cluster.local')).length, 100);
      assert.deepEqual(await resolver.resolveTxt('dns-version.cluster.local'), [['1.1.0']]);
      assert.deepEqual(await resolver.resolveNs('cluster.local'), ['ns.dns.cluster.local']);
      await assert.rejects(resolver.resolve4('none.default.svc.cluster.local'), { code: 'ENOTFOUND' });
      await assert.rejects(resolver.resolveMx('web.default.svc.cluster.local'), { code: 'ENODATA' });
    }
  });
}

/** A server on 192.0.2.1 that knows www.example.com. */
async function startUpstream() {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { id, questions = [] } = packet.decode(message);
    const [question] = questions;
    const known = question?.name === 'www.example.com';
    const answers: packet.Answer[] =
      known && question.type === 'A'
        ? [{ name: question.name, type: 'A', ttl: 60, data: '203.0.113.1' }]
        : [];
    const flags = packet.RECURSION_AVAILABLE | (known ? 0 : 3);
    socket.send(packet.encode({ type: 'response', id, flags, questions, answers }), from.port, from.address);
  });
  await new Promise<void>(resolve => socket.bind(53, '192.0.2.1', resolve));
  return socket;
}
