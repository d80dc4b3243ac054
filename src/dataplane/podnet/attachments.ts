import type { DecisionLog } from '../../base/decisions.ts';
import { parseCidr } from '../../base/ip-address.ts';
import type { Logger } from '../../base/log.ts';
import type { Commands } from '../../kernel/command.ts';
import type { Conntrack } from '../../kernel/conntrack.ts';
import type { NetworkChange } from '../../kernel/ip/change.ts';
import { type IpRoute, IpRouteError } from '../../kernel/ip/ip-route.ts';
import type { NetworkNamespaces } from '../../kernel/network-namespace.ts';
import type { Sysctl } from '../../kernel/sysctl.ts';
import { AddressesExhausted, type Attachment, attachmentKey, gatewayOf, hostCidr } from './address-book.ts';
import type { AddressLog } from './address-log.ts';
import { CniError, type CniRequest, type CniResult, cniCode } from './cni.ts';
import { KeyedLock } from './keyed-lock.ts';
import {
  gatewayFor,
  nodeMac,
  nodeSide,
  nodeSideRemoval,
  type PodLinkOptions,
  podLinkName,
  podMac,
  podSide,
} from './pod-link.ts';
import type { PodnetTable } from './podnet-table.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'address.given': { addresses: string[]; containerId: string; link: string };
    'address.freed': { addresses: string[]; containerId: string; reason: string };
  }
}

export interface AttachmentsDeps {
  log: Logger;
  decisions: DecisionLog;
  ip: IpRoute;
  /** The same, its commands run by another. */
  ipThrough: (commands: Commands) => IpRoute;
  namespaces: NetworkNamespaces;
  sysctl: Sysctl;
  conntrack: Conntrack;
  addresses: AddressLog;
  table: PodnetTable;
}

export interface AttachmentsOptions {
  nodeName: string;
  nodeAddresses: readonly string[];
  /** As the agent sees itself: links are made into its network namespace. */
  agentPid: number;
  /** Called when a pod's link was put aside: `PodnetState.sweepRemoved` is to follow. */
  onRemoved: () => void;
}

/** Puts pod sandboxes on the network and takes them off: what the CNI commands do. */
export class Attachments {
  readonly #deps: AttachmentsDeps;
  readonly #options: AttachmentsOptions;
  readonly #locks = new KeyedLock();
  /** MTU of pod links; set when the node's own link is known. */
  mtu = 1500;

  constructor(deps: AttachmentsDeps, options: AttachmentsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * Handles one request.
   * @param plugin runs the commands that change the pod's namespace.
   * @throws CniError
   */
  handle(request: CniRequest, plugin: Commands): Promise<object | undefined> {
    switch (request.command) {
      case 'ADD':
        return this.#locks.run(attachmentKey(request), () => this.#add(request, plugin));
      case 'DEL':
        return this.#locks.run(attachmentKey(request), () => this.#delete(attachmentKey(request), 'removed'));
      case 'CHECK':
        return this.#locks.run(attachmentKey(request), () => this.#check(request));
      case 'GC':
        return this.#collect(request);
      case 'STATUS':
        return this.#status();
    }
  }

  /** Frees what belongs to sandboxes whose network namespace is gone. */
  async freeDead(): Promise<void> {
    for (const attachment of this.#deps.addresses.book.all()) {
      if (await this.#deps.namespaces.exists(attachment.netns)) continue;
      const key = attachmentKey(attachment);
      await this.#locks.run(key, () => this.#delete(key, 'its network namespace is gone'));
    }
  }

  get linkOptions(): PodLinkOptions {
    const gateways = this.#deps.addresses.book.cidrs.map(cidr => parseCidr(cidr)!);
    const ipv4 = gateways.find(({ family }) => family === 'IPv4');
    return {
      mtu: this.mtu,
      nodeAddresses: this.#options.nodeAddresses,
      gatewayIPv4: ipv4 && gatewayOf(ipv4),
    };
  }

  async #add(request: CniRequest, plugin: Commands): Promise<CniResult> {
    const { addresses, decisions } = this.#deps;
    if (addresses.book.cidrs.length === 0) {
      const message = `node "${this.#options.nodeName}" has no podCIDR yet`;
      throw new CniError(cniCode.tryAgainLater, message);
    }
    const attachment = await this.#give(request);
    try {
      await this.#connect(attachment, this.#deps.ipThrough(plugin));
    } catch (cause) {
      await this.#delete(attachmentKey(attachment), 'its link could not be made').catch(error =>
        this.#deps.log.error('address not freed', { container: attachment.containerId, error }),
      );
      const gone = !(await this.#deps.namespaces.exists(request.netns));
      const reason = gone ? `network namespace ${request.netns} is gone` : (cause as Error).message;
      throw new CniError(cniCode.networkFailure, `pod link: ${reason}`, { cause });
    }
    const link = podLinkName(attachment);
    decisions.record('address.given', podObject(attachment), {
      addresses: attachment.addresses,
      containerId: attachment.containerId,
      link,
    });
    return cniResult(request, attachment, this.linkOptions);
  }

  /** The same sandbox asked for again keeps its addresses. */
  async #give(request: CniRequest): Promise<Attachment> {
    const { containerId, ifname, netns, args, portMappings } = request;
    const present = this.#deps.addresses.book.get(attachmentKey(request));
    if (present?.netns === netns) return present;
    if (present) await this.#delete(attachmentKey(request), 'asked for from another namespace');
    const { K8S_POD_NAMESPACE: namespace = '', K8S_POD_NAME: name = '', K8S_POD_UID: uid } = args;
    const pod = { namespace, name, ...(uid && { uid }) };
    try {
      return await this.#deps.addresses.give({ containerId, ifname, netns, pod, portMappings });
    } catch (cause) {
      const code = cause instanceof AddressesExhausted ? cniCode.noAddresses : cniCode.ioFailure;
      throw new CniError(code, (cause as Error).message, { cause });
    }
  }

