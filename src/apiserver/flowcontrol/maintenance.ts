import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import { semanticEqual } from '../../api/kinds/equality.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { ApiError } from '../../api/status.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { flowSchemas, priorityLevels } from '../bootstrap/flow-control.ts';
import type { LocalTransport } from '../local-transport.ts';

const base = '/apis/flowcontrol.apiserver.k8s.io/v1';
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
/** Without these requests would not be sorted at all: their spec is ours whatever the annotation says. */
const mandatory = new Set(['exempt', 'catch-all']);
/** Milliseconds between two looks at all of them (upstream: a minute), and from a change to a look. */
const interval = 60_000;
const settling = 100;

interface Kind {
  path: string;
  defaults: readonly KubeObject[];
}

const kinds: readonly Kind[] = [
  { path: `${base}/prioritylevelconfigurations`, defaults: priorityLevels },
  { path: `${base}/flowschemas`, defaults: flowSchemas },
];

/**
 * Keeps the objects of priority and fairness that every cluster has, and what FlowSchemas say of the level they
 * name (upstream: registry/flowcontrol/ensurer, util/flowcontrol).
 */
export class FlowControlMaintenance {
  readonly #deps: { clock: Clock; log: Logger; transport: LocalTransport };
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(deps: { clock: Clock; log: Logger; transport: LocalTransport }) {
    this.#deps = deps;
  }

  start(): void {
    this.#schedule(0);
  }

  /** One of the objects is another one by now. */
  changed(): void {
    if (this.#running) this.#again = true;
    else this.#schedule(settling);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #schedule(ms: number): void {
    this.#cancel?.();
    if (this.#stopped) return;
    this.#cancel = this.#deps.clock.after(ms, () => {
      this.#again = false;
      this.#running = this.#look()
        .catch(error => this.#deps.log.warn('the objects of flow control could not be kept', { error }))
        .finally(() => {
          this.#running = undefined;
          this.#schedule(this.#again ? settling : interval);
        });
    });
  }

  async #look(): Promise<void> {
    for (const { path, defaults } of kinds) {
      const present = await this.#list(path);
      for (const object of defaults) {
        await this.#ensure(path, object, present.get(object.metadata!.name!));
      }
    }
    const levels = await this.#list<PriorityLevelConfiguration>(kinds[0]!.path);
    for (const schema of (await this.#list<FlowSchema>(kinds[1]!.path)).values()) {
      await this.#tellDangling(schema, levels.has(schema.spec?.priorityLevelConfiguration?.name ?? ''));
    }
  }

  async #list<T extends KubeObject>(path: string): Promise<Map<string, Stored<T>>> {
    const { items } = await this.#deps.transport.request<{ items: Stored<T>[] }>({ method: 'GET', path });
    return new Map(items.map(item => [item.metadata.name, item]));
  }

  async #ensure(path: string, object: KubeObject, present: Stored | undefined): Promise<void> {
    const name = object.metadata!.name!;
    if (!present) {
      await tolerant(this.#deps.transport.request({ method: 'POST', path, body: object }));
      return;
    }
    const ours = mandatory.has(name) || present.metadata.annotations?.[autoUpdate] === 'true';
    const [spec, wanted] = [specOf(present), specOf(object)];
    if (!ours || semanticEqual(spec, { ...spec, ...wanted })) return;
    const body = { ...present, spec: wanted };
    await tolerant(this.#deps.transport.request({ method: 'PUT', path: `${path}/${name}`, body }));
  }

  async #tellDangling(schema: Stored<FlowSchema>, found: boolean): Promise<void> {
    const status = found ? 'False' : 'True';
    const before = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    if (before?.status === status) return;
    const level = JSON.stringify(schema.spec?.priorityLevelConfiguration?.name ?? '');
    const condition = {
      type: 'Dangling',
      status,
      reason: found ? 'Found' : 'NotFound',
      message: `This FlowSchema references the PriorityLevelConfiguration object named ${level} ${found ? 'and it exists' : 'but there is no such object'}`,
      lastTransitionTime: `${new Date(this.#deps.clock.now()).toISOString().slice(0, 19)}Z`,
    };
    const others = (schema.status?.conditions ?? []).filter(({ type }) => type !== 'Dangling');
    const body = { ...schema, status: { ...schema.status, conditions: [...others, condition] } };
    const path = `${base}/flowschemas/${schema.metadata.name}/status`;
    await tolerant(this.#deps.transport.request({ method: 'PUT', path, body }));
  }
}

function specOf(object: KubeObject): Record<string, unknown> {
  return ((object as FlowSchema).spec ?? {}) as unknown as Record<string, unknown>;
}

/** Someone else was faster: the next look sees what they made. */
async function tolerant(work: Promise<unknown>): Promise<void> {
  await work.catch(error => {
    if (!(error instanceof ApiError) || error.code >= 500) throw error;
  });
}
