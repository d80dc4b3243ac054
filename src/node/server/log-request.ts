import type { ContainerStatus } from '../../api/generated/types.ts';
import { timeOf } from '../../api/time.ts';
import type { PodContext } from '../node-facts.ts';
import { containersOf, type NodePod } from '../pod/pod-identity.ts';
import { containerName, isRunning, type RuntimeContainer } from '../pod/pod-runtime.ts';
import type { LogOptions } from './container-log.ts';

/** A request the kubelet API turns down; the message is the answer's body. */
export class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws RequestError for a number that is none, with kubelet's words */
export function parseLogOptions(query: URLSearchParams, now: number): LogOptions & { previous: boolean } {
  const number = (name: string) => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new RequestError(422, `Invalid value: "${text}": ${name} must be greater than or equal to 0`);
  };
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const stream = query.get('stream');
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since: sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? timeOf(sinceTime) : undefined,
    ...(stream === 'Stdout' && { stream: 'stdout' as const }),
    ...(stream === 'Stderr' && { stream: 'stderr' as const }),
  };
}

/** The container whose log is meant. @throws RequestError with kubelet's words */
export function logContainer(
  context: PodContext,
  pod: NodePod,
  name: string,
  previous: boolean,
): RuntimeContainer {
  if (!containersOf(pod).some(({ spec }) => spec.name === name)) {
    throw new RequestError(404, `container "${name}" not found in pod "${pod.metadata.name}"`);
  }
  const { containers } = context.cache.get(pod.metadata.uid);
  const records = containers.filter(container => containerName(container) === name);
  const begun = records.filter(({ status }) => status.state !== 'CONTAINER_CREATED');
  const where = `container "${name}" in pod "${pod.metadata.name}"`;
  if (previous) {
    const ended = begun.filter(container => !isRunning(container));
    const found = begun[0] && isRunning(begun[0]) ? ended[0] : (begun[1] ?? begun[0]);
    if (found && !isRunning(found)) return found;
    throw new RequestError(400, `previous terminated ${where} not found`);
  }
  if (begun[0]) return begun[0];
  throw new RequestError(400, `${where} is waiting to start: ${waitingWords(pod, name, context)}`);
}

function waitingWords(pod: NodePod, name: string, { writer }: PodContext): string {
  const {
    containerStatuses = [],
    initContainerStatuses = [],
    ephemeralContainerStatuses = [],
  } = writer.latest(pod).status ?? {};
  const all: ContainerStatus[] = [
    ...containerStatuses,
    ...initContainerStatuses,
    ...ephemeralContainerStatuses,
  ];
  const reason = all.find(status => status.name === name)?.state?.waiting?.reason ?? 'ContainerCreating';
  if (reason === 'ErrImagePull') return "image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason;
}
