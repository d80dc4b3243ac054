import type { BenchCluster } from './cluster.ts';
import type { Bench } from './context.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const name = 'time-to-k8s';
/** The phases of minikube's time-to-k8s benchmark (github.com/kubernetes/minikube, hack/benchmark/time-to-k8s). */
const phases = [
  'command exec',
  'API server answering',
  'kube-svc',
  'DNS Svc',
  'app running',
  'DNS ans',
] as const;

/**
 * From nothing to a pod whose lookup is answered, in the phases of minikube's time-to-k8s benchmark.
 * That one, too, waits for a Deployment and looks the API's Service up by `kubectl exec` in its pod.
 */
export const firstLookup: Bench = {
  name: 'first-lookup',
  needsCluster: false,
  async run({ cluster, runs, say }) {
    // The first one may install, build and fetch.
    await cluster.delete();
    await timed(cluster);
    const taken: number[][] = [];
    for (let n = 0; n < runs; n++) {
      await cluster.delete();
      taken.push(await timed(cluster));
      say(phases.map((phase, at) => `${phase} ${taken.at(-1)![at]!.toFixed(2)}`).join(', '));
    }
    const totals = taken.map(each => each.reduce((sum, value) => sum + value, 0));
    const row = (what: string, seconds: readonly number[]): Row => {
      const note = seconds.map(value => value.toFixed(2)).join(' ');
      return { bench: 'first-lookup', what, unit: 's', reached: median(seconds), better: 'lower', note };
    };
    return [
      ...phases.map((phase, at) =>
        row(
          phase,
          taken.map(each => each[at]!),
        ),
      ),
      { ...row('up → a pod has its lookup answered, median', totals), asked: 4 },
    ];
  },
};

/** Seconds of each phase. */
async function timed(cluster: BenchCluster): Promise<number[]> {
  const seconds: number[] = [];
  const phase = async (run: () => Promise<unknown>) => {
    const began = performance.now();
    await run();
    seconds.push((performance.now() - began) / 1000);
  };
  const kubectl = (...args: string[]) => cluster.exec('kubectl', args);
  await phase(() => cluster.up());
  await phase(() => until(() => kubectl('get', '--raw', '/readyz')));
  await phase(() => until(() => kubectl('get', 'service', 'kubernetes')));
  await phase(() => until(() => kubectl('get', 'service', 'kube-dns', '-n', 'kube-system')));
  await phase(async () => {
    await kubectl('create', 'deployment', name, '--image=busybox', '--', 'sleep', '3600');
    await kubectl('wait', '--for=condition=Available', `deployment/${name}`, '--timeout=60s');
  });
  await phase(() =>
    until(() =>
      kubectl('exec', `deployment/${name}`, '--', 'nslookup', 'kubernetes.default.svc.cluster.local'),
    ),
  );
  return seconds;
}

/** Runs it until it succeeds. */
async function until(run: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    try {
      return void (await run());
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
