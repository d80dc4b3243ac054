import { createHash } from 'node:crypto';
import type { EndpointSlice, Node, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { BoundedFrequencyRunner } from '../../base/bounded-frequency-runner.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Component } from '../../base/component.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import type { IpFamily } from '../../base/ip-address.ts';
import type { Logger } from '../../base/log.ts';
import type { Informer } from '../../client/informer.ts';
import { ForeignChanges } from '../../kernel/nft/foreign-changes.ts';
import { readListing } from '../../kernel/nft/listing.ts';
import type { Nft } from '../../kernel/nft/nft.ts';
import { renderCommands, replaceTable } from '../../kernel/nft/render.ts';
import type { NftCommand, TableLayout } from '../../kernel/nft/ruleset.ts';
import type { Sysctl } from '../../kernel/sysctl.ts';
import { compileService } from '../model/compile-service.ts';
import type { ServiceModel } from '../model/service-model.ts';
import { serviceOf, sliceAddressIndex, sliceServiceIndex } from '../model/slice-index.ts';
import { DesiredElements, diffElements, type ElementDelta, isEmptyDelta } from './desired-elements.ts';
import { setFlowTimeouts } from './flow-timeouts.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { type PickChain, pickChainName, tableLayout, tableOf } from './layout.ts';
import { nodeElements } from './node-elements.ts';
import { planService } from './plan.ts';
import { RulesProgress } from './rules-progress.ts';
import { type StaleFlow, staleFlows } from './stale-flows.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    /** The rules of a Service on this node changed. */
    'service.rules': { service: string; endpoints: number };
    /** The rules in the kernel were not as written; they were repaired. */
    'rules.repaired': { table: string; added: number; removed: number; replaced: boolean };
  }
}

export interface ServiceProxyDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  nft: Nft;
  sysctl: Sysctl;
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
  nodes: Informer<Node>;
  /** Makes the kernel forget flows whose endpoint is gone. */
  forgetFlows(flows: readonly StaleFlow[]): Promise<void>;
}

export interface ServiceProxyOptions {
  nodeName: string;
  ipFamilies: readonly IpFamily[];
  podSubnets: readonly string[];
  serviceSubnets: readonly string[];
  /** How often the kernel's rules are compared with what they should be, milliseconds. */
  resyncInterval?: number;
}

/** A listing of ten thousand Services takes a second of CPU; changes by others are told by the watch. */
const resyncInterval = 120_000;

const nodeOwner = '*node*';

/**
 * Keeps the node's service rules as the API's Services and EndpointSlices say: compile → plan → delta →
 * one nft transaction. Only changed elements are sent. The rules stay in the kernel when the agent goes; when
 * it comes back it reads them and sends what differs, which is nothing where nothing happened meanwhile.
 */
export class ServiceProxy implements Component {
  readonly name = 'service-proxy';
  readonly #deps: ServiceProxyDeps;
  readonly #options: ServiceProxyOptions;
  readonly #desired = new DesiredElements();
  readonly #models = new Map<string, ServiceModel>();
  readonly #picks = new Map<IpFamily, Map<string, PickChain>>();
  /** Services that changed since the last sync began. */
  #dirty = new Set<string>();
  readonly #runner: BoundedFrequencyRunner;
  readonly #foreign: ForeignChanges;
  readonly #health: HealthCheckPorts;
  /** Whether somebody asked for the next run; one nobody asked for is the periodic look at the kernel. */
  #asked = false;
  readonly #leave: Cancel[] = [];
  #zone: string | undefined;
  #nodeDirty = true;
  #checkKernel = true;
  /** Whether the first sync is done: changes before it are in it. */
  #written = false;
  #writing = false;
  /** For those who wait until connections go elsewhere. */
  readonly progress: RulesProgress;

