import { mkdtempSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TestPair } from '../apiserver/testing/pki.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { FakeTransport } from '../client/fake-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import { FakeCri } from '../cri/fake-cri.ts';
import { FakeAcceptQueues } from '../kernel/accept-queues.ts';
import { FakeCgroups } from '../kernel/cgroup/fake-cgroups.ts';
import { NodeAgent } from '../node/node-agent.ts';
import { FakePeerRules } from '../node/traffic/fake-peer-rules.ts';
import type { TrafficRules } from '../node/traffic/traffic-rules.ts';
import { FakeMounts } from '../node/volume/mounts.ts';
import { testMachine, testTls } from './node-fixture.ts';

/** The kubelet API of an agent on fakes, over real TLS, for `n1` on 127.0.0.1. */
export async function startKubelet(
  t: TestContext,
  rules?: TrafficRules,
): Promise<{ port: number; ca: string; clock: FakeClock }> {
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
      ...(rules && {
        traffic: { rules, peers: new FakePeerRules(), acceptQueues: new FakeAcceptQueues() },
      }),
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
  return { port: agent.port, ca: tls.ca, clock };
}

/** One request, on a connection of its own. */
export function ask(
  { port, ca }: { port: number; ca: string },
  { path, method = 'GET', pair }: { path: string; method?: string; pair?: TestPair | undefined },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, ca, ...pair, agent: false };
    const request = https.request(options, response => {
      let body = '';
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
    request.end();
  });
}
