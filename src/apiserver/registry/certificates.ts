import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import { prepareForStatusUpdate, validateUpdate } from '../../api/kinds/registry.ts';
import type { KubeObject } from '../../api/objects.ts';
import { cloneJson } from '../objects/decoded.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { Strategy } from './strategies.ts';
import { statusRules, type UpdateRules } from './update.ts';

/** A signing request carries who made it: the server alone says so (upstream: registry/certificates/certificates/strategy.go). */
export const signingRequestStrategy: Strategy = {
  beforeCreate(_registry, object, { user }) {
    const request = object as CertificateSigningRequest;
    const { name, uid, groups, extra } = user;
    const spec = { ...request.spec, username: name, groups: [...groups] };
    delete spec.uid;
    delete spec.extra;
    if (uid) spec.uid = uid;
    if (extra)
      spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
    request.spec = spec as CertificateSigningRequest['spec'];
  },
};

/** `certificatesigningrequests/approval`: the conditions of the status, and nothing of the rest of it. */
export function approvalRules({ gvk }: ResourceEndpoint, now: string): UpdateRules {
  return {
    subresource: 'approval',
    prepare(object, old) {
      const { conditions = [] } = (object as CertificateSigningRequest).status ?? {};
      prepareForStatusUpdate(gvk, object, old);
      const status = (old as CertificateSigningRequest).status ?? {};
      const request = object as CertificateSigningRequest;
      request.status = { ...cloneJson(status), conditions };
      stampConditions(request, old, now);
    },
    validate: (object, old) => validateUpdate(gvk, object, old),
  };
}

/** `certificatesigningrequests/status` */
export function requestStatusRules(endpoint: ResourceEndpoint, now: string): UpdateRules {
  const rules = statusRules(endpoint);
  return {
    ...rules,
    prepare(object, old) {
      rules.prepare(object, old);
      stampConditions(object as CertificateSigningRequest, old, now);
    },
  };
}

/** Conditions that carry no times get them: an update now, a transition where the truth is another. */
function stampConditions({ status }: CertificateSigningRequest, old: KubeObject, now: string): void {
  if (!status?.conditions) return;
  status.conditions = status.conditions.map(condition => {
    const before = (old as CertificateSigningRequest).status?.conditions?.find(
      ({ type }) => type === condition.type,
    );
    const same = before?.status === condition.status ? before?.lastTransitionTime : undefined;
    const lastTransitionTime = condition.lastTransitionTime ?? same ?? now;
    return { ...condition, lastUpdateTime: condition.lastUpdateTime ?? now, lastTransitionTime };
  });
}
