import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod } from '../../api/generated/types.ts';
import { decodeMessage } from '../../cri/codec.ts';
import { containerHash, runtimeAnnotations } from './pod-identity.ts';
import { type PlanFacts, planPod, shouldRestart } from './pod-plan.ts';
import { containerName, type PodRuntime, type RuntimeContainer } from './pod-runtime.ts';

type State = 'running' | 'created' | number;

const image = 'i:1';
const c = (name: string, more: Partial<Container> = {}): Container => ({ name, image, ...more });

function podOf(spec: Partial<Pod['spec']>): Pod {
  return {
    metadata: { name: 'p', uid: 'u' },
    spec: { containers: [c('a')], restartPolicy: 'Always', ...spec },
  };
}

/** `web: 'running'`, or an exit code; a name with `@old` lives in an earlier sandbox. */
function runtimeOf(sandbox: 'ready' | 'dead' | 'none', containers: Record<string, State> = {}): PodRuntime {
  const empty = decodeMessage('PodSandboxStatus', new Uint8Array(0));
  const status = {
    ...empty,
    id: 's1',
    metadata: { name: 'p', uid: 'u', namespace: 'd', attempt: 0 },
    state: sandbox === 'ready' ? ('SANDBOX_READY' as const) : ('SANDBOX_NOTREADY' as const),
    network: { ip: '10.0.0.1', additionalIps: [] },
  };
  const list = Object.entries(containers).map(([key, state]) => record(key, state));
  return {
    uid: 'u',
    name: 'p',
    namespace: 'd',
    sandboxes: sandbox === 'none' ? [] : [status],
    containers: list,
  };
}

function record(key: string, state: State): RuntimeContainer {
  const [name = '', old] = key.split('@');
  const status = decodeMessage('ContainerStatus', new Uint8Array(0));
  status.id = `id-${name}`;
  status.metadata = { name, attempt: 0 };
  status.annotations = {
    [runtimeAnnotations.restartCount]: '2',
    [runtimeAnnotations.hash]: containerHash(c(name)),
  };
  status.state =
    state === 'running'
      ? 'CONTAINER_RUNNING'
      : state === 'created'
        ? 'CONTAINER_CREATED'
        : 'CONTAINER_EXITED';
  if (typeof state === 'number') status.exitCode = state;
  return { sandboxId: old ? 's0' : 's1', status };
}

const quiet: PlanFacts = {
  liveness: () => 'success',
  startup: () => 'success',
  hookRunning: () => false,
  isStopping: () => false,
};

interface Row {
  name: string;
  pod: Partial<Pod['spec']>;
  runtime: PodRuntime;
  facts?: Partial<PlanFacts>;
  /** `sandbox start,… kill,…` or `finished`. */
  plan: string;
}

const inits = { initContainers: [c('i1'), c('i2')] };
const allOn42 = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }];
const allRestart: Partial<Pod['spec']> = {
  restartPolicy: 'Never',
  initContainers: [c('i1')],
  containers: [c('a', { restartPolicy: 'Never', restartPolicyRules: allOn42 }), c('b')],
  ephemeralContainers: [{ name: 'e', image }],
};
const side = { initContainers: [c('s', { restartPolicy: 'Always', startupProbe: { exec: {} } }), c('i1')] };

