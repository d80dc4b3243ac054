import type { KubeObject, Stored } from '../../../api/objects.ts';
import type { Store } from '../../../store/store.ts';
import type { Authorizer } from '../../filters/authorization.ts';
import { followResource } from '../../objects/resource-follower.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import type { ResourceHubs } from '../../watch/resource-hub.ts';
import type { AdmissionPlugin } from '../admission.ts';
import type { ObjectReader } from '../object-reader.ts';
import { type MutatingIndex, MutatingPolicies } from './mutating-policies.ts';
import { PolicyIndex } from './policy-index.ts';
import { compileMutating, compileValidating } from './policy-programs.ts';
import { type ValidatingIndex, ValidatingPolicies } from './validating-policies.ts';

export interface PolicyAssemblyDeps {
  readonly store: Store;
  readonly hubs: ResourceHubs;
  readonly reader: ObjectReader;
  readonly endpoints: ReadonlyMap<string, ResourceEndpoint>;
}

export interface PolicyParts {
  readonly mutating: AdmissionPlugin;
  readonly validating: AdmissionPlugin;
  /** From now on policies are in force, each from the moment its write is acknowledged. */
  follow(): void;
}

export function assemblePolicies(deps: PolicyAssemblyDeps, authorizer: Authorizer): PolicyParts {
  const mutating: MutatingIndex = new PolicyIndex(compileMutating);
  const validating: ValidatingIndex = new PolicyIndex(compileValidating);
  return {
    mutating: new MutatingPolicies({ ...deps, authorizer }, mutating),
    validating: new ValidatingPolicies({ ...deps, authorizer }, validating),
    follow() {
      followInto(deps, 'mutatingadmissionpolicies', 'mutatingadmissionpolicybindings', mutating);
      followInto(deps, 'validatingadmissionpolicies', 'validatingadmissionpolicybindings', validating);
    },
  };
}

function followInto<P extends KubeObject, B extends KubeObject, C>(
  deps: PolicyAssemblyDeps,
  policies: string,
  bindings: string,
  index: PolicyIndex<P, B, C>,
): void {
  const endpoint = (plural: string) => deps.endpoints.get(`admissionregistration.k8s.io/v1/${plural}`)!;
  followResource<P>(deps, endpoint(policies), {
    set: (_key, policy: Stored<P>) => index.setPolicy(policy),
    removed: (_key, policy: Stored<P>) => index.removePolicy(policy),
  });
  followResource<B>(deps, endpoint(bindings), {
    set: (_key, binding: Stored<B>) => index.setBinding(binding),
    removed: (_key, binding: Stored<B>) => index.removeBinding(binding),
  });
}
