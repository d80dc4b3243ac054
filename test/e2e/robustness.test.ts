import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Pod } from '../../src/api/generated/types.ts';
import type { KubeList, Stored } from '../../src/api/objects.ts';
import { machineState, TestCluster } from './cluster.ts';
import { ApiLoad, apiOf, seeded, sleeper } from './robustness-load.ts';
import { programOf, viewNode } from './robustness-runtime.ts';

/**
 * kill -9 of a server, an agent, a containerd, a whole machine, at random moments from a fixed seed, while pods
 * and ConfigMaps come and go. Twenty times with CAUSEWAY_CHAOS=20; CAUSEWAY_SEED takes another seed.
 */

const kills = Number(process.env.CAUSEWAY_CHAOS ?? 6);
const seed = Number(process.env.CAUSEWAY_SEED ?? 1);
const cluster = new TestCluster('e2e-chaos');
const nodes = [cluster.node(1), cluster.node(2)] as const;
const convergence = 90_000;
let machineBefore: ReturnType<typeof machineState>;

before(async () => {
  machineBefore = machineState(cluster.name);
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
});

after(async () => {
  const gone = await cluster.delete();
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(machineState(cluster.name), machineBefore, 'the machine is as before');
});

const victims = ['server', 'agent', 'containerd', 'machine'] as const;

interface Kill {
  what: (typeof victims)[number];
  node: (typeof nodes)[number];
  /** Milliseconds before it. */
  wait: number;
}

/** Every kind once before any comes again, in an order the seed gives. */
function planKills(random: () => number): Kill[] {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  let left: Kill['what'][] = [];
  return Array.from({ length: kills }, () => {
    if (left.length === 0) left = [...victims];
    const what = pick(left);
    left = left.filter(other => other !== what);
    return { what, node: pick(nodes), wait: 300 + Math.floor(random() * 2200) };
  });
}

async function strike({ what, node }: Kill): Promise<void> {
  const groups: Record<Kill['what'], [group: string, words: RegExp]> = {
    server: [`${cluster.name}/host/system/server`, /server\.mjs/],
    agent: [`${cluster.name}/nodes/${node}/system/agent`, /agent\.mjs/],
    containerd: [`${cluster.name}/nodes/${node}/system/containerd`, /containerd --config/],
    machine: [`${cluster.name}/nodes/${node}/system/init`, /catatonit/],
  };
  const pid = programOf(...groups[what]);
  // One that is just being started again is hit the next time.
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  if (what !== 'machine') return;
  // Nothing but a user switches a machine on again.
  const { code, stderr } = await cluster.causeway('up');
  assert.equal(code, 0, stderr);
}

async function pods(api: ReturnType<typeof apiOf>): Promise<Stored<Pod>[]> {
  const path = '/api/v1/namespaces/default/pods';
  const signal = AbortSignal.timeout(5000);
  return (await api.request<KubeList<Stored<Pod>>>({ method: 'GET', path, signal })).items;
}

const isReady = (pod: Stored<Pod>) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Resolves when `look` finds nothing amiss any more; fails with what it last found. */
async function converge(look: () => Promise<string[]>): Promise<void> {
  const until = performance.now() + convergence;
  for (;;) {
    const amiss = await look().catch(error => [String(error)]);
    if (amiss.length === 0) return;
    if (performance.now() > until) assert.deepEqual(amiss, [], `not within ${convergence / 1000} s`);
    await setTimeout(250);
  }
}

test(`${kills} kills under load, seed ${seed}`, async t => {
  const random = seeded(seed);
  const api = apiOf(cluster.name);
  // An open connection would keep the test process from ending.
  t.after(() => api.close());
  const steady = nodes.map(node => `steady-${node}`);
  for (const [index, name] of steady.entries()) {
    const body = sleeper(name, nodes[index]);
    await api.request({ method: 'POST', path: '/api/v1/namespaces/default/pods', body });
  }
  await converge(async () => (await pods(api)).filter(pod => !isReady(pod)).map(pod => pod.metadata.name));

  const load = new ApiLoad(api, random);
  const plan = planKills(random);
  load.start();
  for (const kill of plan) {
    await setTimeout(kill.wait);
    await strike(kill);
  }
  await setTimeout(1000);
  await load.stop();
  t.diagnostic(
    `killed: ${plan.map(({ what, node }) => (what === 'server' ? what : `${what} of ${node}`)).join(', ')}`,
  );
  t.diagnostic(`${load.acknowledged} writes acknowledged`);

  await converge(() => differences(api));
  assert.deepEqual(await load.lost(), [], 'acknowledged writes');
  const after = await pods(api);
  for (const [index, name] of steady.entries()) {
    const status = after.find(pod => pod.metadata.name === name)?.status?.containerStatuses?.[0];
    const hits = plan.filter(({ what, node }) => what !== 'server' && node === nodes[index]);
    const machine = hits.filter(({ what }) => what === 'machine').length;
    const restarts = status?.restartCount ?? -1;
    // After a machine's end a start may be interrupted by the next kill, and counts all the same.
    assert.ok(
      machine === 0 ? restarts === 0 : restarts > 0 && restarts <= hits.length,
      `${name} restarted ${restarts} times; hit: ${hits.map(({ what }) => what).join(', ')}`,
    );
  }
});

/** What the API, the runtimes, the namespaces and the address logs do not agree about. */
async function differences(api: ReturnType<typeof apiOf>): Promise<string[]> {
  const all = await pods(api);
  const amiss = all.flatMap(pod => {
    if (pod.metadata.deletionTimestamp) return [`${pod.metadata.name} is being deleted`];
    return isReady(pod) ? [] : [`${pod.metadata.name} is not Ready: ${pod.status?.phase}`];
  });
  if (amiss.length > 0) return amiss;
  const views = await Promise.all(nodes.map(node => viewNode(cluster.name, node)));
  const addresses = all.map(pod => pod.status!.podIP!);
  if (new Set(addresses).size < addresses.length) amiss.push(`addresses used twice: ${addresses.join(' ')}`);
  for (const [index, view] of views.entries()) {
    const here = all.filter(pod => pod.spec?.nodeName === nodes[index]);
    const list = (values: string[]) => values.sort().join('\n');
    const wanted = {
      containers: list(here.map(pod => `${pod.metadata.uid} c`)),
      sandboxes: list(here.map(pod => pod.metadata.uid)),
      addresses: list(here.map(pod => `${pod.metadata.uid} ${pod.status!.podIP}`)),
    };
    const given = (entries: { uid: string; address: string }[]) =>
      list(entries.map(({ uid, address }) => `${uid} ${address}`));
    if (list(view.containers) !== wanted.containers) {
      amiss.push(`${nodes[index]} runs\n${list(view.containers)}\nin place of\n${wanted.containers}`);
    }
    if (list(view.sandboxes) !== wanted.sandboxes) {
      amiss.push(
        `${nodes[index]} has the sandboxes\n${list(view.sandboxes)}\nin place of\n${wanted.sandboxes}`,
      );
    }
    for (const [where, seen] of [
      ['namespaces', view.addresses],
      ['address log', view.logged],
    ] as const) {
      if (given(seen) !== wanted.addresses) {
        amiss.push(`${nodes[index]}: ${where}\n${given(seen)}\nin place of\n${wanted.addresses}`);
      }
    }
  }
  return amiss;
}