  async #connect(attachment: Attachment, ipInside: IpRoute): Promise<void> {
    const { ip, sysctl, table } = this.#deps;
    const options = this.linkOptions;
    const inside = podSide(attachment, options, this.#options.agentPid);
    try {
      await ipInside.apply(inside, attachment.netns);
    } catch (error) {
      if (!(error instanceof IpRouteError && error.code === 'exists')) throw error;
      // Half of an earlier try that a crash ended.
      await this.#applyEach([{ op: 'link.delete', name: podLinkName(attachment) }]);
      await ipInside.apply(inside, attachment.netns);
    }
    await ip.apply(nodeSide(attachment, options));
    if (attachment.portMappings.length === 0) return;
    // Without it the kernel refuses packets from 127.0.0.1 to another link: hostPorts on the node's loopback.
    await sysctl.set(`net/ipv4/conf/${podLinkName(attachment)}/route_localnet`, '1');
    await table.syncHostPorts();
  }

  async #delete(key: string, reason: string): Promise<undefined> {
    const { addresses, decisions, table } = this.#deps;
    const attachment = addresses.book.get(key);
    // DEL is told of what never was or is gone, and succeeds.
    if (!attachment) return undefined;
    await this.#applyEach(nodeSideRemoval(attachment));
    await addresses.free(key);
    if (attachment.portMappings.length > 0) {
      await table.syncHostPorts();
      await this.#forgetFlows(attachment);
    }
    this.#options.onRemoved();
    const { containerId } = attachment;
    decisions.record('address.freed', podObject(attachment), {
      addresses: attachment.addresses,
      containerId,
      reason,
    });
    return undefined;
  }

  /** Datagrams of a known flow would still be sent to the pod that is gone. */
  async #forgetFlows({ portMappings, addresses }: Attachment): Promise<void> {
    for (const { protocol, hostPort } of portMappings) {
      if (protocol !== 'udp') continue;
      for (const answeredBy of addresses) {
        await this.#deps.conntrack
          .delete({ protocol, destinationPort: hostPort, answeredBy })
          .catch(error => this.#deps.log.warn('flows not forgotten', { hostPort, error }));
      }
    }
  }

  async #check(request: CniRequest): Promise<undefined> {
    const attachment = this.#deps.addresses.book.get(attachmentKey(request));
    if (!attachment) {
      throw new CniError(cniCode.unknownContainer, `container ${request.containerId} has no address here`);
    }
    const [inside, outside] = await Promise.all([
      this.#deps.ip.links(request.netns).catch(() => []),
      this.#deps.ip.links(),
    ]);
    const link = inside.find(candidate => candidate.name === request.ifname);
    const missing = attachment.addresses.filter(address => !link?.addresses.includes(hostCidr(address)));
    const wrong = [
      ...(link?.up ? [] : [`${request.ifname} is not up in ${request.netns}`]),
      ...missing.map(address => `${request.ifname} lacks ${address}`),
      ...(outside.some(({ name, up }) => up && name === podLinkName(attachment))
        ? []
        : [`${podLinkName(attachment)} is not up on the node`]),
    ];
    if (wrong.length > 0) throw new CniError(cniCode.notAsAdded, wrong.join('; '));
    return undefined;
  }

  async #collect(request: CniRequest): Promise<undefined> {
    if (!request.validAttachments) {
      throw new CniError(cniCode.invalidConfig, 'GC without "cni.dev/valid-attachments"');
    }
    const valid = new Set(
      request.validAttachments.map(({ containerID, ifname }) =>
        attachmentKey({ containerId: containerID, ifname }),
      ),
    );
    for (const attachment of this.#deps.addresses.book.all()) {
      const key = attachmentKey(attachment);
      if (!valid.has(key))
        await this.#locks.run(key, () => this.#delete(key, 'the runtime does not know it'));
    }
    return undefined;
  }

  async #status(): Promise<undefined> {
    if (this.#deps.addresses.book.cidrs.length > 0) return undefined;
    throw new CniError(cniCode.notAvailable, `node "${this.#options.nodeName}" has no podCIDR yet`);
  }

  /** Changes that take something away: what is gone already is as wanted. */
  async #applyEach(changes: readonly NetworkChange[]): Promise<void> {
    for (const change of changes) {
      await this.#deps.ip.apply([change]).catch(error => {
        if (!(error instanceof IpRouteError && error.code === 'not-found')) throw error;
      });
    }
  }
}

function podObject({ pod }: Attachment) {
  return { kind: 'Pod', ...pod };
}

function cniResult(request: CniRequest, attachment: Attachment, options: PodLinkOptions): CniResult {
  const { cniVersion, ifname, netns } = request;
  const named = cniVersion.startsWith('0.');
  return {
    cniVersion,
    interfaces: [
      { name: podLinkName(attachment), mac: nodeMac },
      { name: ifname, mac: podMac(attachment.addresses), sandbox: netns },
    ],
    ips: attachment.addresses.map(address => ({
      ...(named && { version: address.includes(':') ? ('6' as const) : ('4' as const) }),
      address: hostCidr(address),
      gateway: gatewayFor(address, options),
      interface: 1,
    })),
    routes: attachment.addresses.map(address => ({
      dst: address.includes(':') ? '::/0' : '0.0.0.0/0',
      gw: gatewayFor(address, options),
    })),
    dns: {},
  };
}
