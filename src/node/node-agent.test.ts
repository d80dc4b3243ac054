import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Container, Node, Pod } from '../api/generated/types.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { createLogger, silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { FakeTransport } from '../client/fake-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import { FakeCri } from '../cri/fake-cri.ts';
import { FakeAcceptQueues } from '../kernel/accept-queues.ts';
import { FakeCgroups } from '../kernel/cgroup/fake-cgroups.ts';
import { testMachine, testTls } from '../testing/node-fixture.ts';
import { NodeAgent } from './node-agent.ts';
import { NodeApi } from './node-api.ts';
import { HeldRules } from './traffic/contract.ts';
import { FakePeerRules } from './traffic/fake-peer-rules.ts';
import type { TrafficRules } from './traffic/traffic-rules.ts';
import { FakeMounts } from './volume/mounts.ts';

const image = 'docker.io/library/nginx:1';

/** An agent with a fake runtime against the fake API, on a fake clock. */
class TestNode {
  readonly clock = new FakeClock();
  readonly transport = new FakeTransport({ clock: this.clock });
  readonly cri = new FakeCri(this.clock);
  readonly mounts = new FakeMounts();
  readonly recorder = new FakeEventRecorder();
  readonly decisions = new DecisionLog(this.clock, 'n1');
  readonly api = new NodeApi(this.transport);
  /** Whether service rules name pods; what then waits for them to go is let on with `release`. */
  inRules = false;
  release = () => {};
  readonly rules: TrafficRules = {
    whenReleased: async () => {
      if (!this.inRules) return undefined;
      await new Promise<void>(resolve => (this.release = resolve));
      return '7';
    },
    whenWritten: async () => true,
  };
  readonly peers = new FakePeerRules();
  readonly cgroups = new FakeCgroups();
  readonly acceptQueues = new FakeAcceptQueues();
  readonly dir = mkdtempSync(join(tmpdir(), 'causeway-node-'));
  agent!: NodeAgent;
  #informers!: InformerFactory;

  static async start(t: TestContext): Promise<TestNode> {
    const node = new TestNode();
    node.cri.addImage(image);
    t.after(() => node.remove());
    await node.startAgent();
    return node;
  }

