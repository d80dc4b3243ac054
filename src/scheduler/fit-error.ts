import type { Rejection } from './framework.ts';

/** Why no node takes a pod: the material for the message of FailedScheduling. */
export interface Diagnosis {
  /** How many nodes there are. */
  nodes: number;
  /** A verdict about the pod that holds for every node. */
  podReason?: string;
  /** By node; those missing here are told by `absentReason`. */
  rejections: ReadonlyMap<string, Rejection>;
  absentReason?: string;
  /** The plugins that refused, for deciding what is worth another try. */
  plugins: ReadonlySet<string>;
}

/**
 * The message as kube-scheduler words it:
 * `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).`
 * The parts are sorted as text, the count included.
 */
export function fitMessage({
  nodes,
  podReason,
  rejections,
  absentReason,
}: Omit<Diagnosis, 'plugins'>): string {
  const head = `0/${nodes} nodes are available:`;
  if (podReason) return `${head} ${podReason}.`;
  const counts = new Map<string, number>();
  const count = (reason: string, by: number) => counts.set(reason, (counts.get(reason) ?? 0) + by);
  for (const { reasons } of rejections.values()) for (const reason of reasons) count(reason, 1);
  if (absentReason && rejections.size < nodes) count(absentReason, nodes - rejections.size);
  const parts = [...counts].map(([reason, times]) => `${times} ${reason}`).sort();
  return parts.length > 0 ? `${head} ${parts.join(', ')}.` : head;
}
