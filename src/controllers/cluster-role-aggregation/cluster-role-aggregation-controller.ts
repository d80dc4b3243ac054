import type { ClusterRole, PolicyRule } from '../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../api/label-selector.ts';
import type { Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';
import { canonicalJson, sameContent } from '../template-hash.ts';

/** Fills ClusterRoles that are put together from others (admin, edit, view) with the rules of those. */
export class ClusterRoleAggregationController implements Component {
  readonly name = 'clusterrole-aggregation-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #roles: Informer<ClusterRole>;
  readonly #client: ResourceClient<ClusterRole>;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#roles = deps.informers.informer<ClusterRole>(resources.clusterRoles);
    this.#client = new ResourceClient(deps.transport, resources.clusterRoles);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#roles, () => {
      for (const role of this.#roles.list()) if (role.aggregationRule) this.#loop.add(role.metadata.name);
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(name: string): Promise<void> {
    const role = this.#roles.getByKey(name);
    if (!role?.aggregationRule || role.metadata.deletionTimestamp) return;
    const rules = aggregatedRules(role, this.#roles.list());
    if (sameContent(rules, role.rules ?? [])) return;
    const written = await orNotFound(this.#client.update({ ...role, rules }));
    if (!written) return;
    const why = 'the roles it is put together from have changed';
    this.#deps.decisions.record('controller.updated', decisionObject(written), { by: this.name, why });
  }
}

/** The rules of all roles the aggregation selects, in the order of their names, each once. */
export function aggregatedRules(
  role: Stored<ClusterRole>,
  all: readonly Stored<ClusterRole>[],
): PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(selectorFromLabelSelector);
  const selected = all.filter(
    ({ metadata }) =>
      metadata.name !== role.metadata.name &&
      selectors.some(selector => matchesLabels(selector, metadata.labels ?? {})),
  );
  const rules = new Map<string, PolicyRule>();
  for (const other of selected.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    for (const rule of other.rules ?? []) rules.set(canonicalJson(rule), rule);
  }
  return [...rules.values()];
}