const rows: Row[] = [
  { name: 'new', pod: {}, runtime: runtimeOf('none'), plan: 'create +a' },
  { name: 'sandbox only', pod: {}, runtime: runtimeOf('ready'), plan: 'keep +a' },
  { name: 'running', pod: {}, runtime: runtimeOf('ready', { a: 'running' }), plan: 'keep' },
  { name: 'created, never started', pod: {}, runtime: runtimeOf('ready', { a: 'created' }), plan: 'keep +a' },
  { name: 'exited', pod: {}, runtime: runtimeOf('ready', { a: 0 }), plan: 'keep +a' },
  {
    name: 'OnFailure, well',
    pod: { restartPolicy: 'OnFailure' },
    runtime: runtimeOf('ready', { a: 0 }),
    plan: 'finished',
  },
  {
    name: 'OnFailure, badly',
    pod: { restartPolicy: 'OnFailure' },
    runtime: runtimeOf('ready', { a: 1 }),
    plan: 'keep +a',
  },
  { name: 'Never', pod: { restartPolicy: 'Never' }, runtime: runtimeOf('ready', { a: 1 }), plan: 'finished' },
  {
    name: 'Never, one still runs',
    pod: { restartPolicy: 'Never', containers: [c('a'), c('b')] },
    runtime: runtimeOf('ready', { a: 1, b: 'running' }),
    plan: 'keep',
  },
  { name: 'sandbox died', pod: {}, runtime: runtimeOf('dead', { a: 137 }), plan: 'replace +a' },
  {
    name: 'sandbox died, Never',
    pod: { restartPolicy: 'Never' },
    runtime: runtimeOf('dead', { a: 137 }),
    plan: 'finished',
  },
  {
    name: 'sandbox died, Never, second never started',
    pod: { restartPolicy: 'Never', containers: [c('a'), c('b')] },
    runtime: runtimeOf('dead', { a: 0 }),
    plan: 'finished',
  },
  {
    name: 'new sandbox, OnFailure: what succeeded before is not run again',
    pod: { restartPolicy: 'OnFailure', containers: [c('a'), c('b')] },
    runtime: runtimeOf('ready', { 'a@old': 0, 'b@old': 1 }),
    plan: 'keep +b',
  },
  { name: 'first init', pod: inits, runtime: runtimeOf('ready'), plan: 'keep +i1' },
  { name: 'init runs', pod: inits, runtime: runtimeOf('ready', { i1: 'running' }), plan: 'keep' },
  { name: 'second init', pod: inits, runtime: runtimeOf('ready', { i1: 0 }), plan: 'keep +i2' },
  { name: 'init failed', pod: inits, runtime: runtimeOf('ready', { i1: 1 }), plan: 'keep +i1' },
  {
    name: 'init failed, Never',
    pod: { ...inits, restartPolicy: 'Never' },
    runtime: runtimeOf('ready', { i1: 1 }),
    plan: 'finished',
  },
  { name: 'inits done', pod: inits, runtime: runtimeOf('ready', { i1: 0, i2: 0 }), plan: 'keep +a' },
  { name: 'inits forgotten', pod: inits, runtime: runtimeOf('ready', { a: 'running' }), plan: 'keep' },
  {
    name: 'inits again in a new sandbox',
    pod: inits,
    runtime: runtimeOf('dead', { i1: 0, i2: 0, a: 1 }),
    plan: 'replace +i1',
  },
  { name: 'sidecar first', pod: side, runtime: runtimeOf('ready'), plan: 'keep +s' },
  {
    name: 'sidecar starting',
    pod: side,
    runtime: runtimeOf('ready', { s: 'running' }),
    facts: { startup: () => 'unknown' },
    plan: 'keep',
  },
  { name: 'sidecar started', pod: side, runtime: runtimeOf('ready', { s: 'running' }), plan: 'keep +i1' },
  {
    name: 'sidecar ended beside',
    pod: side,
    runtime: runtimeOf('ready', { s: 0, i1: 0, a: 'running' }),
    plan: 'keep +s',
  },
  {
    name: 'sidecars do not keep a pod',
    pod: { ...side, restartPolicy: 'Never' },
    runtime: runtimeOf('ready', { s: 'running', i1: 0, a: 0 }),
    plan: 'finished',
  },
  {
    name: 'liveness failed',
    pod: {},
    runtime: runtimeOf('ready', { a: 'running' }),
    facts: { liveness: () => 'failure' },
    plan: 'keep -a:liveness',
  },
  {
    name: 'liveness failed, stopping already',
    pod: {},
    runtime: runtimeOf('ready', { a: 'running' }),
    facts: { liveness: () => 'failure', isStopping: () => true },
    plan: 'keep',
  },
  {
    name: 'definition changed',
    pod: { containers: [c('a', { image: 'i:2' })] },
    runtime: runtimeOf('ready', { a: 'running' }),
    plan: 'keep -a:definition',
  },
  {
    name: 'postStart of the first runs',
    pod: { containers: [c('a'), c('b')] },
    runtime: runtimeOf('ready', { a: 'running' }),
    facts: { hookRunning: () => true },
    plan: 'keep',
  },
  {
    name: 'ephemeral container',
    pod: { ephemeralContainers: [{ name: 'e', image }] },
    runtime: runtimeOf('ready', { a: 'running' }),
    plan: 'keep +e',
  },
  {
    name: 'ephemeral container ended',
    pod: { ephemeralContainers: [{ name: 'e', image }] },
    runtime: runtimeOf('ready', { a: 'running', e: 1 }),
    plan: 'keep',
  },
  {
    name: 'all begin anew: what runs is ended, the one that asks for it goes last',
    pod: allRestart,
    runtime: runtimeOf('ready', { i1: 0, a: 42, b: 'running', e: 'running' }),
    plan: 'keep reset:b i1,b,a',
  },
  {
    name: 'all begin anew, nothing runs any more',
    pod: allRestart,
    runtime: runtimeOf('ready', { a: 42, b: 137, e: 'running' }),
    plan: 'keep reset: b,a',
  },
  {
    name: 'all have begun anew',
    pod: allRestart,
    runtime: runtimeOf('ready', { e: 'running' }),
    plan: 'keep +i1',
  },
  {
    name: 'an exit that does not ask for it',
    pod: allRestart,
    runtime: runtimeOf('ready', { i1: 0, a: 1, b: 'running', e: 'running' }),
    plan: 'keep',
  },
];

