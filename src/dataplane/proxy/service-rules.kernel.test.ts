import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { IpFamily } from '../../base/ip-address.ts';
import { renderCommands, replaceTable } from '../../kernel/nft/render.ts';
import { inFreshNamespace } from '../../kernel/testing/fresh-namespace.ts';
import type { RouteMode } from '../podnet/node-routes.ts';
import { PodnetNodes } from '../podnet/testing/podnet-nodes.ts';
import { rows } from './behaviour-rows.ts';
import {
  type BehaviourRow,
  inFamily,
  type NodeName,
  needsThirdNode,
  nodeOf,
  type Pod,
  world,
} from './behaviour-world.ts';
import { behaviourTable } from './testing/behaviour-table.ts';
import { hasSctp, ProbeClient, type ProbeProtocol, serve } from './testing/probe.ts';

/**
 * The rows of `behaviour-rows.ts` as real packets: nodes and pods as network namespaces, joined by the pod network
 * itself; this process's own namespace is the host outside.
 */

const families = ['IPv4', 'IPv6'] as const;
const protocols: ProbeProtocol[] = hasSctp() ? ['TCP', 'UDP', 'SCTP'] : ['TCP', 'UDP'];
/** Enough draws that each of three endpoints is met but once in 10^5 runs, each of two but once in 2^31. */
const draws = 32;

class Topology {
  readonly nodes: readonly NodeName[];
  readonly #mode: RouteMode;
  readonly #net = new PodnetNodes();
  readonly #servers: ChildProcess[] = [];
  readonly #netns = new Map<string, string>();
  /** By the client of the rows. */
  readonly #clients = new Map<string, ProbeClient>();
  /** What each node was programmed with last. */
  readonly #programmed = new Map<string, string>();

  constructor(nodes: readonly NodeName[], mode: RouteMode) {
    this.nodes = nodes;
    this.#mode = mode;
  }

