import type { EndpointSlice, ObjectMeta } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import type { ResourceClient } from '../../client/client.ts';
import { isAlreadyExists, isNotFound } from '../api-failures.ts';
import type { OwnWrites } from '../own-writes.ts';
import { generateName } from '../random-names.ts';
import { sameContent } from '../template-hash.ts';
import type { SliceContent, SlicePlan } from './slice-plan.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    'endpoints.changed': { by: string; endpoints: number };
  }
}

/** What all slices of one owner and address type have in common. */
export interface SliceShape {
  /** Its name begins the slices' names. */
  owner: string;
  namespace: string;
  addressType: 'IPv4' | 'IPv6';
  metadata: Pick<ObjectMeta, 'labels' | 'annotations' | 'ownerReferences'>;
  /** Annotations that don't make a write necessary by themselves. */
  volatile?: Record<string, string>;
}

export interface SliceWriterDeps {
  client: ResourceClient<EndpointSlice>;
  writes: OwnWrites<EndpointSlice>;
  decisions: DecisionLog;
  by: string;
}

/** Carries out slice plans. */
export class SliceWriter {
  readonly #deps: SliceWriterDeps;

  constructor(deps: SliceWriterDeps) {
    this.#deps = deps;
  }

  async apply(plan: SlicePlan, shape: SliceShape): Promise<void> {
    for (const content of plan.create) await this.#create(content, shape);
    for (const { slice, content } of plan.update) await this.#update(slice, content, shape);
    for (const slice of plan.keep) {
      if (!hasMetadata(slice, shape)) {
        await this.#update(slice, { ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] }, shape);
      }
    }
    for (const slice of plan.delete) await this.#deps.writes.delete(slice);
  }

  async #create(content: SliceContent, shape: SliceShape): Promise<void> {
    const { labels, annotations, ownerReferences } = shape.metadata;
    const base = `${shape.owner}-`;
    for (let tries = 0; ; tries++) {
      const metadata = {
        namespace: shape.namespace,
        name: generateSliceName(base),
        generateName: base,
        labels,
        annotations: { ...annotations, ...shape.volatile },
        ownerReferences,
      };
      try {
        const created = await this.#deps.writes.create({
          addressType: shape.addressType,
          metadata,
          ...content,
        });
        this.#record(created);
        return;
      } catch (error) {
        if (!isAlreadyExists(error) || tries >= 3) throw error;
      }
    }
  }

  async #update(slice: Stored<EndpointSlice>, content: SliceContent, shape: SliceShape): Promise<void> {
    const { labels, annotations, ownerReferences } = shape.metadata;
    const metadata = {
      ...slice.metadata,
      labels,
      annotations: { ...slice.metadata.annotations, ...annotations, ...shape.volatile },
      ownerReferences,
    };
    try {
      this.#record(await this.#deps.client.update({ ...slice, metadata, ...content }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #record(slice: Stored<EndpointSlice>): void {
    const detail = { by: this.#deps.by, endpoints: slice.endpoints?.length ?? 0 };
    this.#deps.decisions.record('endpoints.changed', decisionObject(slice), detail);
  }
}

/** Slices' names are subdomains, not labels: longer bases than a pod's are kept. */
function generateSliceName(base: string): string {
  if (base.length <= 58) return generateName(base);
  const suffix = generateName('');
  return base.slice(0, 253 - suffix.length) + suffix;
}

function hasMetadata({ metadata }: Stored<EndpointSlice>, shape: SliceShape): boolean {
  const { labels = {}, annotations = {} } = shape.metadata;
  if (!sameContent(metadata.labels ?? {}, labels)) return false;
  return Object.entries(annotations).every(([key, value]) => metadata.annotations?.[key] === value);
}