  async startAgent(): Promise<void> {
    const { clock, transport, cri, recorder, decisions } = this;
    const log = process.env.DEBUG ? createLogger(clock, { component: 'test', level: 'debug' }) : silentLogger;
    this.#informers = new InformerFactory({ clock, log, transport });
    const { mounts } = this;
    const deps = { clock, log, decisions, transport, informers: this.#informers, recorder, cri, mounts };
    this.agent = new NodeAgent(
      {
        ...deps,
        cgroups: this.cgroups,
        machine: testMachine,
        traffic: { rules: this.rules, peers: this.peers, acceptQueues: this.acceptQueues },
      },
      {
        nodeName: 'n1',
        addresses: ['127.0.0.1'],
        rootDir: this.dir,
        podLogDir: join(this.dir, 'log'),
        clusterDns: ['10.96.0.10'],
        clusterDomain: 'cluster.local',
        tls: await testTls(),
        cgroupRoot: '/causeway/test/n1',
        needsPodCIDR: false,
        listen: { host: '127.0.0.1', port: 0 },
      },
    );
    await this.#informers.start(new AbortController().signal);
    await this.agent.start(new AbortController().signal);
    await this.settle();
  }

  async stopAgent(): Promise<void> {
    const stopped = Promise.all([this.agent.stop(), this.#informers.stop()]);
    await this.clock.advance(0);
    await stopped;
  }

  async remove(): Promise<void> {
    await this.stopAgent();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Lets everything under way come to rest: promises, files, short pauses. */
  async settle(): Promise<void> {
    for (let round = 0; round < 12; round++) {
      await this.clock.advance(1);
      await realTurn();
    }
  }

  /** Moves time until `condition` holds; fails when it does not within `limit` milliseconds of the clock. */
  async until(what: string, condition: () => Promise<boolean> | boolean, limit = 5_000): Promise<void> {
    const end = this.clock.now() + limit;
    while (!(await condition())) {
      if (this.clock.now() > end)
        assert.fail(`not within ${limit} ms: ${what}\n${this.cri.calls.join('\n')}`);
      await this.clock.advance(20);
      await realTurn();
    }
  }

  create(spec: Partial<Pod['spec']> & { containers: Container[] }, name = 'web'): Promise<unknown> {
    return this.api.pods.create({
      metadata: { name, namespace: 'default', uid: `uid-${name}` },
      spec: { nodeName: 'n1', restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...spec },
    });
  }

  async pod(name = 'web'): Promise<Pod | undefined> {
    return this.api.pods.get('default', name).catch(() => undefined);
  }

  async phase(name = 'web'): Promise<string> {
    return (await this.pod(name))?.status?.phase ?? 'gone';
  }

  async isReady(name = 'web'): Promise<boolean> {
    return condition(await this.pod(name), 'Ready') === 'True';
  }
}

/** Files are real: the fake clock must not run away from them. */
function realTurn(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 2));
}

function condition(object: Pod | Node | undefined, type: string): string | undefined {
  return object?.status?.conditions?.find(found => found.type === type)?.status;
}

const web: Container = { name: 'web', image };

test('the node registers and becomes Ready', async t => {
  const node = await TestNode.start(t);
  await node.until('Ready', async () => condition(await node.api.nodes.get('', 'n1'), 'Ready') === 'True');
  const { metadata, status } = await node.api.nodes.get('', 'n1');
  assert.equal(metadata.labels?.['kubernetes.io/hostname'], 'n1');
  assert.equal(status?.nodeInfo?.kubeletVersion, 'v1.36.0+causeway');
  assert.deepEqual(status?.addresses, [
    { type: 'InternalIP', address: '127.0.0.1' },
    { type: 'Hostname', address: 'n1' },
  ]);
  assert.deepEqual(
    status?.conditions?.map(({ type, reason }) => [type, reason]),
    [
      ['MemoryPressure', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'KubeletHasSufficientPID'],
      ['Ready', 'KubeletReady'],
    ],
  );
  const lease = await node.api.leases.get('kube-node-lease', 'n1');
  await node.clock.advance(10_500);
  const renewed = await node.api.leases.get('kube-node-lease', 'n1');
  assert.ok(renewed.spec!.renewTime! > lease.spec!.renewTime!);
});

test('a pod runs, is Ready and is deleted gracefully', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  const pod = await node.pod();
  assert.equal(pod?.status?.phase, 'Running');
  assert.match(pod?.status?.podIP ?? '', /^10\.244\./);
  assert.equal(pod?.status?.hostIP, '127.0.0.1');
  assert.deepEqual(
    pod?.status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ],
  );
  assert.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 0);
  assert.deepEqual(
    node.recorder.events.filter(text => !text.includes('Node') && !text.includes('kubelet')),
    [
      `Normal Pulled Container image "${image}" already present on machine and can be accessed by the pod`,
      'Normal Created Container created',
      'Normal Started Container started',
    ],
  );
  assert.match(readFileSync(join(node.dir, 'pods/uid-web/etc-hosts'), 'utf8'), /10\.244\.0\.\d+\tweb\n/);

  await node.api.pods.delete('default', 'web', { gracePeriodSeconds: 7 });
  await node.until('gone', async () => (await node.phase()) === 'gone');
  assert.ok(node.cri.calls.includes('stopContainer web 7'), node.cri.calls.join('\n'));
  await node.until('off the node', () => node.cri.sandboxes.size === 0 && node.cri.containers.size === 0);
});

test('a start that takes its usual time is told of once, a slow one also before', async t => {
  const node = await TestNode.start(t);
  const reports = () =>
    node.transport.requests.filter(request => request === 'PATCH /api/v1/namespaces/default/pods/web/status');
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  assert.equal(reports().length, 1);

  const release = node.cri.hold('runPodSandbox');
  await node.create({ containers: [web] }, 'slow');
  const waiting = async () =>
    (await node.pod('slow'))?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  await node.until('being made', async () => (await waiting()) === 'ContainerCreating', 1_000);
  release();
  await node.until('Ready', () => node.isReady('slow'));
});

