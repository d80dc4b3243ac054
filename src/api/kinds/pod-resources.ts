import type { Container, PodSpec, ResourceRequirements } from '../generated/types.ts';
import { addQuantity, compareQuantity, formatQuantity, type Quantity } from '../quantity.ts';
import { type ResourceList, readQuantity } from './quantities.ts';
import { isPodLevelResource } from './resource-names.ts';

/** Amounts by resource name. */
export type Amounts = Record<string, Quantity>;

/** A sidecar: an init container that keeps running. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/**
 * What a pod asks of a node: the larger of what its containers ask for together and of what any step of its
 * start-up asks for, sidecars counted from their start on; pod-level requests where given; plus overhead.
 */
export function podRequests(spec: PodSpec): Amounts {
  return effective(spec, 'requests');
}

/** What a pod may use at most; a resource that some container does not limit is limited by the others only. */
export function podLimits(spec: PodSpec): Amounts {
  return effective(spec, 'limits');
}

/** The containers' part of `podRequests`: no overhead, no pod-level requests. */
export function aggregateContainerRequests(spec: PodSpec): Amounts {
  return aggregate(spec, 'requests');
}

export function aggregateContainerLimits(spec: PodSpec): Amounts {
  return aggregate(spec, 'limits');
}

/** The texts of the amounts. */
export function formatAmounts(amounts: Amounts): ResourceList {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, quantity]) => [name, formatQuantity(quantity)]),
  );
}

export function readAmounts(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = {};
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = readQuantity(text);
    if (quantity) amounts[name] = quantity;
  }
  return amounts;
}

type Side = 'requests' | 'limits';

function effective(spec: PodSpec, side: Side): Amounts {
  const total = aggregate(spec, side);
  for (const [name, quantity] of Object.entries(readAmounts(spec.resources?.[side]))) {
    if (isPodLevelResource(name)) total[name] = quantity;
  }
  // Overhead counts as a limit only of what is limited at all.
  for (const [name, quantity] of Object.entries(readAmounts(spec.overhead))) {
    if (side === 'requests' || name in total) add(total, { [name]: quantity });
  }
  return total;
}

function aggregate(spec: PodSpec, side: Side): Amounts {
  const running: Amounts = {};
  for (const container of spec.containers ?? []) add(running, of(container.resources, side));
  const sidecars: Amounts = {};
  const peak: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const own = of(container.resources, side);
    if (isSidecar(container)) {
      add(running, own);
      add(sidecars, own);
      raise(peak, sidecars);
      continue;
    }
    const step = { ...own };
    add(step, sidecars);
    raise(peak, step);
  }
  raise(running, peak);
  return running;
}

function of(resources: ResourceRequirements | undefined, side: Side): Amounts {
  return readAmounts(resources?.[side]);
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, quantity] of Object.entries(more)) {
    const was = total[name];
    total[name] = was ? addQuantity(was, quantity) : quantity;
  }
}

function raise(total: Amounts, other: Amounts): void {
  for (const [name, quantity] of Object.entries(other)) {
    const was = total[name];
    if (!was || compareQuantity(was, quantity) < 0) total[name] = quantity;
  }
}
