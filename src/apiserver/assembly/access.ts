import type { ClusterRole, ClusterRoleBinding, Pod, Role, RoleBinding } from '../../api/generated/types.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import { StaticTokens, type TokenAuthenticator } from '../filters/authentication.ts';
import { type Authorizer, AuthorizerChain, privilegedGroup } from '../filters/authorization.ts';
import { TokenSigner } from '../filters/jwt.ts';
import { NodeAuthorizer, NodeReferences } from '../filters/node-authorizer.ts';
import { SecretTokens } from '../filters/secret-token.ts';
import { type FindObject, ServiceAccountTokens } from '../filters/service-account-token.ts';
import { followResource } from '../objects/resource-follower.ts';
import { type ApiServerOptions, defaultIssuer } from '../options.ts';
import { PolicyIndex } from '../rbac/policy-index.ts';
import { RbacAuthorizer } from '../rbac/rbac-authorizer.ts';
import type { Foundation } from './foundation.ts';

/** Who is who, and who may do what. */
export interface Access {
  signer: TokenSigner;
  issuer: string;
  policies: PolicyIndex;
  rbac: RbacAuthorizer;
  authorizer: Authorizer;
  tokens: ServiceAccountTokens;
  /** All that know bearer tokens, in the order they are asked. */
  authenticators: readonly TokenAuthenticator[];
  /** Indexes roles, bindings and what nodes may read. */
  start(): void;
}

/** @param signingKey PEM */
export function assembleAccess(
  foundation: Foundation,
  options: ApiServerOptions,
  signingKey: string,
): Access {
  const { clock, reader } = foundation;
  const signer = new TokenSigner(signingKey);
  const issuer = options.serviceAccountSigning?.issuer ?? defaultIssuer;
  const policies = new PolicyIndex();
  const references = new NodeReferences();
  const rbac = new RbacAuthorizer(policies);
  const tokens = new ServiceAccountTokens(
    { clock, signer, find: finder(reader) },
    { issuer, audiences: [issuer] },
  );
  const legacy = new SecretTokens({ signer, find: finder(reader) });
  return {
    signer,
    issuer,
    policies,
    rbac,
    authorizer: new AuthorizerChain([privilegedGroup, new NodeAuthorizer(references), rbac]),
    tokens,
    authenticators: [new StaticTokens(options.tokens ?? new Map()), tokens, legacy],
    start() {
      followPolicies(foundation, policies);
      followResource<Pod>(foundation, foundation.endpoints.get('/v1/pods')!, {
        set: (_, pod) => references.setPod(pod),
        removed: (_, pod) => references.removePod(pod),
      });
    },
  };
}

function finder(reader: ObjectReader): FindObject {
  const resources: Record<string, string> = {
    Pod: 'pods',
    Secret: 'secrets',
    Node: 'nodes',
    ServiceAccount: 'serviceaccounts',
  };
  return (kind, namespace, name) => reader.get(resources[kind]!, namespace, name);
}

function followPolicies(foundation: Foundation, index: PolicyIndex): void {
  const of = (plural: string) => foundation.endpoints.get(`rbac.authorization.k8s.io/v1/${plural}`)!;
  for (const plural of ['roles', 'clusterroles']) {
    followResource<Role | ClusterRole>(foundation, of(plural), {
      set: (_key, role) => index.setRole(role),
      removed: (_key, role) => index.removeRole(role),
    });
  }
  for (const plural of ['rolebindings', 'clusterrolebindings']) {
    followResource<RoleBinding | ClusterRoleBinding>(foundation, of(plural), {
      set: (_key, binding) => index.setBinding(binding),
      removed: (_key, binding) => index.removeBinding(binding),
    });
  }
}
