import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { IpFamily } from '../../base/ip-address.ts';
import { renderCommands, replaceTable } from '../../kernel/nft/render.ts';
import { compileService } from '../model/compile-service.ts';
import {
  type BehaviourRow,
  clusterSubnet,
  inFamily,
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
use IO::Socket::IP; $| = 1;
my $s = IO::Socket::IP->new(Listen => 50, LocalHost => '::', V6Only => 0, LocalPort => 8080, ReuseAddr => 1) or die;
print "listening\\n";
while (my $c = $s->accept) { print $c $ARGV[0], " ", $c->peerhost =~ s/^::ffff://r, "\\n"; close $c }`;

/** Prints what the server said, or how the connection failed. */
const clientScript = `
use IO::Socket::IP; use Errno;
my $c = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]);
if (!$c) { print $!{ECONNREFUSED} ? "refused" : "silence"; exit } print scalar <$c>;`;

async function serve(pod: Pod): Promise<void> {
  const child = spawn('nsenter', [`--net=/run/netns/${ns(pod)}`, 'perl', '-e', serverScript, pod], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  await once(child.stdout!, 'data');
}

/** The same namespaces carry both families. */
const world6 = inFamily(world, 'IPv6');

before(async () => {
  for (const name of ['outside', ...nodes, ...Object.keys(world.pods)]) {
    ip('netns', 'add', ns(name));
    inside(name, ['sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0']);
    ip('-n', ns(name), 'link', 'set', 'lo', 'up');
  }
  ip('-n', ns('outside'), 'link', 'add', 'br0', 'type', 'bridge');
  addAddresses('outside', 'br0', `${world.outside}/24`, `${world6.outside}/64`);
  for (const [index, node] of nodes.entries()) {
    const port = `port${index}`;
    ip('-n', ns('outside'), 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns(node));
    ip('-n', ns('outside'), 'link', 'set', port, 'master', 'br0', 'up');
    addAddresses(node, 'eth0', `${world.nodes[node]}/24`, `${world6.nodes[node]}/64`);
    inside(node, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']);
    inside(node, ['sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1']);
    ip('-n', ns(node), 'route', 'add', 'default', 'via', world.outside);
    ip('-n', ns(node), 'route', 'add', 'default', 'via', world6.outside);
  }
  for (const node of nodes) {
    const other = node === 'node-a' ? 'node-b' : 'node-a';
    for (const here of [world, world6]) {
      ip('-n', ns(node), 'route', 'add', here.podSubnets[other], 'via', here.nodes[other]);
      ip('-n', ns('outside'), 'route', 'add', here.podSubnets[node], 'via', here.nodes[node]);
    }
  }
  for (const pod of Object.keys(world.pods) as Pod[]) connectPod(pod);
  await Promise.all((Object.keys(world.pods) as Pod[]).map(serve));
});

function addAddresses(name: string, link: string, ...addresses: string[]): void {
  ip('-n', ns(name), 'link', 'set', link, 'up');
  for (const address of addresses) {
    ip('-n', ns(name), 'addr', 'add', address, 'dev', link, ...(address.includes(':') ? ['nodad'] : []));
  }
}

function connectPod(pod: Pod): void {
  const node = nodeOf(pod);
  const link = `p-${pod}`;
  ip('-n', ns(node), 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns(pod));
  addAddresses(node, link, 'fe80::1/64');
  ip('-n', ns(node), 'route', 'add', world.pods[pod], 'dev', link);
  ip('-n', ns(node), 'route', 'add', world6.pods[pod], 'dev', link);
  inside(node, ['sysctl', '-qw', `net.ipv4.conf.${link}.proxy_arp=1`]);
  addAddresses(pod, 'eth0', `${world.pods[pod]}/32`, `${world6.pods[pod]}/128`);
  ip('-n', ns(pod), 'route', 'add', '169.254.1.1', 'dev', 'eth0', 'scope', 'link');
  ip('-n', ns(pod), 'route', 'add', 'default', 'via', '169.254.1.1');
  ip('-n', ns(pod), 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'eth0');
}

after(() => {
  for (const server of servers) server.kill('SIGKILL');
  for (const name of ['outside', ...nodes, ...Object.keys(world.pods)]) ip('netns', 'del', ns(name));
});

/** Replaces the rules of a node by those of the row's Service. */
function program(row: BehaviourRow, nodeName: 'node-a' | 'node-b', family: IpFamily): void {
  const model = compileService(inFamily(serviceOf(row), family), [inFamily(sliceOf(row), family)], {
    name: nodeName,
  })!;
  const numbers = new EndpointNumbers();
  const plan = planService(model, { idOf: endpoint => numbers.hold('web', endpoint) });
  const desired = new DesiredElements();
  const options = inFamily(
    { nodeName, podSubnets: [clusterSubnet], serviceSubnets: [serviceSubnet] },
    family,
  );
  desired.set('*node*', nodeElements(inFamily(nodes.map(nodeObject), family), options));
  desired.set('default/web', plan.elements);
  const layout = tableLayout(
    family,
    plan.picks.map(({ pick }) => pick),
  );
  inside(nodeName, ['nft', '-f', '-'], renderCommands(replaceTable(layout, desired.all(family))));
}

/** Outside hosts need a route to what they connect to, through the node the row says. */
function routeOutside(row: BehaviourRow, here: typeof world): void {
  if (row.from !== 'outside' || row.to.address === here.nodes[row.at!]) return;
  ip('-n', ns('outside'), 'route', 'replace', row.to.address, 'via', here.nodes[row.at!]);
}

for (const family of ['IPv4', 'IPv6'] as const)
  for (const row of rows.map(each => inFamily(each, family))) {
    test(`packets, ${family}: ${row.name}`, () => {
      const here = inFamily(world, family);
      for (const node of nodes) program(row, node, family);
      routeOutside(row, here);
      const seconds = row.verdict === 'drop' ? '0.3' : '3';
      const seen = new Set<string>();
      const sources = new Set<string>();
      const client = here.pods[row.from as Pod] ?? here.nodes[row.from as 'node-a'] ?? here.outside;
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
      const sticky = family === 'IPv4' && row.service.sessionAffinity === 'ClientIP';
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
