/**
 * The pod network of one node as a process, in the network namespace it is started in. Its options come as the
 * first message from the parent, the Nodes of the cluster as all others.
 */
import type { Node } from '../../../api/generated/types.ts';
import { builtinByResource } from '../../../api/resources.ts';
import { systemClock } from '../../../base/clock.ts';
import { DecisionLog } from '../../../base/decisions.ts';
import { createLogger } from '../../../base/log.ts';
import { FakeInformer } from '../../../client/fake-informer.ts';
import { SystemCommands } from '../../../kernel/command.ts';
import { LinuxConntrack } from '../../../kernel/conntrack.ts';
import { LinuxIpRoute } from '../../../kernel/ip/linux-ip-route.ts';
import { LinuxNetworkNamespaces } from '../../../kernel/network-namespace.ts';
import { LinuxNft } from '../../../kernel/nft/linux-nft.ts';
import { LinuxSysctl } from '../../../kernel/sysctl.ts';
import { PodNetwork, type PodNetworkOptions } from '../pod-network.ts';

const clock = systemClock;
const commands = new SystemCommands({ clock });
const nodes = new FakeInformer<Node>(builtinByResource({ group: '', version: 'v1', resource: 'nodes' })!);
let podnet: PodNetwork | undefined;

function build(options: PodNetworkOptions): PodNetwork {
  const log = createLogger(clock, { component: options.nodeName, level: 'warn' });
  return new PodNetwork(
    {
      clock,
      log,
      decisions: new DecisionLog(clock, options.nodeName),
      nodes,
      ip: new LinuxIpRoute({ commands }, { keepOpen: true }),
      ipThrough: plugin => new LinuxIpRoute({ commands: plugin }),
      nft: new LinuxNft({ commands }),
      namespaces: new LinuxNetworkNamespaces({ commands }),
      sysctl: new LinuxSysctl(),
      conntrack: new LinuxConntrack({ commands }),
    },
    options,
  );
}

type Message = { options: PodNetworkOptions } | { nodes: Node[] } | { stop: true };

process.on('message', async (message: Message) => {
  if ('options' in message) {
    podnet = build(message.options);
    await podnet.start(new AbortController().signal);
  } else if ('nodes' in message) {
    const names = new Set(message.nodes.map(node => node.metadata?.name));
    for (const node of nodes.list()) if (!names.has(node.metadata.name)) nodes.remove(node.metadata.name);
    for (const node of message.nodes) nodes.set(node);
    await podnet!.reconcile();
  } else {
    await podnet!.stop();
  }
  process.send?.('done');
});
process.on('disconnect', () => process.exit(0));
