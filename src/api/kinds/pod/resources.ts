import type { ContainerResizePolicy, PodSpec, ResourceRequirements } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { compareQuantity, formatQuantity, type Quantity, quantityMilliValue } from '../../quantity.ts';
import { checkLabelName } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { isNegative } from '../metadata.ts';
import { aggregateContainerRequests, readAmounts } from '../pod-resources.ts';
import { compareText, type ResourceList, readQuantity, signOf } from '../quantities.ts';
import {
  isContainerResource,
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isPodLevelResource,
  isStandardResource,
} from '../resource-names.ts';

/** Not negative, and whole where the resource can't be split. */
export function checkAmount(name: string, text: string, at: FieldPath, out: Findings): void {
  const quantity = readQuantity(text);
  if (!quantity) {
    out.invalid(at, text, 'must be a valid resource quantity');
    return;
  }
  if (signOf(text) < 0) out.invalid(at, text, isNegative);
  if (isIntegerResource(name) && quantityMilliValue(quantity) % 1000 !== 0) {
    out.invalid(at, text, 'must be an integer');
  }
}

/** Returns whether the name is one a resource may have. */
export function checkResourceName(name: string, at: FieldPath, out: Findings): boolean {
  const wrong = qualifiedNameErrors(name);
  out.invalidAll(at, name, wrong);
  if (wrong.length > 0) return false;
  if (name.includes('/') || isStandardResource(name)) return true;
  out.invalid(at, name, 'must be a standard resource type or fully qualified');
  return false;
}

export function checkContainerResourceName(name: string, at: FieldPath, out: Findings): void {
  checkResourceName(name, at, out);
  if (!name.includes('/')) {
    if (!isContainerResource(name)) out.invalid(at, name, 'must be a standard resource for containers');
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    out.invalid(at, name, "doesn't follow extended resource name standard");
  }
}

function checkPodResourceName(name: string, at: FieldPath, out: Findings): void {
  if (!checkResourceName(name, at, out) || isPodLevelResource(name)) return;
  out.notSupported(at, name, ['cpu', 'hugepages-', 'memory']);
}

type NameCheck = (name: string, at: FieldPath, out: Findings) => void;

export function checkContainerResources(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  checkRequirements(resources, checkContainerResourceName, at, out);
  checkClaims(resources, claimNames, at.child('claims'), out);
}

function checkRequirements(
  resources: ResourceRequirements,
  checkName: NameCheck,
  at: FieldPath,
  out: Findings,
): void {
  const limits = resources.limits ?? {};
  const requests = resources.requests ?? {};
  for (const [side, list] of [['limits', limits] as const, ['requests', requests] as const]) {
    for (const [name, text] of Object.entries(list)) {
      const here = at.child(side).key(name);
      checkName(name, here, out);
      checkAmount(name, text, here, out);
      if (isHugePages(name)) checkHugePages(name, text, here, out);
    }
  }
  checkRequestsAgainstLimits(requests, limits, at, out);
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    out.forbidden(at, 'HugePages require cpu or memory');
  }
}

function checkRequestsAgainstLimits(
  requests: ResourceList,
  limits: ResourceList,
  at: FieldPath,
  out: Findings,
): void {
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) {
      if (!isOvercommitAllowed(name)) {
        out.required(at.child('limits'), 'Limit must be set for non overcommitable resources');
      }
      continue;
    }
    const order = compareText(request, limit);
    if (order !== 0 && !isOvercommitAllowed(name)) {
      out.invalid(at.child('requests'), request, `must be equal to ${name} limit of ${limit}`);
    } else if (order > 0) {
      out.invalid(at.child('requests'), request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}

function checkHugePages(name: string, text: string, at: FieldPath, out: Findings): void {
  const size = readQuantity(name.slice('hugepages-'.length));
  const amount = readQuantity(text);
  if (!size || !amount) return;
  const [pages, page] = [quantityMilliValue(amount), quantityMilliValue(size)];
  if (page > 0 && pages % page === 0) return;
  out.invalid(at, text, `${text} is not positive integer multiple of ${name}`);
}

function checkClaims(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  const seen = new Set<string>();
  (resources.claims ?? []).forEach((claim, i) => {
    const here = at.index(i);
    if (!claim.name) {
      out.required(here);
      return;
    }
    if (claim.request) checkLabelName(claim.request, here.child('request'), out);
    const key = claim.request ? `${claim.name}/${claim.request}` : claim.name;
    const overlaps =
      seen.has(claim.name) ||
      seen.has(key) ||
      (!claim.request && [...seen].some(k => k.startsWith(`${key}/`)));
    if (overlaps) out.duplicate(here, seen.has(claim.name) ? claim.name : key);
    seen.add(key);
    if (claimNames.has(claim.name)) return;
    const names = [...claimNames].sort().join(', ');
    const which = names ? `: ${names}` : ' which is empty';
    out.notFound(here, claim.name, `must be one of the names in pod.spec.resourceClaims${which}`);
  });
}

const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

export function checkResizePolicy(
  policies: ContainerResizePolicy[],
  podRestartPolicy: string,
  at: FieldPath,
  out: Findings,
): void {
  const seen = new Set<string>();
  policies.forEach((policy, i) => {
    if (seen.has(policy.resourceName)) out.duplicate(at.index(i), policy.resourceName);
    seen.add(policy.resourceName);
    if (!policy.resourceName) out.required(at);
    else if (!resizable.includes(policy.resourceName)) out.notSupported(at, policy.resourceName, resizable);
    if (!policy.restartPolicy) out.required(at);
    else if (!resizePolicies.includes(policy.restartPolicy)) {
      out.notSupported(at, policy.restartPolicy, resizePolicies);
    }
    if (podRestartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      out.invalid(at, policy.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
  });
}

/** `spec.resources`: of the whole pod, never less than its containers ask for. */
export function checkPodResources(spec: PodSpec, at: FieldPath, out: Findings): void {
  const resources = spec.resources;
  if (!resources) return;
  if (resources.claims) out.forbidden(at.child('claims'), 'claims cannot be set for Resources at pod-level');
  checkRequirements(resources, checkPodResourceName, at, out);
  const own = readAmounts(resources.requests);
  for (const [name, sum] of Object.entries(aggregateContainerRequests(spec))) {
    const request: Quantity | undefined = own[name];
    if (request && compareQuantity(sum, request) <= 0) continue;
    if (!request && !isPodLevelResource(name)) continue;
    const why = `must be greater than or equal to aggregate container requests of ${formatQuantity(sum)}`;
    out.invalid(at.child('requests').key(name), request ? formatQuantity(request) : '0', why);
  }
  (spec.containers ?? []).forEach((container, i) => {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const podLimit = resources.limits?.[name];
      if (podLimit === undefined || compareText(limit, podLimit) <= 0) continue;
      const here = at.child('containers').index(i).key(name).child('limits');
      out.invalid(here, limit, `must be less than or equal to pod limits of ${podLimit}`);
    }
  });
}