  async start(): Promise<void> {
    const here = families.map(family => inFamily(world, family));
    for (const name of this.nodes) {
      await this.#net.add({
        name,
        addresses: here.map(({ nodes }) => nodes[name]),
        podCidrs: here.map(({ podSubnets }) => podSubnets[name]),
        routeMode: this.#mode,
      });
      this.#netns.set(name, this.#net.nodes.get(name)!.netns);
      for (const { podSubnets, nodes } of here) route('add', podSubnets[name], nodes[name]);
    }
    await this.#net.publish();
    for (const pod of Object.keys(world.pods) as Pod[]) {
      if (!this.nodes.includes(nodeOf(pod))) continue;
      const { netns, ips } = await this.#net.pod(nodeOf(pod), pod);
      assert.deepEqual(
        ips,
        here.map(({ pods }) => pods[pod]),
      );
      this.#netns.set(pod, netns);
      this.#servers.push(await serve(netns, pod, protocols));
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    for (const server of this.#servers) server.kill('SIGKILL');
    await this.#net.close();
  }

  /** Replaces the rules of all nodes by those of the row's Service, and routes the host outside as the row says. */
  async program(row: BehaviourRow): Promise<void> {
    await Promise.all(this.nodes.map(node => this.#programNode(row, node)));
    for (const family of families) {
      const { from, at, to } = inFamily(row, family);
      const via = inFamily(world, family).nodes[at!];
      if (from === 'outside' && to.address !== via) route('replace', to.address, via);
    }
  }

  async #programNode(row: BehaviourRow, node: NodeName): Promise<void> {
    const tables = families.map(family => behaviourTable(row, node, this.nodes, family));
    const commands = renderCommands(tables.flatMap(({ layout, elements }) => replaceTable(layout, elements)));
    if (this.#programmed.get(node) === commands) return;
    this.#programmed.set(node, commands);
    const child = spawn('nsenter', [`--net=${this.#netns.get(node)}`, 'nft', '-f', '-'], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin.end(commands);
    const [code] = await once(child, 'close');
    assert.equal(code, 0, `nft on ${node}`);
    // A datagram from a port that an earlier row used would follow that row's flow.
    execFileSync('nsenter', [`--net=${this.#netns.get(node)}`, 'conntrack', '-F'], { stdio: 'ignore' });
  }

  /** The clients with session affinity that a node remembers. */
  listing(node: NodeName, family: IpFamily): string {
    const words = family === 'IPv4' ? 'ip' : 'ip6';
    const listed = ['affinity', 'nodeport-affinity'].map(map =>
      execFileSync(
        'nsenter',
        [`--net=${this.#netns.get(node)}`, 'nft', 'list', 'map', words, 'causeway-services', map],
        { encoding: 'utf8' },
      ),
    );
    return listed.join('');
  }

  ask(row: BehaviourRow, tries: number): Promise<string[]> {
    const wait = row.verdict === 'drop' ? 0.3 : 3;
    const client = this.#clients.get(row.from) ?? new ProbeClient(this.#netns.get(row.from));
    this.#clients.set(row.from, client);
    return client.ask({ protocol: row.protocol ?? 'TCP', to: row.to, wait, tries });
  }
}

function route(verb: 'add' | 'replace', destination: string, via: string): void {
  execFileSync('ip', ['route', verb, destination, 'via', via]);
}

async function check(topology: Topology, original: BehaviourRow, family: IpFamily): Promise<void> {
  const row = inFamily(original, family);
  const answers = await topology.ask(row, row.verdict || row.closed ? 1 : draws);
  if (row.verdict || row.closed) {
    assert.deepEqual(answers, [row.verdict === 'drop' ? 'silence' : 'refused'], family);
    return;
  }
  const [pods, sources] = [0, 1].map(part => new Set(answers.map(answer => answer.split(' ')[part]!)));
  if (row.service.sessionAffinity === 'ClientIP') {
    assert.equal(pods!.size, 1, 'a client with session affinity meets one pod');
    assert.ok([...pods!].every(pod => row.ends.includes(pod as Pod)));
    const kept = topology.listing(row.at ?? nodeOf(row.from), family);
    assert.equal(
      [...kept.matchAll(/timeout 3h /g)].length,
      1,
      `the client is remembered for three hours: ${kept}`,
    );
  } else assert.deepEqual([...pods!].sort(), [...row.ends].sort(), family);
  // A node's own connections have the node's address either way.
  if (row.from.startsWith('node-')) return;
  const here = inFamily(world, family);
  const client = here.pods[row.from as Pod] ?? here.outside;
  const masqueraded = [...sources!].every(source => source !== client);
  assert.equal(
    masqueraded,
    row.masqueraded ?? false,
    `the pod saw ${[...sources!]}, the client is ${client}`,
  );
}

/** Rows of one Service follow each other, so that rules are written once for all of them. */
const likeRowsTogether = rows.toSorted((a, b) => (serviceText(a) < serviceText(b) ? -1 : 1));

function serviceText({ service, endpoints, closed, balancer, protocol }: BehaviourRow): string {
  return JSON.stringify([service, endpoints, closed, balancer, protocol]);
}

if (inFreshNamespace(import.meta.url)) {
  const setups: [string, readonly NodeName[], RouteMode][] = [
    ['two nodes, one link', ['node-a', 'node-b'], 'direct'],
    ['two nodes, VXLAN', ['node-a', 'node-b'], 'vxlan'],
    ['three nodes, one link', ['node-a', 'node-b', 'node-c'], 'direct'],
    ['three nodes, VXLAN', ['node-a', 'node-b', 'node-c'], 'vxlan'],
  ];
  for (const [setup, nodes, mode] of setups) {
    test(`packets: ${setup}`, async t => {
      const topology = new Topology(nodes, mode);
      try {
        await topology.start();
        for (const row of likeRowsTogether) {
          if (needsThirdNode(row) && nodes.length < 3) continue;
          const skip =
            row.protocol === 'SCTP' && !protocols.includes('SCTP') && 'the kernel has no SCTP sockets';
          await t.test(row.name, { skip }, async () => {
            await topology.program(row);
            for (const family of families) await check(topology, row, family);
          });
        }
      } finally {
        await topology.close();
      }
    });
  }
}
