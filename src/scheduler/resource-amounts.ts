import type { Container, Pod } from '../api/generated/types.ts';
import { parseQuantity, quantityMilliValue, quantityValue } from '../api/quantity.ts';

/** Amounts by resource name: `cpu` in thousandths of a core, all others in whole units (bytes, pods, devices). */
export type ResourceAmounts = Record<string, number>;

type Quantities = Readonly<Record<string, string>>;

const known = new Map<string, { milli: number; whole: number }>();
const knownLimit = 4096;

/** Reads quantities; one that can't be read counts as 0, for the API server let nothing such through. */
export function amountsOf(quantities: Quantities = {}): ResourceAmounts {
  const amounts: ResourceAmounts = {};
  for (const [name, text] of Object.entries(quantities)) amounts[name] = amount(name, text);
  return amounts;
}

/** The same few texts come again and again; parsing them once pays. */
function amount(name: string, text: string): number {
  let value = known.get(text);
  if (!value) {
    value = readAmount(text);
    if (known.size >= knownLimit) known.clear();
    known.set(text, value);
  }
  return name === 'cpu' ? value.milli : value.whole;
}

function readAmount(text: string): { milli: number; whole: number } {
  try {
    const quantity = parseQuantity(text);
    return { milli: quantityMilliValue(quantity), whole: quantityValue(quantity) };
  } catch {
    return { milli: 0, whole: 0 };
  }
}

/** Adds `more`, `sign` times, to `sum` in place. */
export function addAmounts(sum: ResourceAmounts, more: ResourceAmounts, sign: 1 | -1 = 1): void {
  for (const [name, value] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + sign * value;
}

function raiseTo(sum: ResourceAmounts, other: ResourceAmounts): void {
  for (const [name, value] of Object.entries(other)) sum[name] = Math.max(sum[name] ?? 0, value);
}

/**
 * What a pod asks of its node: its containers and sidecars together, or the greatest need while the init
 * containers run, whichever is more, and the overhead of its runtime class. Requests of the whole pod
 * stand in the place of the containers'. As component-helpers' `resource.PodRequests`.
 */
export function podRequests(pod: Pod): ResourceAmounts {
  const requests = sumContainers(pod, container => amountsOf(container.resources?.requests));
  const { resources, overhead } = pod.spec ?? {};
  for (const [name, value] of Object.entries(amountsOf(resources?.requests))) requests[name] = value;
  addAmounts(requests, amountsOf(overhead));
  return requests;
}

/** The requests with what a container is counted with at least: 100m CPU and 200 MB. For scores only. */
export function nonZeroRequests(pod: Pod): { cpu: number; memory: number } {
  const sum = sumContainers(pod, container => {
    const { cpu, memory } = container.resources?.requests ?? {};
    return {
      cpu: cpu === undefined ? 100 : amount('cpu', cpu),
      memory: memory === undefined ? 200 * 1024 * 1024 : amount('memory', memory),
    };
  });
  const whole = amountsOf(pod.spec?.resources?.requests);
  const overhead = amountsOf(pod.spec?.overhead);
  return {
    cpu: (whole.cpu ?? sum.cpu ?? 0) + (overhead.cpu ?? 0),
    memory: (whole.memory ?? sum.memory ?? 0) + (overhead.memory ?? 0),
  };
}

function sumContainers(pod: Pod, of: (container: Container) => ResourceAmounts): ResourceAmounts {
  const { containers, initContainers = [] } = pod.spec ?? { containers: [] };
  const running: ResourceAmounts = {};
  for (const container of containers) addAmounts(running, of(container));
  const sidecars: ResourceAmounts = {};
  const starting: ResourceAmounts = {};
  for (const container of initContainers) {
    const amounts = { ...of(container) };
    if (container.restartPolicy === 'Always') {
      addAmounts(running, amounts);
      addAmounts(sidecars, amounts);
      raiseTo(starting, sidecars);
    } else {
      addAmounts(amounts, sidecars);
      raiseTo(starting, amounts);
    }
  }
  raiseTo(running, starting);
  return running;
}
