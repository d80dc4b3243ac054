import type {
  DeleteOptions,
  Eviction,
  Pod,
  PodCondition,
  PodDisruptionBudget,
} from '../../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../../api/label-selector.ts';
import type { Stored } from '../../../api/objects.ts';
import { ApiError, badRequest, internalError, notFound, tooManyRequests } from '../../../api/status.ts';
import type { ObjectReader } from '../../admission/object-reader.ts';
import { cloneJson } from '../../objects/decoded.ts';
import type { WriteOptions } from '../create.ts';
import { checkPreconditions, deleteObject } from '../delete.ts';
import type { Registry } from '../registry.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';

const budgets = 'policy/v1/poddisruptionbudgets';
const unhealthyFree = 'AlwaysAllow';
const target = 'DisruptionTarget';
const byEviction = 'EvictionByEvictionAPI';

/**
 * Deletes a pod where its disruption budget lets it go (upstream: pkg/registry/core/pod/storage/eviction.go).
 * @throws ApiError 429 where it does not.
 */
export async function evictPod(
  deps: { registry: Registry; reader: ObjectReader; budgets: ResourceEndpoint },
  pods: ResourceEndpoint,
  namespace: string,
  name: string,
  eviction: Eviction,
  write: WriteOptions,
): Promise<void> {
  const named = eviction.metadata?.name;
  if (named && named !== name) throw badRequest('name in URL does not match name in Eviction object');
  const pod = deps.reader.get<Pod>('pods', namespace, name);
  if (!pod) throw notFound(pods.qualified, name);
  const options: DeleteOptions = eviction.deleteOptions ?? {};
  const dryRun = write.dryRun || (options.dryRun ?? []).includes('All');
  const budget = isFree(pod) ? undefined : budgetOf(deps.reader, pod);
  if (budget && !mayGoUnhealthy(budget, pod)) {
    await spendDisruption(deps.registry, deps.budgets, budget, name, dryRun);
  }
  const asked = dryRun ? options : await markTarget(deps.registry, pods, namespace, name, options);
  await deleteObject(deps.registry, pods, namespace, name, { ...write, dryRun, options: asked });
}

/**
 * Says on the pod why it goes, so that others can tell its end from a failure of its own (a Job's failure policy
 * does). The options with which it is to be deleted now: a version it was asked to have is the marked one's.
 */
async function markTarget(
  registry: Registry,
  endpoint: ResourceEndpoint,
  namespace: string,
  name: string,
  options: DeleteOptions,
): Promise<DeleteOptions> {
  const { object } = await registry.change(
    endpoint,
    namespace,
    name,
    current => {
      if (!current) throw notFound(endpoint.qualified, name);
      checkPreconditions(endpoint, current, options);
      const pod = cloneJson(current) as Pod;
      const conditions = pod.status?.conditions ?? [];
      if (conditions.some(({ type, reason }) => type === target && reason === byEviction)) {
        return { kind: 'keep' };
      }
      const marked = [...conditions.filter(({ type }) => type !== target), targetCondition(registry, pod)];
      pod.status = { ...pod.status, conditions: marked };
      return { kind: 'write', object: pod };
    },
    { dryRun: false },
  );
  const { preconditions } = options;
  if (preconditions?.resourceVersion === undefined) return options;
  const { resourceVersion } = object().metadata!;
  return { ...options, preconditions: { ...preconditions, resourceVersion } };
}

function targetCondition(registry: Registry, { metadata }: Pod): PodCondition {
  return {
    type: target,
    status: 'True',
    reason: byEviction,
    message: 'Eviction API: evicting',
    lastTransitionTime: registry.timestamp(),
    ...(metadata?.generation !== undefined && { observedGeneration: metadata.generation }),
  };
}

/** Pods that no budget counts. */
function isFree(pod: Stored<Pod>): boolean {
  const phase = pod.status?.phase;
  const over = phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending';
  return over || pod.metadata.deletionTimestamp !== undefined;
}

function budgetOf(reader: ObjectReader, pod: Stored<Pod>): Stored<PodDisruptionBudget> | undefined {
  const found = reader.list<PodDisruptionBudget>(budgets, pod.metadata.namespace).filter(each => {
    return matchesLabels(selectorFromLabelSelector(each.spec?.selector), pod.metadata.labels);
  });
  if (found.length > 1) {
    const message =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new ApiError({ message, reason: 'InternalError', code: 500 }, { cause: internalError(message) });
  }
  return found[0];
}

/** A pod that is not ready may go where the budget says so, or where enough others are healthy. */
function mayGoUnhealthy(budget: PodDisruptionBudget, pod: Pod): boolean {
  const ready = pod.status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True');
  if (ready) return false;
  if (budget.spec?.unhealthyPodEvictionPolicy === unhealthyFree) return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** Takes one of the budget's allowed disruptions for `pod`, so that two evictions can't use the same one. */
async function spendDisruption(
  registry: Registry,
  endpoint: ResourceEndpoint,
  { metadata }: Stored<PodDisruptionBudget>,
  pod: string,
  dryRun: boolean,
): Promise<void> {
  await registry.change(
    endpoint,
    metadata.namespace!,
    metadata.name,
    current => {
      if (!current) throw notFound(endpoint.qualified, metadata.name);
      const budget = cloneJson(current) as PodDisruptionBudget;
      checkBudget(budget);
      const status = budget.status!;
      status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
      status.disruptedPods = { ...status.disruptedPods, [pod]: registry.timestamp() };
      return { kind: 'write', object: budget };
    },
    { dryRun },
  );
}

function checkBudget({ metadata, status }: PodDisruptionBudget): void {
  const name = metadata?.name;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if ((status?.disruptionsAllowed ?? 0) > 0) return;
  const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {};
  throw refused(
    `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
  );
}

function refused(cause: string, retryAfterSeconds?: number): ApiError {
  const error = tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.");
  const causes = [{ reason: 'DisruptionBudget', message: cause }];
  const details = { causes, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  return new ApiError({ ...error.status, details });
}
