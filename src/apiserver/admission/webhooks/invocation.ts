import { ApiError } from '../../../api/status.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { equivalentsOf } from '../match/equivalents.ts';
import { matchesRule } from '../match/rule.ts';
import { matchesNamespace, matchesObject } from '../match/selectors.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { CompiledWebhook } from './webhook-index.ts';

/** A webhook that is to be called, and the version of the resource its rule asks for. */
export interface Invocation {
  readonly hook: CompiledWebhook;
  readonly endpoint: ResourceEndpoint;
}

export interface MatchDeps {
  reader: ObjectReader;
  endpoints: ReadonlyMap<string, ResourceEndpoint>;
}

/** Kinds of admission itself: no webhook is ever asked about them, so that a bad one can be removed. */
const exempt = new Set([
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
]);

export function isExempt({ endpoint }: AdmissionAttributes): boolean {
  const { group, kind } = endpoint.resource;
  return group === 'admissionregistration.k8s.io' && exempt.has(kind);
}

/**
 * Whether a webhook is to be called for a request (upstream: generic/webhook.go, ShouldCallHook).
 * @throws ApiError 404 where its namespace is not there
 */
export function invocationOf(
  deps: MatchDeps,
  hook: CompiledWebhook,
  attributes: AdmissionAttributes,
): Invocation | undefined {
  if (!matchesObject(hook.objectSelector, attributes)) return undefined;
  let missing: ApiError | undefined;
  try {
    if (!matchesNamespace(deps.reader, hook.namespaceSelector, attributes)) return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Of no interest where the webhook is not about this request at all.
    missing = error;
  }
  const endpoint = matchingEndpoint(deps, hook, attributes);
  if (!endpoint) return undefined;
  if (missing) throw missing;
  return { hook, endpoint };
}

/** The request's own version where a rule names it, else the first other one a rule names. */
function matchingEndpoint(
  { endpoints }: MatchDeps,
  { webhook }: CompiledWebhook,
  attributes: AdmissionAttributes,
): ResourceEndpoint | undefined {
  const { operation, endpoint, subresource } = attributes;
  const rules = webhook.rules ?? [];
  const matches = (rule: (typeof rules)[number], { resource }: ResourceEndpoint) =>
    matchesRule(rule, { operation, resource, subresource });
  if (rules.some(rule => matches(rule, endpoint))) return endpoint;
  if (webhook.matchPolicy !== 'Equivalent') return undefined;
  const equivalents = equivalentsOf(endpoints, attributes);
  for (const rule of rules) {
    const found = equivalents.find(other => matches(rule, other));
    if (found) return found;
  }
  return undefined;
}
