import type { PolicyRule } from '../../api/generated/types.ts';
import type { ApiUser } from '../exchange.ts';
import {
  type AccessAttributes,
  type Authorizer,
  type Decision,
  noOpinion,
} from '../filters/authorization.ts';
import type { PolicyIndex } from './policy-index.ts';
import { ruleAllows } from './rules.ts';

/** Role-based access control over the roles and bindings there are. It only ever allows. */
export class RbacAuthorizer implements Authorizer {
  readonly #index: PolicyIndex;

  constructor(index: PolicyIndex) {
    this.#index = index;
  }

  authorize(asked: AccessAttributes): Decision {
    let allowedBy: string | undefined;
    const missing = new Set<string>();
    this.#index.visit(
      asked.user,
      asked.namespace,
      ({ rule, origin }) => {
        if (!ruleAllows(rule, asked)) return true;
        allowedBy = origin;
        return false;
      },
      message => missing.add(message),
    );
    if (allowedBy !== undefined) {
      return { allowed: true, reason: `RBAC: allowed by ${allowedBy} to ${describe(asked.user, allowedBy)}` };
    }
    if (missing.size === 0) return noOpinion;
    const errors = [...missing];
    const text = errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`;
    return { allowed: undefined, reason: `RBAC: ${text}` };
  }

  /** All rules that hold for a user in a namespace: for SelfSubjectRulesReview and escalation checks. */
  rulesFor(user: ApiUser, namespace: string): PolicyRule[] {
    const rules: PolicyRule[] = [];
    this.#index.visit(user, namespace, ({ rule }) => rules.push(rule) > 0);
    return rules;
  }
}

function describe(user: ApiUser, _origin: string): string {
  return `User ${JSON.stringify(user.name)}`;
}