test('the stop signal of a deleted pod waits while service rules name the pod, and only then', async t => {
  const node = await TestNode.start(t);
  const other = new HeldRules();
  node.peers.rules.set('n2', other);
  await node.api.nodes.create({
    metadata: { name: 'n2' },
    status: {
      addresses: [{ type: 'InternalIP', address: '172.30.0.4' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  node.inRules = true;
  const waits = new Promise<void>(resolve => {
    const { whenReleased } = node.rules;
    node.rules.whenReleased = (...words) => {
      resolve();
      return whenReleased(...words);
    };
  });
  await node.api.pods.delete('default', 'web');
  await node.settle();
  await waits;
  await node.clock.advance(500);
  const stopped = () => node.cri.calls.some(call => call.startsWith('stopContainer'));
  assert.ok(!stopped(), 'not while the rules name it');
  assert.deepEqual(node.peers.asked, []);
  node.release();
  await node.clock.advance(500);
  assert.deepEqual(node.peers.asked, ['n2 7']);
  assert.ok(!stopped(), 'not while those of the other node do');
  other.write(7);
  await node.until('stopped', stopped, 0);
});

test('and then until what was sent to the pod is accepted, within the same 2 s', async t => {
  const node = await TestNode.start(t);
  node.rules.whenReleased = async () => '7';
  const rows: [name: string, spec: object, accepts: number | undefined, stops: number][] = [
    ['idle', {}, 0, 0],
    ['slow', {}, 90, 100],
    ['stuck', {}, undefined, 2_000],
    ['host', { hostNetwork: true }, undefined, 0],
  ];
  for (const [index, [name, spec, accepts, stops]] of rows.entries()) {
    await node.create({ containers: [{ ...web, name }], ...spec }, name);
    await node.until('Ready', () => node.isReady(name));
    const [sandbox] = [...node.cri.sandboxes.values()].filter(({ status }) => status.metadata?.name === name);
    const group = `causeway/test/n1/kubepods/besteffort/poduid-${name}/${sandbox!.status.id}`;
    await node.cgroups.create(group);
    node.cgroups.join(group, index + 1);
    if (accepts !== 0) node.acceptQueues.lengths.set(index + 1, 3);
    if (accepts) node.clock.after(accepts, () => node.acceptQueues.lengths.set(index + 1, 0));
    const began = node.clock.now();
    await node.api.pods.delete('default', name);
    const call = () => node.cri.calls.some(call => call.startsWith(`stopContainer ${name} `));
    await node.until(`${name} is stopped`, call);
    const took = node.clock.now() - began;
    assert.ok(took >= stops && took < stops + 100, `${name}: ${took} ms`);
  }
});

test('a pod that service rules name forever is stopped all the same', async t => {
  const node = await TestNode.start(t);
  node.rules.whenReleased = async (_, signal) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve));
    return undefined;
  };
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  await node.api.pods.delete('default', 'web');
  await node.until('gone', async () => (await node.phase()) === 'gone');
});

test('a deleted pod leaves the API before its sandbox goes, one with host ports after that', async t => {
  const node = await TestNode.start(t);
  const ports = [{ containerPort: 80, hostPort: 8080, protocol: 'TCP' as const }];
  await node.create({ containers: [web] }, 'plain');
  await node.create({ containers: [{ ...web, ports }] }, 'ports');
  await node.until('Ready', async () => (await node.isReady('plain')) && (await node.isReady('ports')));
  const release = node.cri.hold('stopPodSandbox');
  try {
    await node.api.pods.delete('default', 'plain');
    await node.api.pods.delete('default', 'ports');
    await node.until('plain gone', async () => (await node.phase('plain')) === 'gone');
    await node.until('ports ended', () => node.cri.calls.includes('stopPodSandbox ports'));
    const later = node.clock.now() + 1000;
    await node.until('a while passed', () => node.clock.now() >= later);
    assert.notEqual(await node.phase('ports'), 'gone');
    assert.equal(node.cri.sandboxes.size, 2);
  } finally {
    // The agent's end waits for sandboxes that are being taken down.
    release();
  }
  await node.until('ports gone', async () => (await node.phase('ports')) === 'gone');
  await node.until('nothing left', () => node.cri.sandboxes.size === 0);
});

test('a container that fails is restarted with growing pauses', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  node.cri.exit(node.cri.find('web', 'web')!.status.id, 1);
  await node.until('second', () => node.cri.find('web', 'web')?.status.metadata?.attempt === 1);
  await node.until('Ready again', () => node.isReady());
  node.cri.exit(node.cri.find('web', 'web')!.status.id, 3);
  await node.until('waits', async () => {
    const state = (await node.pod())?.status?.containerStatuses?.[0]?.state;
    return state?.waiting?.reason === 'CrashLoopBackOff';
  });
  const status = (await node.pod())?.status?.containerStatuses?.[0];
  assert.equal(
    status?.state?.waiting?.message,
    'back-off 10s restarting failed container=web pod=web_default(uid-web)',
  );
  assert.equal(status?.lastState?.terminated?.exitCode, 3);
  assert.equal(status?.restartCount, 1);
  assert.equal(await node.phase(), 'Running');
  await node.clock.advance(9_000);
  assert.equal(node.cri.find('web', 'web')?.status.metadata?.attempt, 1);
  await node.until('third', () => node.cri.find('web', 'web')?.status.metadata?.attempt === 2, 3_000);
  assert.ok(
    node.recorder.events.includes(
      'Warning BackOff Back-off restarting failed container web in pod web_default(uid-web)',
    ),
  );
});

test('init containers run one after the other, then the rest', async t => {
  const node = await TestNode.start(t);
  const init = (name: string): Container => ({ name, image });
  await node.create({ initContainers: [init('one'), init('two')], containers: [web] });
  await node.until('one', () => node.cri.find('web', 'one')?.status.state === 'CONTAINER_RUNNING');
  assert.equal(node.cri.find('web', 'two'), undefined);
  await node.until('Pending', async () => (await node.phase()) === 'Pending');
  const initialized = (await node.pod())?.status?.conditions?.find(({ type }) => type === 'Initialized');
  assert.equal(initialized?.message, 'containers with incomplete status: [one two]');
  node.cri.exit(node.cri.find('web', 'one')!.status.id, 0);
  await node.until('two', () => node.cri.find('web', 'two')?.status.state === 'CONTAINER_RUNNING');
  assert.equal(node.cri.find('web', 'web'), undefined);
  node.cri.exit(node.cri.find('web', 'two')!.status.id, 0);
  await node.until('Ready', () => node.isReady());
});

test('a pod that restarts nothing succeeds or fails', async t => {
  const node = await TestNode.start(t);
  for (const [name, code, phase] of [
    ['good', 0, 'Succeeded'],
    ['bad', 2, 'Failed'],
  ] as const) {
    await node.create({ restartPolicy: 'Never', containers: [web] }, name);
    await node.until('Running', async () => (await node.phase(name)) === 'Running');
    node.cri.exit(node.cri.find(name, 'web')!.status.id, code);
    await node.until(phase, async () => (await node.phase(name)) === phase);
    const terminated = (await node.pod(name))?.status?.containerStatuses?.[0]?.state?.terminated;
    assert.equal(terminated?.exitCode, code);
    await node.until('sandbox stopped', () =>
      [...node.cri.sandboxes.values()].every(
        ({ status }) => status.metadata?.name !== name || status.state === 'SANDBOX_NOTREADY',
      ),
    );
  }
});

test('the exit of one container may have all of them begin anew, init containers first', async t => {
  const node = await TestNode.start(t);
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } };
  const source = { name: 'source', image, restartPolicy: 'Never', restartPolicyRules: [rule] };
  await node.create({
    restartPolicy: 'Never',
    initContainers: [{ name: 'init', image }],
    containers: [source, web],
  });
  const state = (name: string) => node.cri.find('web', name)?.status;
  const restarting = async () => condition(await node.pod(), 'AllContainersRestarting');
  const runs = (name: string, attempt: number) =>
    node.until(`${name} ${attempt}`, () => {
      const status = state(name);
      return status?.state === 'CONTAINER_RUNNING' && status.metadata?.attempt === attempt;
    });
  const phases = new Set<string>();
  for (const attempt of [0, 1]) {
    await runs('init', attempt);
    node.cri.exit(state('init')!.id, 0);
    await runs('source', attempt);
    await runs('web', attempt);
    await node.until('Ready', () => node.isReady());
    assert.equal(await restarting(), 'False');
    if (attempt === 1) break;
    const release = node.cri.hold('removeContainer');
    node.cri.exit(state('source')!.id, 42);
    await node.until('restarting', async () => (await restarting()) === 'True');
    phases.add(await node.phase());
    release();
    await node.until('removed', () => state('source') === undefined);
    await node.until('told', async () => (await restarting()) === 'False');
    phases.add(await node.phase());
  }
  assert.deepEqual([...phases], ['Running']);
  assert.equal(node.cri.sandboxes.size, 1);
  const { initContainerStatuses = [], containerStatuses = [] } = (await node.pod())?.status ?? {};
  assert.deepEqual(
    [...initContainerStatuses, ...containerStatuses].map(
      ({ name, restartCount, lastState }) => `${name} ${restartCount} ${lastState?.terminated?.exitCode}`,
    ),
    ['init 1 0', 'source 1 42', 'web 1 137'],
  );
  // The second time it waits; the others run on meanwhile.
  node.cri.exit(state('source')!.id, 42);
  await node.until('waits', async () => {
    const shown = (await node.pod())?.status?.containerStatuses?.[0]?.state;
    return shown?.waiting?.reason === 'CrashLoopBackOff';
  });
  assert.equal(state('web')?.state, 'CONTAINER_RUNNING');
  assert.equal(await restarting(), 'False');
  await node.until('third', () => state('init')?.metadata?.attempt === 2, 12_000);
});

