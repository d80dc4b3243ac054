import { type LabelSelector, matchesLabels } from '../../api/label-selector.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { ResourceClient } from '../../client/client.ts';
import { isNotFound, isReason } from '../api-failures.ts';
import { controllerOf, controllerReference } from './controller-ref.ts';

export interface ClaimPlan<T extends KubeObject> {
  /** Owned and wanted. */
  owned: Stored<T>[];
  /** Wanted and nobody's. */
  adopt: Stored<T>[];
  /** Owned, and no longer selected. */
  release: Stored<T>[];
}

/**
 * Which of `objects` belong to `owner`: those it controls and selects. Strays it selects are adopted, unless
 * either is being deleted. What another controller owns is left alone.
 *
 * @param adoptable says no to strays that are of no use, such as pods that have ended.
 */
export function planClaims<T extends KubeObject>(
  objects: readonly Stored<T>[],
  owner: Stored,
  selector: LabelSelector,
  adoptable: (object: Stored<T>) => boolean = () => true,
): ClaimPlan<T> {
  const plan: ClaimPlan<T> = { owned: [], adopt: [], release: [] };
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  for (const object of objects) {
    const controller = controllerOf(object);
    const selected = matchesLabels(selector, object.metadata.labels ?? {});
    if (controller) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (selected) plan.owned.push(object);
      else if (!leaving) plan.release.push(object);
    } else if (selected && !leaving && !object.metadata.deletionTimestamp && adoptable(object)) {
      plan.adopt.push(object);
    }
  }
  return plan;
}

export interface ClaimDeps<T extends KubeObject> {
  /** Of the objects. */
  client: ResourceClient<T>;
  /** The owner as the API server has it now; adopting for one that is gone would make orphans. */
  freshOwner: () => Promise<Stored>;
  ownerResource: ResourceInfo;
  /** Which the owner puts on its objects, to count them: one that is released loses it, else nobody would take it. */
  finalizer?: string;
}

/** Carries a plan out. Resolves with the objects that belong to the owner afterwards. */
export async function applyClaims<T extends KubeObject>(
  { client, freshOwner, ownerResource, finalizer }: ClaimDeps<T>,
  plan: ClaimPlan<T>,
  owner: Stored,
): Promise<Stored<T>[]> {
  const claimed = [...plan.owned];
  if (plan.adopt.length > 0) {
    const fresh = await freshOwner();
    if (fresh.metadata.uid !== owner.metadata.uid || fresh.metadata.deletionTimestamp) {
      throw new Error(`${owner.kind} ${owner.metadata.name} is being deleted: it adopts nothing`);
    }
    for (const object of plan.adopt) {
      const adopted = await adopt(client, object, controllerReference(owner, ownerResource));
      if (adopted) claimed.push(adopted);
    }
  }
  for (const object of plan.release) await release(client, object, owner.metadata.uid, finalizer);
  return claimed;
}

async function adopt<T extends KubeObject>(
  client: ResourceClient<T>,
  object: Stored<T>,
  reference: object,
): Promise<Stored<T> | undefined> {
  const { namespace = '', name, uid } = object.metadata;
  // The uid in the patch makes it fail on another object of the same name.
  const patch = { metadata: { uid, ownerReferences: [reference] } };
  try {
    return await client.patch(namespace, name, patch, { type: 'strategic-merge' });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubeObject>(
  client: ResourceClient<T>,
  object: Stored<T>,
  ownerUid: string,
  finalizer: string | undefined,
): Promise<void> {
  const { namespace = '', name, uid } = object.metadata;
  const patch = {
    metadata: {
      uid,
      ownerReferences: [{ $patch: 'delete', uid: ownerUid }],
      ...(finalizer !== undefined && { '$deleteFromPrimitiveList/finalizers': [finalizer] }),
    },
  };
  try {
    await client.patch(namespace, name, patch, { type: 'strategic-merge' });
  } catch (error) {
    // Invalid: the reference or the object of that uid is gone; then nothing is left to release.
    if (!isNotFound(error) && !isReason(error, 'Invalid', 'Conflict')) throw error;
  }
}
