import { type Command, Option } from 'commander';
import type { Node } from '../../api/generated/types.ts';
import type { KubeList, Stored } from '../../api/objects.ts';
import { errorChain } from '../../base/log.ts';
import { hostSide, type Place } from '../../machines/machines.ts';
import { serverNames } from '../cluster-config.ts';
import { apiServerUrl, clusterNetwork } from '../cluster-files.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { CommandExit } from '../failure.ts';
import { memoryOf } from '../process-memory.ts';
import { silentProgress } from '../progress.ts';
import { renderTable } from '../text-table.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireRoot,
} from './context.ts';

interface ComponentStatus {
  component: string;
  on: string;
  state: 'running' | 'stopped' | 'unsupervised';
  /** Of the program itself, and of all processes that came of it with its supervisor. */
  pid?: number;
  pids: number[];
  /** Proportional set size in bytes. */
  memory: number;
}

interface ClusterStatus {
  name: string;
  isolated: boolean;
  api: { url: string; ready: boolean; reason?: string };
  subnets: { nodes: string[]; pods: string[]; services: string[]; loadBalancers: string[] };
  nodes: { name: string; addresses: string[]; state: string; podCIDRs: string[] }[];
  components: ComponentStatus[];
}

export function addStatusCommand(program: Command): void {
  clusterOptions(program.command('status'))
    .description('what runs: nodes, components, memory, addresses')
    .addOption(new Option('-o, --output <format>', 'how').choices(['text', 'json']).default('text'))
    .addHelpText('after', examples('sudo causeway status', 'sudo causeway status -o json | jq .components'))
    .action(async (options: ClusterOptions & { output: string }) => {
      requireRoot('status');
      const status = await readStatus(openCluster(options));
      process.stdout.write(
        options.output === 'json' ? `${JSON.stringify(status, null, 2)}\n` : renderStatus(status),
      );
      if (!status.api.ready) throw new CommandExit(1);
    });
}

async function readStatus(context: ClusterContext): Promise<ClusterStatus> {
  const { config } = context;
  const lifecycle = new ClusterLifecycle(context, silentProgress);
  const network = clusterNetwork(config);
  const [components, { nodes, api }] = await Promise.all([
    readComponents(context, lifecycle),
    readNodes(context, lifecycle),
  ]);
  return {
    name: config.name,
    isolated: config.isolated,
    api: { url: apiServerUrl(config), ...api },
    subnets: {
      nodes: network.nodeSubnets,
      pods: network.podSubnets,
      services: network.serviceSubnets,
      loadBalancers: config.lbPool,
    },
    nodes,
    components,
  };
}

async function readComponents(
  { config }: ClusterContext,
  { machines }: ClusterLifecycle,
): Promise<ComponentStatus[]> {
  const wanted: [string, Place, string[]][] = [['host side', hostSide, serverNames(config)]];
  for (const { name } of config.nodes) wanted.push([name, { machine: name }, ['agent', 'containerd']]);
  const found: ComponentStatus[] = [];
  for (const [on, place, names] of wanted) {
    const processes = await machines.processes(place).catch(() => []);
    for (const component of names) {
      const process = processes.find(candidate => candidate.name === component);
      const state = !process ? 'stopped' : process.supervised ? 'running' : 'unsupervised';
      const pids = process?.pids ?? [];
      found.push({ component, on, state, pid: process?.pid, pids, memory: memoryOf(pids) });
    }
  }
  return found;
}

async function readNodes({ config }: ClusterContext, lifecycle: ClusterLifecycle) {
  let objects: Stored<Node>[] = [];
  let api: { ready: boolean; reason?: string } = { ready: true };
  const transport = await lifecycle.transport();
  try {
    const signal = AbortSignal.timeout(5000);
    const list = await transport.request<KubeList<Stored<Node>>>({
      method: 'GET',
      path: '/api/v1/nodes',
      signal,
    });
    objects = list.items;
  } catch (error) {
    api = { ready: false, reason: errorChain(error) };
  } finally {
    transport.close();
  }
  const nodes = config.nodes.map(({ name, addresses, stopped }) => {
    const object = objects.find(candidate => candidate.metadata.name === name);
    const ready = object?.status?.conditions?.find(condition => condition.type === 'Ready');
    const state = stopped ? 'stopped' : !object ? 'unknown' : ready?.status === 'True' ? 'Ready' : 'NotReady';
    return { name, addresses, state, podCIDRs: object?.spec?.podCIDRs ?? [] };
  });
  return { nodes, api };
}

function renderStatus(status: ClusterStatus): string {
  const { subnets, api } = status;
  const megabytes = (bytes: number) => (bytes === 0 ? '-' : `${Math.round(bytes / 2 ** 20)} MB`);
  const total = status.components.reduce((sum, component) => sum + component.memory, 0);
  const head = [
    `Cluster   ${status.name}${status.isolated ? ' (isolated)' : ''}`,
    `API       ${api.url}${api.ready ? '' : `  not ready: ${api.reason}`}`,
    `Subnets   nodes ${subnets.nodes.join(', ')}   pods ${subnets.pods.join(', ')}   Services ${subnets.services.join(', ')}`,
    `Balancers ${subnets.loadBalancers.join(', ')}`,
    `Memory    ${megabytes(total)}`,
  ];
  const nodes = renderTable(
    ['NODE', 'STATE', 'ADDRESS', 'PODS'],
    status.nodes.map(node => [node.name, node.state, node.addresses.join(','), node.podCIDRs.join(',')]),
  );
  const components = renderTable(
    ['COMPONENT', 'ON', 'STATE', 'MEMORY', 'PID'],
    status.components.map(({ component, on, state, memory, pid }) => [
      component,
      on,
      state,
      megabytes(memory),
      pid?.toString() ?? '-',
    ]),
  );
  return `${head.join('\n')}\n\n${nodes}\n${components}`;
}