test('an image that cannot be pulled shows as kubectl users know it', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [{ name: 'web', image: 'nope:1' }] });
  const waiting = async () => (await node.pod())?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  await node.until('ErrImagePull', async () => (await waiting()) === 'ErrImagePull');
  await node.until('ImagePullBackOff', async () => (await waiting()) === 'ImagePullBackOff', 15_000);
  assert.ok(node.recorder.events.includes('Warning Failed Error: ErrImagePull'));
  assert.ok(
    node.recorder.events.some(text =>
      text.startsWith('Warning Failed Failed to pull image "nope:1": rpc error: code = NotFound'),
    ),
  );
  node.cri.registry.add('docker.io/library/nope:1');
  await node.until('Ready', () => node.isReady(), 40_000);
  assert.ok(
    node.recorder.events.some(text =>
      /^Normal Pulled Successfully pulled image "nope:1" in \d+m?s/.test(text),
    ),
  );
});

test('a sysctl that reaches beyond the pod is refused', async t => {
  const node = await TestNode.start(t);
  const securityContext = { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] };
  await node.create({ containers: [web], securityContext });
  await node.until('Failed', async () => (await node.phase()) === 'Failed');
  const { reason, message } = (await node.pod())?.status ?? {};
  const words = 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted';
  assert.deepEqual([reason, message], ['SysctlForbidden', words]);
});

