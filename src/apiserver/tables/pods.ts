import type { ContainerState, ContainerStatus, Pod, PodTemplate } from '../../api/generated/types.ts';
import { isPodInitialized, isPodReady } from '../../api/kinds/pod-conditions.ts';
import { ageOf, since } from './age.ts';
import { ageColumn, column, nameColumn, wide } from './columns.ts';
import { containerCells, formatLabels, none } from './format.ts';
import type { Cell, Printer, TableRowCondition } from './table.ts';

const completed: Readonly<Record<string, TableRowCondition[]>> = {
  Succeeded: [
    {
      type: 'Completed',
      status: 'True',
      reason: 'Succeeded',
      message: 'The pod has completed successfully.',
    },
  ],
  Failed: [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }],
};

export const podPrinter: Printer<Pod> = {
  columns: [
    nameColumn,
    column('Ready', 'The aggregate readiness state of this pod for accepting traffic.'),
    column('Status', 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    ageColumn,
    wide(column('IP', 'The address of the pod.')),
    wide(column('Node', 'The node the pod runs on.')),
    wide(column('Nominated Node', 'The node that makes room for the pod.')),
    wide(column('Readiness Gates', 'The conditions beyond its containers that a pod waits for.')),
  ],
  cells(pod, now) {
    const state = summarize(pod);
    const restarted = state.lastRestart ? ` (${since(state.lastRestart, now)} ago)` : '';
    const restarts = state.restarts === 0 ? '0' : `${state.restarts}${restarted}`;
    const { status, spec } = pod;
    const ip = status?.podIPs?.[0]?.ip || status?.podIP || none;
    return [
      pod.metadata?.name ?? '',
      `${state.ready}/${state.total}`,
      state.reason,
      restarts,
      ageOf(pod, now),
      ip,
      spec?.nodeName || none,
      status?.nominatedNodeName || none,
      readinessGates(pod),
    ];
  },
  conditions: pod => completed[pod.status?.phase ?? ''],
};

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  const met = gates.filter(gate =>
    pod.status?.conditions?.some(c => c.type === gate.conditionType && c.status === 'True'),
  );
  return `${met.length}/${gates.length}`;
}

interface Summary {
  ready: number;
  total: number;
  restarts: number;
  /** RFC 3339, '' for never. */
  lastRestart: string;
  reason: string;
}

/** STATUS, READY and RESTARTS, by the rules every kubectl user knows. */
function summarize(pod: Pod): Summary {
  const status = pod.status ?? {};
  const gated = status.conditions?.some(c => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  const reason = gated ? 'SchedulingGated' : status.reason || status.phase || '';
  const total = (pod.spec?.containers?.length ?? 0) + [...sidecarNames(pod)].length;
  const summary: Summary = { ready: 0, total, restarts: 0, lastRestart: '', reason };
  const sidecars: Summary = { ...summary };
  const initializing = summarizeInit(pod, summary, sidecars);
  if (!initializing || isPodInitialized(pod)) {
    summary.restarts = sidecars.restarts;
    summary.lastRestart = sidecars.lastRestart;
    summarizeContainers(pod, summary);
  }
  if (!pod.metadata?.deletionTimestamp) return summary;
  if (status.reason === 'NodeLost') summary.reason = 'Unknown';
  else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') summary.reason = 'Terminating';
  return summary;
}

function sidecarNames(pod: Pod): Set<string> {
  const sidecars = (pod.spec?.initContainers ?? []).filter(c => c.restartPolicy === 'Always');
  return new Set(sidecars.map(c => c.name));
}

/** Returns whether an init container keeps the pod from its real work. */
function summarizeInit(pod: Pod, summary: Summary, sidecars: Summary): boolean {
  const statuses = pod.status?.initContainerStatuses ?? [];
  if (statuses.length === 0) return false;
  const names = sidecarNames(pod);
  for (const [i, container] of statuses.entries()) {
    countRestarts(container, summary);
    const sidecar = names.has(container.name);
    if (sidecar) countRestarts(container, sidecars);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    summary.reason =
      initReason(container.state ?? {}) ?? `Init:${i}/${pod.spec?.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
}

function initReason({ terminated, waiting }: ContainerState): string | undefined {
  if (terminated) return `Init:${terminated.reason || exitText(terminated)}`;
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return undefined;
}

function exitText(terminated: NonNullable<ContainerState['terminated']>): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function countRestarts(container: ContainerStatus, summary: Summary): void {
  summary.restarts += container.restartCount ?? 0;
  const finished = container.lastState?.terminated?.finishedAt;
  if (finished && finished > summary.lastRestart) summary.lastRestart = finished;
}

function summarizeContainers(pod: Pod, summary: Summary): void {
  const statuses = pod.status?.containerStatuses ?? [];
  let running = false;
  for (let i = statuses.length - 1; i >= 0; i--) {
    const container = statuses[i]!;
    countRestarts(container, summary);
    const { waiting, terminated, running: runs } = container.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) summary.reason = terminated.reason || exitText(terminated);
    else if (container.ready && runs) {
      running = true;
      summary.ready++;
    }
  }
  // One container done, another running: the pod as a whole is not completed.
  if (summary.reason === 'Completed' && running) summary.reason = isPodReady(pod) ? 'Running' : 'NotReady';
}

export const podTemplatePrinter: Printer<PodTemplate> = {
  columns: [
    nameColumn,
    column('Containers', 'Names of each container in the template.'),
    column('Images', 'Images referenced by each container in the template.'),
    column('Pod Labels', 'The labels for the pod template.'),
  ],
  cells(object): Cell[] {
    const [names, images] = containerCells(object.template?.spec?.containers);
    return [object.metadata?.name ?? '', names, images, formatLabels(object.template?.metadata?.labels)];
  },
};
