import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  Role,
  RoleBinding,
  RoleRef,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { ApiUser } from '../exchange.ts';

/** A binding as the index keeps it: to whom, in which namespace (empty: everywhere), which role. */
interface Grant {
  key: string;
  namespace: string;
  name: string;
  roleRef: RoleRef;
  subjects: readonly string[];
}

export interface GrantedRule {
  rule: PolicyRule;
  namespace: string;
  /** Which binding gives it, for the reason of a decision. */
  origin: string;
}

/** Roles and bindings by what is looked up in them: the subject, then the role. */
export class PolicyIndex {
  readonly #bySubject = new Map<string, Map<string, Grant>>();
  readonly #grants = new Map<string, Grant>();
  readonly #roles = new Map<string, readonly PolicyRule[]>();

  setRole(role: Stored<Role> | Stored<ClusterRole>): void {
    this.#roles.set(roleKey(role.metadata.namespace ?? '', role.metadata.name), role.rules ?? []);
  }

  removeRole(role: Stored<Role> | Stored<ClusterRole>): void {
    this.#roles.delete(roleKey(role.metadata.namespace ?? '', role.metadata.name));
  }

  setBinding(binding: Stored<RoleBinding> | Stored<ClusterRoleBinding>): void {
    this.removeBinding(binding);
    const { namespace = '', name } = binding.metadata;
    const subjects = (binding.subjects ?? []).map(subject => subjectKey(subject, namespace));
    const grant = { key: `${namespace}/${name}`, namespace, name, roleRef: binding.roleRef, subjects };
    this.#grants.set(grant.key, grant);
    for (const subject of subjects) {
      const grants = this.#bySubject.get(subject) ?? new Map<string, Grant>();
      this.#bySubject.set(subject, grants.set(grant.key, grant));
    }
  }

  removeBinding(binding: Stored<RoleBinding> | Stored<ClusterRoleBinding>): void {
    const key = `${binding.metadata.namespace ?? ''}/${binding.metadata.name}`;
    const grant = this.#grants.get(key);
    if (!grant) return;
    this.#grants.delete(key);
    for (const subject of grant.subjects) {
      const grants = this.#bySubject.get(subject);
      grants?.delete(key);
      if (grants?.size === 0) this.#bySubject.delete(subject);
    }
  }

  /** The rules of one role, undefined where it does not exist. */
  rulesOf(namespace: string, ref: Pick<RoleRef, 'kind' | 'name'>): readonly PolicyRule[] | undefined {
    return this.#roles.get(roleKey(ref.kind === 'Role' ? namespace : '', ref.name));
  }

  /**
   * Calls `visit` with each rule that holds for `user` in `namespace` (empty: cluster-wide ones only) until it
   * returns false. `missing` is told of bindings whose role does not exist.
   */
  visit(
    user: ApiUser,
    namespace: string,
    visit: (granted: GrantedRule) => boolean,
    missing?: (message: string) => void,
  ): void {
    for (const subject of subjectsOf(user)) {
      for (const grant of this.#bySubject.get(subject)?.values() ?? []) {
        if (grant.namespace !== '' && grant.namespace !== namespace) continue;
        const rules = this.rulesOf(grant.namespace, grant.roleRef);
        if (!rules) {
          const { kind, name } = grant.roleRef;
          missing?.(`${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`);
          continue;
        }
        const origin = originOf(grant);
        for (const rule of rules) if (!visit({ rule, namespace: grant.namespace, origin })) return;
      }
    }
  }
}

const roleKey = (namespace: string, name: string) => `${namespace}/${name}`;

function subjectKey(subject: RbacSubject, bindingNamespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}:${subject.name}`;
  return `User:system:serviceaccount:${subject.namespace || bindingNamespace}:${subject.name}`;
}

function* subjectsOf(user: ApiUser): Generator<string> {
  yield `User:${user.name}`;
  for (const group of user.groups) yield `Group:${group}`;
}

function originOf({ namespace, name, roleRef }: Grant): string {
  const role = `${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
  if (namespace === '') return `ClusterRoleBinding ${JSON.stringify(name)} of ${role}`;
  return `RoleBinding ${JSON.stringify(`${name}/${namespace}`)} of ${role}`;
}