test('what a container ended of may be learned after its end', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web], restartPolicy: 'Never' });
  await node.until('Ready', () => node.isReady());
  const { id } = node.cri.find('web', 'web')!.status;
  node.cri.exit(id, 137);
  const reason = async () => (await node.pod())?.status?.containerStatuses?.[0]?.state?.terminated?.reason;
  await node.until('ended', async () => (await reason()) === 'Error');
  node.cri.tellOutOfMemory(id);
  await node.until('known', async () => (await reason()) === 'OOMKilled');
});

test('resources change while containers run, or with a restart where they say so', async t => {
  const node = await TestNode.start(t);
  const resources = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
  const restarted: Container = {
    ...web,
    name: 'other',
    resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
  };
  await node.create({ containers: [{ ...web, resources: resources('1') }, restarted] });
  await node.until('Ready', () => node.isReady());
  const resize = (...cpus: string[]) =>
    node.api.pods.patch(
      'default',
      'web',
      {
        spec: {
          containers: ['web', 'other'].map((name, i) => ({ name, resources: resources(cpus[i]!) })),
        },
      },
      { type: 'strategic-merge' },
    );
  const status = async (at: number) => (await node.pod())?.status?.containerStatuses?.[at];
  const cpu = async (at: number) => (await status(at))?.resources?.limits?.cpu;
  const pending = async () =>
    (await node.pod())?.status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason;

  await resize('2', '1');
  await node.until('the first', async () => (await cpu(0)) === '2');
  assert.ok(
    node.cri.calls.includes('updateContainerResources web 2048 200000 -1'),
    node.cri.calls.join('\n'),
  );
  await node.until('the second', async () => (await cpu(1)) === '1' && (await status(1))?.restartCount === 1);
  assert.equal((await status(0))?.restartCount, 0);

  await resize('100', '1');
  await node.until('too much', async () => (await pending()) === 'Infeasible');
  assert.equal(await cpu(0), '2', 'it keeps what it has');
  await resize('1', '1');
  await node.until('less again', async () => (await cpu(0)) === '1' && (await pending()) === undefined);
});

