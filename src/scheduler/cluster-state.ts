import type { Node, Pod } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { NodeInfo } from './node-info.ts';
import { type PodInfo, podInfo } from './pod-info.ts';

interface Placed {
  info: PodInfo;
  node: string;
  /** Chosen by us, not yet seen bound. */
  assumed: boolean;
}

/**
 * The nodes with the pods on them. A pod the scheduler has chosen a node for counts from that moment, so that
 * the next pod can be placed before the binding is written.
 */
export class ClusterState {
  readonly nodes = new Map<string, NodeInfo>();
  readonly #placed = new Map<string, Placed>();

  setNode(node: Stored<Node>): void {
    const present = this.nodes.get(node.metadata.name);
    if (present) {
      present.setNode(node);
      return;
    }
    const info = new NodeInfo(node);
    this.nodes.set(info.name, info);
    for (const placed of this.#placed.values()) if (placed.node === info.name) info.add(placed.info);
  }

  removeNode(name: string): void {
    this.nodes.delete(name);
  }

  /** A pod that has a node, as the API server shows it. */
  setPod(pod: Stored<Pod>): void {
    this.#place(podInfo(pod), pod.spec?.nodeName ?? '', false);
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (!placed) return;
    this.#placed.delete(uid);
    this.nodes.get(placed.node)?.remove(uid);
  }

  assume(info: PodInfo, node: string): void {
    this.#place(info, node, true);
  }

  /** Takes back what was assumed; a pod that has been seen bound meanwhile stays. */
  forget(uid: string): void {
    if (this.#placed.get(uid)?.assumed) this.removePod(uid);
  }

  /** The node a pod is on or on its way to. */
  nodeOf(uid: string): string | undefined {
    return this.#placed.get(uid)?.node;
  }

  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.assumed ?? false;
  }

  #place(info: PodInfo, node: string, assumed: boolean): void {
    const before = this.#placed.get(info.uid);
    if (before && before.node !== node) this.nodes.get(before.node)?.remove(info.uid);
    this.#placed.set(info.uid, { info, node, assumed });
    this.nodes.get(node)?.add(info);
  }
}
