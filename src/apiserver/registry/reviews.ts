import type {
  LocalSubjectAccessReview,
  PolicyRule,
  SelfSubjectRulesReview,
  SubjectAccessReviewSpec,
  TokenReview,
} from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import { badRequest, invalid } from '../../api/status.ts';
import type { Call } from '../call.ts';
import type { ApiUser, ServerResponse } from '../exchange.ts';
import type { AccessAttributes, Authorizer } from '../filters/authorization.ts';
import type { ServiceAccountTokens } from '../filters/service-account-token.ts';
import { negotiate } from '../negotiation.ts';
import { hasProtobufForm } from '../protobuf/encode.ts';
import type { RbacAuthorizer } from '../rbac/rbac-authorizer.ts';
import { encoded } from './representation.ts';
import { readObject } from './request-object.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { type SelectorFinding, selectorFindings } from './review-selectors.ts';

export interface ReviewDeps {
  authorizer: Authorizer;
  rbac: RbacAuthorizer;
  tokens: ServiceAccountTokens;
}

type Review = (deps: ReviewDeps, call: Call, object: KubeObject) => object;

const reviews: Record<string, Review> = {
  SubjectAccessReview: (deps, _call, object) => reviewAccess(deps, specOf(object), 'SubjectAccessReview'),
  LocalSubjectAccessReview: reviewLocalAccess,
  SelfSubjectAccessReview: (deps, call, object) =>
    accessStatus(deps, call.user, checked(specOf(object), 'SelfSubjectAccessReview')),
  SelfSubjectRulesReview: reviewRules,
  SelfSubjectReview: (_deps, call) => ({ userInfo: userInfo(call.user) }),
  TokenReview: reviewToken,
};

/** Whether a kind is a question that is answered and not stored. */
export function isReview(endpoint: ResourceEndpoint): boolean {
  return Object.hasOwn(reviews, endpoint.resource.kind);
}

/** Answers a review: the request's object with its status. */
export async function answerReview(
  deps: ReviewDeps,
  call: Call,
  endpoint: ResourceEndpoint,
): Promise<ServerResponse> {
  const object = await readObject(call, endpoint);
  const status = reviews[endpoint.resource.kind]!(deps, call, object);
  return encoded(
    negotiate(call.request, false, () => hasProtobufForm(endpoint.apiVersion, endpoint.gvk.kind)),
    201,
    { ...object, status },
  );
}

function specOf(object: KubeObject): SubjectAccessReviewSpec {
  return (object as { spec?: SubjectAccessReviewSpec }).spec ?? {};
}

function reviewAccess(deps: ReviewDeps, spec: SubjectAccessReviewSpec, kind: string): object {
  if (!spec.user && !spec.groups?.length) {
    const message = 'Invalid value: "": at least one of user or group must be specified';
    throw invalid({ group: 'authorization.k8s.io', resource: kind }, '', [
      { reason: 'FieldValueInvalid', field: 'spec.user', message },
    ]);
  }
  const { user: name = '', groups = [], uid, extra } = spec;
  const user = { name, groups, ...(uid && { uid }), ...(extra && { extra }) };
  return accessStatus(deps, user, checked(spec, kind));
}

function reviewLocalAccess(deps: ReviewDeps, call: Call, object: KubeObject): object {
  const spec = specOf(object as LocalSubjectAccessReview);
  if (spec.resourceAttributes && spec.resourceAttributes.namespace !== call.info.namespace) {
    throw badRequest('spec.resourceAttributes.namespace must match metadata.namespace');
  }
  return reviewAccess(deps, spec, 'LocalSubjectAccessReview');
}

function checked(spec: SubjectAccessReviewSpec, kind: string): SubjectAccessReviewSpec {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const refuse = (findings: SelectorFinding[]) =>
    invalid({ group: 'authorization.k8s.io', resource: kind }, '', findings);
  if (Boolean(resourceAttributes) === Boolean(nonResourceAttributes)) {
    const message = resourceAttributes
      ? 'Invalid value: "nonResourceAttributes": cannot be specified in combination with resourceAttributes'
      : 'Invalid value: "resourceAttributes": exactly one of nonResourceAttributes or resourceAttributes must be specified';
    const field = resourceAttributes ? 'spec.nonResourceAttributes' : 'spec.resourceAttributes';
    throw refuse([{ reason: 'FieldValueInvalid', field, message }]);
  }
  const findings = [
    ...selectorFindings(resourceAttributes?.fieldSelector, 'spec.resourceAttributes.fieldSelector'),
    ...selectorFindings(resourceAttributes?.labelSelector, 'spec.resourceAttributes.labelSelector'),
  ];
  if (findings.length > 0) throw refuse(findings);
  return spec;
}

function accessStatus(deps: ReviewDeps, user: ApiUser, spec: SubjectAccessReviewSpec): object {
  const decision = deps.authorizer.authorize(accessAttributes(user, spec));
  return { allowed: decision.allowed === true, ...(decision.reason && { reason: decision.reason }) };
}

function accessAttributes(user: ApiUser, spec: SubjectAccessReviewSpec): AccessAttributes {
  const resource = spec.resourceAttributes;
  const path = spec.nonResourceAttributes;
  return {
    user,
    verb: resource?.verb ?? path?.verb ?? '',
    isResource: resource !== undefined,
    namespace: resource?.namespace ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? '',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    name: resource?.name ?? '',
    path: path?.path ?? '',
    ...(resource?.fieldSelector && { fieldSelector: selectorText(resource.fieldSelector) }),
  };
}

type FieldSelector = NonNullable<NonNullable<SubjectAccessReviewSpec['resourceAttributes']>['fieldSelector']>;

/** As it stands in a query; what no query can say restricts nothing. */
function selectorText({ rawSelector, requirements = [] }: FieldSelector): string {
  if (rawSelector) return rawSelector;
  return requirements
    .filter(({ operator, values }) => values?.length === 1 && (operator === 'In' || operator === 'NotIn'))
    .map(({ key, operator, values }) => `${key}${operator === 'In' ? '=' : '!='}${values![0]}`)
    .join(',');
}

function reviewRules(deps: ReviewDeps, call: Call, object: KubeObject): object {
  const { namespace = '' } = (object as SelfSubjectRulesReview).spec ?? {};
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = deps.rbac.rulesFor(call.user, namespace);
  return {
    resourceRules: rules.filter(rule => rule.resources?.length).map(resourceRule),
    nonResourceRules: rules.filter(rule => rule.nonResourceURLs?.length).map(pathRule),
    incomplete: false,
  };
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule) {
  return { verbs, apiGroups, resources, ...(resourceNames?.length && { resourceNames }) };
}

function pathRule({ verbs, nonResourceURLs }: PolicyRule) {
  return { verbs, nonResourceURLs };
}

function reviewToken(deps: ReviewDeps, _call: Call, object: KubeObject): object {
  const { token = '', audiences = [] } = (object as TokenReview).spec ?? {};
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const found = deps.tokens.authenticateFor(token, audiences);
  if (!found) return { authenticated: false, user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
}

function userInfo({ name, uid, groups, extra }: ApiUser) {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}