test('a pod that says what it may use as a whole has a control group of that, which follows its containers', async t => {
  const node = await TestNode.start(t);
  const limits = (cpu: string) => ({ limits: { cpu, memory: '64Mi' }, requests: { cpu, memory: '64Mi' } });
  await node.create({
    containers: [{ ...web, resources: limits('1') }],
    resources: { requests: { cpu: '1500m', memory: '64Mi' } },
  });
  await node.until('Ready', () => node.isReady());
  const group = 'causeway/test/n1/kubepods/burstable/poduid-web';
  const memory = 64 * 2 ** 20;
  assert.deepEqual(node.cgroups.limits.get(group), { cpuShares: 1536, cpuQuota: 100_000, memory });
  const containers = [{ name: 'web', resources: limits('1400m') }];
  await node.api.pods.patch('default', 'web', { spec: { containers } }, { type: 'strategic-merge' });
  await node.until('resized', () => node.cgroups.limits.get(group)?.cpuQuota === 140_000);
  assert.ok(
    node.cri.calls.includes('updateContainerResources web 1433 140000 67108864'),
    node.cri.calls.join('\n'),
  );
});

test('pods that want the same image share one pull', async t => {
  const node = await TestNode.start(t);
  node.cri.registry.add('docker.io/library/shared:1');
  const release = node.cri.hold('pullImage');
  for (const name of ['a', 'b', 'c'])
    await node.create({ containers: [{ name: 'web', image: 'shared:1' }] }, name);
  await node.until('pulling', () => node.cri.calls.some(call => call.startsWith('pullImage')));
  await node.settle();
  release();
  for (const name of ['a', 'b', 'c']) await node.until('Ready', () => node.isReady(name));
  assert.equal(node.cri.calls.filter(call => call.startsWith('pullImage')).length, 1);
});

test('a readiness probe decides on Ready, a liveness probe restarts', async t => {
  const node = await TestNode.start(t);
  let ready = false;
  let alive = true;
  node.cri.onExec = ({ command }) => {
    const good = command[0] === 'ready' ? ready : alive;
    return { stdout: Buffer.from(good ? '' : 'no'), stderr: Buffer.alloc(0), exitCode: good ? 0 : 1 };
  };
  const probe = (word: string) => ({
    exec: { command: [word] },
    periodSeconds: 1,
    failureThreshold: 2,
    successThreshold: 1,
    timeoutSeconds: 1,
  });
  await node.create({
    containers: [{ ...web, readinessProbe: probe('ready'), livenessProbe: probe('alive') }],
  });
  await node.until('Running', async () => (await node.phase()) === 'Running');
  await node.clock.advance(3_000);
  assert.equal(await node.isReady(), false);
  assert.ok(node.recorder.events.includes('Warning Unhealthy Readiness probe failed: no'));
  ready = true;
  await node.until('Ready', () => node.isReady());
  ready = false;
  await node.until('not Ready', async () => !(await node.isReady()));
  ready = true;
  alive = false;
  await node.until('restarted', () => node.cri.find('web', 'web')?.status.metadata?.attempt === 1);
  assert.ok(
    node.recorder.events.includes('Normal Killing Container web failed liveness probe, will be restarted'),
  );
  alive = true;
  await node.until('Ready again', () => node.isReady());
});

