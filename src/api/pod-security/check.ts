import type { Container, ObjectMeta, PodSpec } from '../generated/types.ts';

/** What a check looks at: a pod, or the template of one. */
export interface CheckedPod {
  metadata: ObjectMeta;
  spec: PodSpec;
}

/** What a pod does that its level forbids, in upstream's words. */
export interface Violation {
  reason: string;
  detail: string;
}

/** @param minor of the version of the standards; Infinity is the latest. */
export type Check = (pod: CheckedPod, minor: number) => Violation | undefined;

export function allContainers({ initContainers, containers, ephemeralContainers }: PodSpec): Container[] {
  return [...(initContainers ?? []), ...(containers ?? []), ...(ephemeralContainers ?? [])] as Container[];
}

export function namesOf(containers: readonly Container[]): string[] {
  return containers.map(({ name }) => name);
}

/** `"a", "b"` */
export function quoted(items: Iterable<string>): string {
  return [...items].map(item => `"${item}"`).join(', ');
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** `container "a"`, `containers "a", "b"` */
export function containersText(names: readonly string[]): string {
  return `${plural('container', names.length)} ${quoted(names)}`;
}

/** `pod and containers "a", "b"`; '' where nobody is to blame. */
export function settersText(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : [])].join(
    ' and ',
  );
}

export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** Whether the pod's users are not the machine's: it may then be root in itself. */
export function hasOwnUsers({ spec }: CheckedPod, minor: number): boolean {
  return minor >= 35 && spec.hostUsers === false;
}