  constructor(deps: ServiceProxyDeps, options: ServiceProxyOptions) {
    this.#deps = deps;
    this.#options = options;
    deps.slices.addIndex(sliceServiceIndex, slice => [serviceOf(slice)].filter(key => key !== undefined));
    deps.slices.addIndex(sliceAddressIndex, ({ endpoints }) =>
      (endpoints ?? []).flatMap(({ addresses }) => addresses.slice(0, 1)),
    );
    this.progress = new RulesProgress({
      slices: deps.slices,
      hasRules: service => this.#models.has(service),
      isSettled: () => this.#isSettled,
    });
    this.#health = new HealthCheckPorts({ log: deps.log });
    this.#foreign = new ForeignChanges(
      { clock: deps.clock, log: deps.log, nft: deps.nft, onChange: () => this.requestCheck() },
      { tables: options.ipFamilies.map(family => `${tableOf(family).family} ${tableOf(family).name}`) },
    );
    this.#runner = new BoundedFrequencyRunner(
      {
        clock: deps.clock,
        run: () => this.#sync(),
        onError: error => this.#onSyncError(error),
      },
      { minInterval: 5, maxInterval: options.resyncInterval ?? resyncInterval, retryInterval: 1000 },
    );
  }

  async start(signal: AbortSignal): Promise<void> {
    const { services, slices, nodes } = this.#deps;
    await Promise.all([services, slices, nodes].map(informer => informer.whenSynced(signal)));
    const dirty = (key: string | undefined) => {
      if (key === undefined) return;
      this.#dirty.add(key);
      this.#request();
    };
    const service = (object: Stored<Service>) => dirty(objectKey(object));
    const slice = (object: Stored<EndpointSlice>) => dirty(serviceOf(object));
    const node = () => {
      this.#nodeDirty = true;
      this.#request();
    };
    this.#leave.push(
      services.addHandler({ added: service, updated: service, deleted: service }),
      slices.addHandler({ added: slice, updated: slice, deleted: slice }),
      nodes.addHandler({ added: node, updated: node, deleted: node }),
    );
    this.#foreign.start();
    this.#leave.push(() => this.#foreign.stop());
    await this.#sync();
    await setFlowTimeouts(this.#deps);
    this.#written = true;
    this.#request();
    this.progress.wake();
  }

  async stop(): Promise<void> {
    for (const leave of this.#leave.splice(0)) leave();
    await this.#runner.stop();
    await this.#health.stop();
  }

  #request(): void {
    this.#asked = true;
    if (this.#written) this.#runner.request();
  }

  /** Compares the kernel's rules with the planned ones soon and mends what differs. */
  requestCheck(): void {
    this.#checkKernel = true;
    this.#request();
  }

  /** What each Service means on this node now; for explanations and health checks. */
  get models(): ReadonlyMap<string, ServiceModel> {
    return this.#models;
  }

  /** Whether the rules in the kernel are those of all that the informers have told. */
  get #isSettled(): boolean {
    return this.#written && !this.#writing && this.#dirty.size === 0 && !this.#checkKernel;
  }

  async #sync(): Promise<void> {
    this.#writing = true;
    try {
      await this.#syncOnce();
      this.#writing = false;
      this.progress.wake();
    } finally {
      this.#writing = false;
    }
  }

  async #syncOnce(): Promise<void> {
    // What changes while the rules are being written belongs to the next sync.
    const changed = this.#dirty;
    this.#dirty = new Set();
    const check = this.#checkKernel || !this.#asked;
    this.#asked = false;
    const flows = this.#recompile(changed);
    this.#checkKernel = false;
    for (const family of this.#options.ipFamilies) {
      const delta = this.#desired.takeDelta(family);
      if (check) await this.#reconcileKernel(family);
      else await this.#apply(family, delta);
    }
    this.#record(changed);
    if (flows.length > 0) await this.#deps.forgetFlows(flows);
  }

  #onSyncError(error: unknown): void {
    this.#deps.log.error('the service rules could not be written; trying again', { error });
    // What the kernel holds now is not known.
    this.#checkKernel = true;
  }

  /** Compiles and plans what has changed; returns the flows that this leaves without an endpoint. */
  #recompile(changed: Set<string>): StaleFlow[] {
    if (this.#nodeDirty) {
      this.#nodeDirty = false;
      const all = this.#deps.nodes.list();
      const { nodeName, podSubnets, serviceSubnets } = this.#options;
      this.#onZone(
        all.find(node => node.metadata.name === nodeName),
        changed,
      );
      this.#desired.set(nodeOwner, nodeElements(all, { nodeName, podSubnets, serviceSubnets }));
    }
    const flows: StaleFlow[] = [];
    for (const key of changed) {
      const before = this.#models.get(key);
      const after = this.#compile(key);
      if (after) this.#models.set(key, after);
      else this.#models.delete(key);
      this.#health.set(key, after);
      this.#plan(key, after);
      flows.push(...staleFlows(before, after));
    }
    return flows;
  }

  /** Hints speak of zones: in another zone every Service may have other endpoints. */
  #onZone(node: Stored<Node> | undefined, changed: Set<string>): void {
    const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
    if (zone === this.#zone) return;
    this.#zone = zone;
    for (const key of this.#models.keys()) changed.add(key);
  }

  #compile(key: string): ServiceModel | undefined {
    const service = this.#deps.services.getByKey(key);
    if (!service) return undefined;
    const zone = this.#zone;
    const name = this.#options.nodeName;
    return compileService(service, this.#deps.slices.byIndex(sliceServiceIndex, key), {
      name,
      ...(zone && { zone }),
    });
  }

  #plan(key: string, model: ServiceModel | undefined): void {
    const plan = model ? planService(model) : { elements: [], picks: [] };
    const served = new Set(this.#options.ipFamilies);
    this.#desired.set(
      key,
      plan.elements.filter(element => served.has(element.family)),
    );
    for (const { family, pick } of plan.picks) {
      const picks = this.#picks.get(family) ?? new Map<string, PickChain>();
      picks.set(pickChainName(pick), pick);
      this.#picks.set(family, picks);
    }
  }

  #layout(family: IpFamily): TableLayout {
    const layout = tableLayout(family, this.#picks.get(family)?.values() ?? []);
    return { ...layout, chains: [...layout.chains, { name: layoutMark(layout), rules: [] }] };
  }

  /** Sends a delta, and before it the chains its verdicts need and the table does not have yet. */
  async #apply(family: IpFamily, delta: ElementDelta): Promise<void> {
    if (isEmptyDelta(delta)) return;
    const table = tableOf(family);
    const commands: NftCommand[] = [];
    for (const pick of this.#picks.get(family)?.values() ?? []) {
      const name = pickChainName(pick);
      if (this.#inKernel(family).has(name)) continue;
      const chain = tableLayout(family, [pick]).chains.at(-1)!;
      commands.push({ add: 'chain', table, chain });
      for (const rule of chain.rules) commands.push({ add: 'rule', table, chain: name, rule });
    }
    for (const [set, keys] of delta.removed) commands.push({ delete: 'elements', table, set, keys });
    for (const [set, elements] of delta.added) commands.push({ add: 'elements', table, set, elements });
    await this.#foreign.whileOwn(table, () => this.#deps.nft.apply(renderCommands(commands)));
    this.#noteChains(family);
  }

  readonly #chainsInKernel = new Map<IpFamily, Set<string>>();

  #inKernel(family: IpFamily): Set<string> {
    return this.#chainsInKernel.get(family) ?? new Set();
  }

  #noteChains(family: IpFamily): void {
    const chains = this.#inKernel(family);
    for (const name of this.#picks.get(family)?.keys() ?? []) chains.add(name);
    this.#chainsInKernel.set(family, chains);
  }

  /** Brings the kernel's table to what it should be, whatever it holds. */
  async #reconcileKernel(family: IpFamily): Promise<void> {
    const table = tableOf(family);
    const listing = await this.#deps.nft.listTable(table.family, table.name);
    const layout = this.#layout(family);
    const desired = this.#desired.all(family);
    const listed = listing && readListing(listing);
    const intact = listed && layoutStands(layout, listed.chains);
    if (!listed || !intact) {
      await this.#foreign.whileOwn(table, () =>
        this.#deps.nft.apply(renderCommands(replaceTable(layout, desired))),
      );
      this.#chainsInKernel.delete(family);
      this.#noteChains(family);
      this.#repaired(table.name, countOf(desired), 0, true);
      return;
    }
    // The kernel fills the affinity maps by itself.
    const actual = new Map([...listed.sets].filter(([set]) => !set.endsWith('affinity')));
    const delta = diffElements(actual, desired);
    this.#chainsInKernel.set(family, new Set(listed.chains.keys()));
    if (isEmptyDelta(delta)) return;
    await this.#apply(family, delta);
    this.#repaired(table.name, countOf(delta.added), countOf(delta.removed), false);
  }

  #repaired(table: string, added: number, removed: number, replaced: boolean): void {
    this.#deps.decisions.record('rules.repaired', undefined, { table, added, removed, replaced });
  }

  #record(changed: ReadonlySet<string>): void {
    for (const key of changed) {
      const model = this.#models.get(key);
      const service = this.#deps.services.getByKey(key);
      const [namespace, name] = key.split('/') as [string, string];
      const endpoints = model?.ports[0]?.frontends[0]?.endpoints.length ?? 0;
      this.#deps.decisions.record(
        'service.rules',
        {
          kind: 'Service',
          namespace,
          name,
          uid: service?.metadata.uid,
          resourceVersion: service?.metadata.resourceVersion,
        },
        { service: key, endpoints },
      );
    }
  }
}

/**
 * The name of an empty chain that says by which version of the fixed rules the table was made: a table of
 * another version is replaced as a whole.
 */
function layoutMark(layout: TableLayout): string {
  const fixed = { ...layout, chains: layout.chains.filter(chain => !chain.name.startsWith('pick-')) };
  return `layout-${createHash('sha256').update(JSON.stringify(fixed)).digest('hex').slice(0, 12)}`;
}

/** Whether the listed chains are the planned ones, none missing a rule. Chains not used any more may stay. */
function layoutStands(layout: TableLayout, listed: ReadonlyMap<string, number>): boolean {
  return layout.chains.every(
    chain =>
      (chain.name.startsWith('pick-') && !listed.has(chain.name)) ||
      listed.get(chain.name) === chain.rules.length,
  );
}

function countOf(sets: ReadonlyMap<string, { size: number }>): number {
  let count = 0;
  for (const { size } of sets.values()) count += size;
  return count;
}
