import { typeOfBuiltin } from '../../api/cel/builtin-types.ts';
import { type KnownKinds, typeCheckPolicy } from '../../api/cel/policy-type-check.ts';
import { typeOfSchema } from '../../api/cel/schema-types.ts';
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from '../../api/generated/types.ts';
import { builtinByResource } from '../../api/resources.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { builtin } from '../resources.ts';

const policies = builtin('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies');
const definitions = builtin('apiextensions.k8s.io/v1', 'customresourcedefinitions');

/** Tells in the status of each ValidatingAdmissionPolicy which expressions do not fit the kinds it is about. */
export class PolicyStatusController implements Component {
  readonly name = 'validatingadmissionpolicy-status-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #policies: Informer<ValidatingAdmissionPolicy>;
  readonly #definitions: Informer<CustomResourceDefinition>;
  readonly #client: ResourceClient<ValidatingAdmissionPolicy>;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#policies = deps.informers.informer<ValidatingAdmissionPolicy>(policies);
    this.#definitions = deps.informers.informer<CustomResourceDefinition>(definitions);
    this.#client = new ResourceClient(deps.transport, policies);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#policies, policy => this.#loop.add(policy.metadata.name));
    this.#loop.follow(this.#definitions);
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(name: string): Promise<void> {
    const policy = this.#policies.getByKey(name);
    if (!policy || (policy.metadata.generation ?? 0) <= (policy.status?.observedGeneration ?? 0)) return;
    const expressionWarnings = typeCheckPolicy(policy, this.#kinds);
    const status = {
      ...policy.status,
      observedGeneration: policy.metadata.generation!,
      typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
    };
    const written = await orNotFound(this.#client.updateStatus({ ...policy, status }));
    if (!written) return;
    const why = `its expressions were checked: ${expressionWarnings.length} warnings`;
    this.#deps.decisions.record('controller.updated', decisionObject(written), { by: this.name, why });
  }

  readonly #kinds: KnownKinds = {
    kindOf: resource => {
      const found = builtinByResource(resource);
      if (found) return { group: found.group, version: found.version, kind: found.kind };
      const definition = this.#definitions.getByKey(`${resource.resource}.${resource.group}`);
      return definition && { ...resource, kind: definition.spec.names.kind };
    },
    typeOf: kind => {
      const found = typeOfBuiltin(kind);
      if (found) return found;
      const definition = this.#definitions
        .list()
        .find(({ spec }) => spec.group === kind.group && spec.names.kind === kind.kind);
      const version = definition?.spec.versions.find(({ name }) => name === kind.version);
      const schema = version?.schema?.openAPIV3Schema;
      return schema && typeOfSchema(schema, kind.kind, true);
    },
  };
}
