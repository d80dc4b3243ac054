import type { ControllerRevision, LabelSelector, PodTemplateSpec } from '../../api/generated/types.ts';
import { selectorFromLabelSelector } from '../../api/label-selector.ts';
import type { Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNotFound } from '../api-failures.ts';
import type { ControllerDeps } from '../controller.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerReference, isControlledBy } from '../ownership/controller-ref.ts';
import { resources } from '../resources.ts';
import { canonicalJson, contentHash, sameContent } from '../template-hash.ts';

export const revisionHashLabel = 'controller-revision-hash';

export interface RevisionSync {
  /** The revision of the template as it is now. */
  update: Stored<ControllerRevision>;
  /** All of the owner's, oldest first, that one included. */
  all: Stored<ControllerRevision>[];
  /** Counted up when the name was taken by other content. */
  collisionCount: number;
}

/** The templates a StatefulSet or DaemonSet has had, kept as ControllerRevisions. */
export class RevisionHistory {
  readonly #informer: Informer<ControllerRevision>;
  readonly #client: ResourceClient<ControllerRevision>;
  readonly #ownerResource: ResourceInfo;
  readonly #hashLabel: string;

  /** @param options.hashLabel the label of a revision that holds its hash. */
  constructor(deps: ControllerDeps, options: { ownerResource: ResourceInfo; hashLabel: string }) {
    this.#informer = deps.informers.informer<ControllerRevision>(resources.controllerRevisions);
    this.#client = new ResourceClient(deps.transport, resources.controllerRevisions);
    this.#ownerResource = options.ownerResource;
    this.#hashLabel = options.hashLabel;
  }

  get informer(): Informer<ControllerRevision> {
    return this.#informer;
  }

  /** Finds or makes the revision of the owner's template. */
  async sync(
    owner: Stored,
    from: {
      selector: LabelSelector | undefined;
      template: PodTemplateSpec | undefined;
      collisionCount?: number;
      freshOwner: () => Promise<Stored>;
    },
  ): Promise<RevisionSync> {
    const all = await this.#owned(owner, from);
    const data = patchTo(from.template);
    const { collisionCount = 0 } = from;
    const last = all.at(-1);
    const equal = all.findLast(revision => sameContent(revision.data, data));
    if (equal && equal === last) return { update: equal, all, collisionCount };
    const revision = (last?.revision ?? 0) + 1;
    if (equal) {
      const update = await this.#client.update({ ...equal, revision });
      return { update, all: [...all.filter(one => one !== equal), update], collisionCount };
    }
    const created = await this.#create(owner, {
      data,
      revision,
      collisionCount,
      labels: from.template?.metadata?.labels,
    });
    return { ...created, all: [...all, created.update] };
  }

  /** Drops the oldest revisions beyond `limit` that nothing runs any more. */
  async truncate(
    all: readonly Stored<ControllerRevision>[],
    live: ReadonlySet<string>,
    limit: number,
  ): Promise<void> {
    const idle = all.filter(({ metadata }) => !live.has(metadata.name));
    for (const { metadata } of idle.slice(0, Math.max(0, idle.length - limit))) {
      await this.#client.delete(metadata.namespace ?? '', metadata.name).catch(error => {
        if (!isNotFound(error)) throw error;
      });
    }
  }

  async #owned(
    owner: Stored,
    from: { selector: LabelSelector | undefined; freshOwner: () => Promise<Stored> },
  ): Promise<Stored<ControllerRevision>[]> {
    const selector = selectorFromLabelSelector(from.selector);
    const plan = planClaims(this.#informer.list(owner.metadata.namespace), owner, selector);
    const deps = { client: this.#client, freshOwner: from.freshOwner, ownerResource: this.#ownerResource };
    const owned = await applyClaims(deps, { ...plan, release: [] }, owner);
    return owned.sort((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async #create(
    owner: Stored,
    wanted: { data: object; revision: number; collisionCount: number; labels?: Record<string, string> },
  ): Promise<{ update: Stored<ControllerRevision>; collisionCount: number }> {
    const { namespace = '', name } = owner.metadata;
    for (let collisionCount = wanted.collisionCount; ; collisionCount++) {
      const hash = contentHash(wanted.data, collisionCount);
      const revision: ControllerRevision = {
        metadata: {
          namespace,
          name: `${name}-${hash}`,
          labels: { ...wanted.labels, [this.#hashLabel]: hash },
          ownerReferences: [controllerReference(owner, this.#ownerResource)],
        },
        data: wanted.data,
        revision: wanted.revision,
      };
      try {
        return { update: await this.#client.create(revision), collisionCount };
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
        const present = await this.#client.get(namespace, `${name}-${hash}`);
        if (isControlledBy(present, owner) && sameContent(present.data, wanted.data)) {
          return { update: present, collisionCount };
        }
      }
    }
  }
}

/** The template a revision holds. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: PodTemplateSpec & { $patch?: string } } })
    .spec.template;
  return template;
}

/**
 * The patch that brings a template back. Its keys are sorted, as Go writes maps: upstream's clients look for the
 * revision of a template by comparing bytes (pkg/controller/daemon/update.go `Match`).
 */
function patchTo(template: PodTemplateSpec | undefined): object {
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } }));
}