for (const { name, pod, runtime, facts, plan } of rows) {
  test(`plan: ${name}`, () => {
    const found = planPod(podOf(pod), runtime, { ...quiet, ...facts });
    const words = [
      found.sandbox,
      ...found.start.map(({ container }) => `+${container.spec.name}`),
      ...found.kill.map(({ spec, reason }) => `-${spec?.spec.name}:${reason}`),
    ];
    const names = (list: RuntimeContainer[]) => list.map(containerName).join();
    if (found.reset) words.push(`reset:${names(found.reset.running)} ${names(found.reset.remove)}`);
    assert.equal(found.finished ? 'finished' : words.join(' '), plan);
  });
}

test('a restart counts on from what the runtime has', () => {
  const [start] = planPod(podOf({}), runtimeOf('ready', { a: 1 }), quiet).start;
  assert.equal(start?.restartCount, 3);
  assert.equal(planPod(podOf({}), runtimeOf('ready'), quiet).start[0]?.restartCount, undefined);
});

test("a container's own policy and rules come before the pod's", () => {
  const rules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
  const restartRows: [string, Container, number, boolean][] = [
    ['Never', c('a'), 1, false],
    ['Never', c('a', { restartPolicy: 'OnFailure' }), 1, true],
    ['Never', c('a', { restartPolicy: 'Never', restartPolicyRules: rules }), 42, true],
    ['Never', c('a', { restartPolicy: 'Never', restartPolicyRules: rules }), 1, false],
    ['Never', c('a', { restartPolicy: 'Never', restartPolicyRules: allOn42 }), 42, true],
    ['Always', c('a', { restartPolicy: 'Never' }), 1, false],
    ['Always', c('a'), 0, true],
    ['OnFailure', c('a'), 0, false],
  ];
  for (const [restartPolicy, container, code, expected] of restartRows) {
    assert.equal(
      shouldRestart(podOf({ restartPolicy }), container, code),
      expected,
      JSON.stringify(container),
    );
  }
});
