import type { Node } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import type { HostPort, PodInfo } from './pod-info.ts';
import { addAmounts, amountsOf, type ResourceAmounts } from './resource-amounts.ts';

/** A node with the pods on it (those on their way included) and the sums over them. */
export class NodeInfo {
  readonly name: string;
  node: Stored<Node>;
  allocatable: ResourceAmounts;
  /** Bytes of each image the node has, by every name it has it under. */
  images: ReadonlyMap<string, number>;
  readonly pods = new Map<string, PodInfo>();
  readonly requested: ResourceAmounts = {};
  readonly nonZero = { cpu: 0, memory: 0 };

  constructor(node: Stored<Node>) {
    this.name = node.metadata.name;
    this.node = node;
    this.allocatable = amountsOf(node.status?.allocatable);
    this.images = imagesOf(node);
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node.metadata.labels ?? {};
  }

  setNode(node: Stored<Node>): void {
    this.allocatable = amountsOf(node.status?.allocatable);
    this.images = imagesOf(node);
    this.node = node;
  }

  add(pod: PodInfo): void {
    this.remove(pod.uid);
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
  }

  /** Takes the pod off, if it is there. */
  remove(uid: string): void {
    const present = this.pods.get(uid);
    if (!present) return;
    this.pods.delete(uid);
    this.#count(present, -1);
  }

  usedPorts(): HostPort[] {
    const ports: HostPort[] = [];
    for (const pod of this.pods.values()) ports.push(...pod.hostPorts);
    return ports;
  }

  /** A node info of its own with the same pods, for playing through what would be. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const pod of this.pods.values()) copy.add(pod);
    return copy;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addAmounts(this.requested, pod.requests, sign);
    this.nonZero.cpu += sign * pod.nonZero.cpu;
    this.nonZero.memory += sign * pod.nonZero.memory;
  }
}

function imagesOf(node: Node): Map<string, number> {
  const images = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node.status?.images ?? []) {
    for (const name of names) images.set(name, sizeBytes);
  }
  return images;
}