test('a restarted agent finds its containers and leaves them alone', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  const id = node.cri.find('web', 'web')!.status.id;
  await node.stopAgent();
  node.cri.calls.length = 0;
  await node.startAgent();
  await node.clock.advance(30_000);
  assert.deepEqual(node.cri.calls, []);
  assert.equal(node.cri.find('web', 'web')?.status.id, id);
  assert.equal(await node.isReady(), true);
});

test('what the API no longer has is ended after an agent was away', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  await node.stopAgent();
  await node.api.pods.delete('default', 'web', { gracePeriodSeconds: 0 });
  await node.startAgent();
  await node.until('off the node', () => node.cri.sandboxes.size === 0 && node.cri.containers.size === 0);
});

test('a dead sandbox is replaced and its containers start again', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  const [sandbox] = node.cri.sandboxes.keys();
  await node.cri.stopPodSandbox(sandbox!);
  await node.until('new sandbox', () => node.cri.sandboxes.size === 2);
  await node.until('Ready again', () => node.isReady());
  assert.equal((await node.pod())?.status?.containerStatuses?.[0]?.restartCount, 1);
  assert.ok(
    node.recorder.events.includes(
      'Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.',
    ),
  );
});

test('a pod that does not fit is rejected', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [{ ...web, resources: { requests: { cpu: '100' } } }] });
  await node.until('Failed', async () => (await node.phase()) === 'Failed');
  const status = (await node.pod())?.status;
  assert.equal(status?.reason, 'OutOfcpu');
  assert.equal(status?.containerStatuses, undefined, 'nothing of it waits to be created');
  assert.equal(
    status?.message,
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 4000",
  );
  assert.deepEqual(node.cri.calls, []);
});

test('a missing config map shows as CreateContainerConfigError until it is there', async t => {
  const node = await TestNode.start(t);
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }];
  await node.create({ containers: [{ ...web, env }] });
  const waiting = async () => (await node.pod())?.status?.containerStatuses?.[0]?.state?.waiting;
  await node.until('waits', async () => (await waiting())?.reason === 'CreateContainerConfigError');
  assert.equal((await waiting())?.message, 'configmap "settings" not found');
  await node.api.configMaps.create({
    metadata: { name: 'settings', namespace: 'default' },
    data: { a: '1' },
  });
  await node.until('Ready', () => node.isReady(), 10_000);
  const { config } = node.cri.find('web', 'web')!;
  assert.ok(config.envs.some(({ key, value }) => key === 'A' && value === '1'));
});

test('a lost sandbox start is tried again', async t => {
  const node = await TestNode.start(t);
  node.cri.failNext('runPodSandbox', 'no address left');
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady());
  assert.ok(
    node.recorder.events.includes(
      'Warning FailedCreatePodSandBox Failed to create pod sandbox: rpc error: code = Unknown desc = no address left',
    ),
  );
});

test('a status the API did not take is sent again', async t => {
  const node = await TestNode.start(t);
  node.transport.fail('PATCH', /\/pods\/web\/status/, new Error('connection refused'), 3);
  await node.create({ containers: [web] });
  await node.until('Ready', () => node.isReady(), 10_000);
});

test('a pod past its deadline is ended', async t => {
  const node = await TestNode.start(t);
  await node.create({ containers: [web], activeDeadlineSeconds: 5 });
  await node.until('Ready', () => node.isReady());
  await node.until('Failed', async () => (await node.phase()) === 'Failed', 8_000);
  assert.equal((await node.pod())?.status?.reason, 'DeadlineExceeded');
  await node.until('stopped', () => node.cri.find('web', 'web')?.status.state === 'CONTAINER_EXITED');
});

