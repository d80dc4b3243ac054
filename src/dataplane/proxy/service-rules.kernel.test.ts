import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { renderCommands, replaceTable } from '../../kernel/nft/render.ts';
import { compileService } from '../model/compile-service.ts';
import {
  type BehaviourRow,
  clusterSubnet,
  nodeObject,
  nodeOf,
  type Pod,
  rows,
  serviceOf,
  serviceSubnet,
  sliceOf,
  world,
} from './behaviour-rows.ts';
import { DesiredElements } from './desired-elements.ts';
import { EndpointNumbers } from './endpoint-numbers.ts';
import { tableLayout } from './layout.ts';
import { nodeElements } from './node-elements.ts';
import { planService } from './plan.ts';

/** The rows of `behaviour-rows.ts` as real packets: two nodes and their pods as network namespaces. */

const prefix = `cwt${process.pid}`;
const ns = (name: string) => `${prefix}-${name}`;
const nodes = ['node-a', 'node-b'] as const;
const servers: ChildProcess[] = [];

function ip(...args: string[]): void {
  execFileSync('ip', args);
}

function inside(name: string, command: string[], input?: string): string {
  return execFileSync('nsenter', [`--net=/run/netns/${ns(name)}`, ...command], {
    encoding: 'utf8',
    ...(input !== undefined && { input }),
  });
}

/** Says to everyone who connects which pod it is and what source address it saw. */
const serverScript = `
use IO::Socket::INET; $| = 1;
my $s = IO::Socket::INET->new(Listen => 50, LocalPort => 8080, ReuseAddr => 1) or die;
print "listening\\n";
while (my $c = $s->accept) { print $c $ARGV[0], " ", $c->peerhost, "\\n"; close $c }`;

/** Prints what the server said, or how the connection failed. */
const clientScript = `
use IO::Socket::INET; use Errno;
my $c = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]);
if (!$c) { print $!{ECONNREFUSED} ? "refused" : "silence"; exit } print scalar <$c>;`;

async function serve(pod: Pod): Promise<void> {
  const child = spawn('nsenter', [`--net=/run/netns/${ns(pod)}`, 'perl', '-e', serverScript, pod], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  await once(child.stdout!, 'data');
}

before(async () => {
  for (const name of ['outside', ...nodes, ...Object.keys(world.pods)]) {
    ip('netns', 'add', ns(name));
    ip('-n', ns(name), 'link', 'set', 'lo', 'up');
  }
  ip('-n', ns('outside'), 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', ns('outside'), 'addr', 'add', `${world.outside}/24`, 'dev', 'br0');
  ip('-n', ns('outside'), 'link', 'set', 'br0', 'up');
  for (const [index, node] of nodes.entries()) {
    const port = `port${index}`;
    ip('-n', ns('outside'), 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns(node));
    ip('-n', ns('outside'), 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', ns(node), 'addr', 'add', `${world.nodes[node]}/24`, 'dev', 'eth0');
    ip('-n', ns(node), 'link', 'set', 'eth0', 'up');
    ip('-n', ns(node), 'route', 'add', 'default', 'via', world.outside);
    inside(node, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']);
  }
  for (const node of nodes) {
    const other = node === 'node-a' ? 'node-b' : 'node-a';
    ip('-n', ns(node), 'route', 'add', world.podSubnets[other], 'via', world.nodes[other]);
    ip('-n', ns('outside'), 'route', 'add', world.podSubnets[node], 'via', world.nodes[node]);
  }
  for (const [pod, address] of Object.entries(world.pods)) {
    const node = ns(nodeOf(pod as Pod));
    ip('-n', node, 'link', 'add', `p-${pod}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns(pod));
    ip('-n', node, 'link', 'set', `p-${pod}`, 'up');
    ip('-n', node, 'route', 'add', address, 'dev', `p-${pod}`);
    inside(nodeOf(pod as Pod), ['sysctl', '-qw', `net.ipv4.conf.p-${pod}.proxy_arp=1`]);
    ip('-n', ns(pod), 'addr', 'add', `${address}/32`, 'dev', 'eth0');
    ip('-n', ns(pod), 'link', 'set', 'eth0', 'up');
    ip('-n', ns(pod), 'route', 'add', '169.254.1.1', 'dev', 'eth0', 'scope', 'link');
    ip('-n', ns(pod), 'route', 'add', 'default', 'via', '169.254.1.1');
  }
  await Promise.all((Object.keys(world.pods) as Pod[]).map(serve));
});

after(() => {
  for (const server of servers) server.kill('SIGKILL');
  for (const name of ['outside', ...nodes, ...Object.keys(world.pods)]) ip('netns', 'del', ns(name));
});

/** Replaces the rules of a node by those of the row's Service. */
function program(row: BehaviourRow, nodeName: 'node-a' | 'node-b'): void {
  const model = compileService(serviceOf(row), [sliceOf(row)], { name: nodeName })!;
  const numbers = new EndpointNumbers();
  const plan = planService(model, { idOf: endpoint => numbers.hold('web', endpoint) });
  const desired = new DesiredElements();
  const options = { nodeName, podSubnets: [clusterSubnet], serviceSubnets: [serviceSubnet] };
  desired.set('*node*', nodeElements(nodes.map(nodeObject), options));
  desired.set('default/web', plan.elements);
  const layout = tableLayout(
    'IPv4',
    plan.picks.map(({ pick }) => pick),
  );
  inside(nodeName, ['nft', '-f', '-'], renderCommands(replaceTable(layout, desired.all('IPv4'))));
}

/** Outside hosts need a route to what they connect to, through the node the row says. */
function routeOutside(row: BehaviourRow): void {
  if (row.from !== 'outside' || row.to.address === world.nodes[row.at!]) return;
  ip('-n', ns('outside'), 'route', 'replace', `${row.to.address}/32`, 'via', world.nodes[row.at!]);
}

for (const row of rows) {
  test(`packets: ${row.name}`, () => {
    for (const node of nodes) program(row, node);
    routeOutside(row);
    const seconds = row.verdict === 'drop' ? '0.3' : '3';
    const seen = new Set<string>();
    const sources = new Set<string>();
    const client = world.pods[row.from as Pod] ?? world.nodes[row.from as 'node-a'] ?? world.outside;
    // Enough draws that each of two endpoints is met but once in 2^23 runs.
    const tries = row.verdict ? 1 : 24;
    for (let attempt = 0; attempt < tries; attempt++) {
      const answer = inside(row.from, [
        'perl',
        '-e',
        clientScript,
        row.to.address,
        String(row.to.port),
        seconds,
      ]).trim();
      if (row.verdict) {
        assert.equal(answer, row.verdict === 'drop' ? 'silence' : 'refused');
        continue;
      }
      const [pod, source] = answer.split(' ');
      seen.add(pod!);
      sources.add(source!);
    }
    if (row.verdict) return;
    const sticky = row.service.sessionAffinity === 'ClientIP';
    if (sticky) assert.equal(seen.size, 1, 'a client with session affinity meets one pod');
    else assert.deepEqual([...seen].sort(), [...row.ends].sort());
    const masqueraded = [...sources].every(source => source !== client);
    assert.equal(
      masqueraded,
      row.masqueraded ?? false,
      `the pod saw ${[...sources]}, the client is ${client}`,
    );
  });
}
