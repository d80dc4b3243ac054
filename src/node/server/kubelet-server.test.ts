import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestPair } from '../../apiserver/testing/pki.ts';
import { TestAuthority } from '../../apiserver/testing/pki.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/log.ts';
import { FakeEventRecorder } from '../../client/fake-event-recorder.ts';
import { FakeTransport } from '../../client/fake-transport.ts';
import { InformerFactory } from '../../client/informer-factory.ts';
import { FakeCri } from '../../cri/fake-cri.ts';
import { FakeCgroups } from '../../kernel/cgroup/fake-cgroups.ts';
import { testAuthority, testMachine, testTls } from '../../testing/node-fixture.ts';
import { NodeAgent } from '../node-agent.ts';
import { FakeMounts } from '../volume/mounts.ts';

test('the kubelet API answers the API server and administrators only', async t => {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  const informers = new InformerFactory({ clock, log: silentLogger, transport });
  const dir = mkdtempSync(join(tmpdir(), 'causeway-kubelet-'));
  const decisions = new DecisionLog(clock, 'n1');
  const tls = await testTls();
  const agent = new NodeAgent(
    {
      ...{ clock, transport, informers, decisions, machine: testMachine },
      log: silentLogger,
      recorder: new FakeEventRecorder(),
      cri: new FakeCri(clock),
      mounts: new FakeMounts(),
      cgroups: new FakeCgroups(),
    },
    {
      nodeName: 'n1',
      addresses: ['127.0.0.1'],
      rootDir: dir,
      podLogDir: join(dir, 'log'),
      clusterDns: [],
      clusterDomain: 'cluster.local',
      tls,
      cgroupRoot: '/causeway/test/n1',
      needsPodCIDR: false,
      listen: { host: '127.0.0.1', port: 0 },
    },
  );
  const { signal } = new AbortController();
  await informers.start(signal);
  await agent.start(signal);
  t.after(async () => {
    const stopped = Promise.all([agent.stop(), informers.stop()]);
    await clock.advance(0);
    await stopped;
    rmSync(dir, { recursive: true });
  });

  const ours = await testAuthority();
  const theirs = await TestAuthority.create();
  const server = await ours.issue('CN=kube-apiserver-kubelet-client');
  const rows: [who: string, pair: TestPair | undefined, path: string, status: number, body: RegExp][] = [
    ['nobody', undefined, '/healthz', 401, /Unauthorized/],
    ['another CA', await theirs.issue('O=system:masters, CN=x'), '/healthz', 401, /Unauthorized/],
    [
      'another node',
      await ours.issue('O=system:nodes, CN=system:node:n2'),
      '/pods',
      403,
      /Forbidden \(user=system:node:n2/,
    ],
    ['a user', await ours.issue('O=dev, CN=eve'), '/healthz', 403, /Forbidden/],
    ['administrator', await ours.issue('O=system:masters, CN=admin'), '/healthz', 200, /^ok$/],
    ['API server', server, '/pods', 200, /"kind":"PodList"/],
    ['API server', server, '/stats/summary', 200, /"nodeName":"n1"/],
    ['API server', server, '/metrics', 200, /kubelet_running_pods 0/],
    ['API server', server, '/causeway/decisions', 200, /"decisions":\[/],
    ['API server', server, '/containerLogs/default/none/c', 404, /pod "none_default" does not exist/],
    ['API server', server, '/exec/default/none/c?command=sh', 400, /Upgrade request required/],
    ['API server', server, '/nothing', 404, /404 page not found/],
  ];
  for (const [who, pair, path, status, body] of rows) {
    const answer = await get(agent.port, path, tls.ca, pair);
    assert.equal(answer.status, status, `${who} ${path}`);
    assert.match(answer.body, body, `${who} ${path}`);
  }
});

function get(
  port: number,
  path: string,
  ca: string,
  pair?: TestPair,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = https.get({ host: '127.0.0.1', port, path, ca, ...pair, agent: false }, response => {
      let body = '';
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
  });
}