test('what changed in a ConfigMap is in the volume a minute later, with nothing else happening to the pod', async t => {
  const node = await TestNode.start(t);
  const metadata = { name: 'c', namespace: 'default' };
  await node.api.configMaps.create({ metadata, data: { a: '1' } });
  const volumes = [{ name: 'v', configMap: { name: 'c' } }];
  await node.create({ containers: [{ ...web, volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes });
  await node.until('Ready', () => node.isReady());
  const file = join(node.dir, 'pods/uid-web/volumes/kubernetes.io~configmap/v/a');
  assert.equal(readFileSync(file, 'utf8'), '1');
  await node.api.configMaps.update({ ...(await node.api.configMaps.get('default', 'c')), data: { a: '2' } });
  await node.clock.advance(55_000);
  await node.until('the new value', () => readFileSync(file, 'utf8') === '2', 10_000);
});

test('labels the node got a moment ago count for the pods that ask for them', async t => {
  const node = await TestNode.start(t);
  await node.until('Ready', async () => condition(await node.api.nodes.get('', 'n1'), 'Ready') === 'True');
  await node.api.nodes.patch(
    '',
    'n1',
    { metadata: { labels: { disk: 'fast' } } },
    { type: 'strategic-merge' },
  );
  await node.create({ containers: [web], nodeSelector: { disk: 'fast' } });
  await node.create({ containers: [web], nodeSelector: { disk: 'slow' } }, 'slow');
  await node.until('Ready', () => node.isReady());
  await node.until('rejected', async () => (await node.phase('slow')) === 'Failed');
  assert.equal((await node.pod('slow'))?.status?.reason, 'NodeAffinity');
});

test('extended resources that others count may be allocated, until they count them no more', async t => {
  const node = await TestNode.start(t);
  const capacity = async (count: string | null) => {
    const patch = { status: { capacity: { 'example.com/gpu': count } } };
    await node.api.nodes.patch('', 'n1', patch, { type: 'strategic-merge', subresource: 'status' });
    await node.clock.advance(10_500);
    await node.settle();
    const { status } = await node.api.nodes.get('', 'n1');
    return [status?.capacity?.['example.com/gpu'], status?.allocatable?.['example.com/gpu']];
  };
  await node.until('Ready', async () => condition(await node.api.nodes.get('', 'n1'), 'Ready') === 'True');
  assert.deepEqual(await capacity('3'), ['3', '3']);
  assert.deepEqual(await capacity('5'), ['5', '5']);
  assert.deepEqual(await capacity(null), [undefined, undefined]);
});

test('the files of an image are a volume: pulled first, let go of with the pod', async t => {
  const node = await TestNode.start(t);
  const reference = 'docker.io/library/files:1';
  const volumes = [{ name: 'v', image: { reference, pullPolicy: 'IfNotPresent' } }];
  await node.create({ containers: [{ ...web, volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes });
  const waiting = async () => (await node.pod())?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  await node.until('said to be missing', async () => (await waiting()) === 'ErrImagePull');
  node.cri.registry.add(reference);
  await node.until('Ready', () => node.isReady(), 40_000);
  const key = 'image-volume-uid-web-v';
  assert.deepEqual([...node.cri.views], [[key, reference]]);
  const [container] = [...node.cri.containers.values()];
  const mount = container!.config.mounts?.find(each => each.containerPath === '/v');
  assert.deepEqual([mount?.readonly, node.mounts.points.get(mount?.hostPath ?? '')], [true, `/views/${key}`]);
  await node.api.pods.delete('default', 'web', { gracePeriodSeconds: 0 });
  await node.until('no view', () => node.cri.views.size === 0, 40_000);
  assert.deepEqual(
    [...node.mounts.points.keys()].filter(path => path.includes('uid-web')),
    [],
  );
});

test('a pod whose emptyDir grows above its limit is evicted', async t => {
  const node = await TestNode.start(t);
  const volumes = [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }];
  await node.create({ containers: [{ ...web, volumeMounts: [{ name: 'v', mountPath: '/v' }] }], volumes });
  await node.until('Ready', () => node.isReady());
  const folder = join(node.dir, 'pods/uid-web/volumes/kubernetes.io~empty-dir/v');
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'deep/half'), Buffer.alloc(600_000, 1));
  await node.clock.advance(20_000);
  await node.settle();
  assert.equal(await node.phase(), 'Running');
  writeFileSync(join(folder, 'other'), Buffer.alloc(600_000, 1));
  await node.until('evicted', async () => (await node.phase()) === 'Failed', 30_000);
  const { reason, message } = (await node.pod())!.status!;
  assert.deepEqual([reason, message], ['Evicted', 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ']);
  await node.until('stopped', () => node.cri.calls.includes('stopContainer web 2'), 5_000);
  assert.equal(condition(await node.pod(), 'DisruptionTarget'), 'True');
});
