import { authorizerBindings } from '../../../api/cel/admission-environment.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { forbidden } from '../../../api/status.ts';
import type { Authorizer } from '../../filters/authorization.ts';
import { inVersionOf } from '../../registry/versions.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { conditionsHold } from '../policy/match-conditions.ts';
import { authorizerPort, requestOf } from '../policy/policy-input.ts';
import type { Invocation } from './invocation.ts';

/**
 * Whether the `matchConditions` of a webhook hold for a request. One that fails keeps the webhook out where its
 * `failurePolicy` is Ignore.
 * @throws ApiError 403 where it is Fail
 */
export async function meetsConditions(
  authorizer: Authorizer,
  { hook, endpoint }: Invocation,
  attributes: AdmissionAttributes,
): Promise<boolean> {
  if (hook.conditions.length === 0) return true;
  const { object, oldObject, kind, user, subresource, namespace, name } = attributes;
  const converted = async (each: KubeObject | undefined) =>
    each && !kind ? inVersionOf(attributes.endpoint, endpoint, each) : each;
  const { group, plural } = endpoint.resource;
  const asked = { group, resource: plural, subresource, namespace, name };
  const holds = conditionsHold(hook.conditions, {
    object: await converted(object),
    oldObject: await converted(oldObject),
    request: requestOf({ attributes, endpoint }),
    ...authorizerBindings(authorizerPort(authorizer, user), asked),
  });
  if (typeof holds === 'boolean') return holds;
  if (hook.webhook.failurePolicy === 'Ignore') return false;
  throw forbidden(attributes.endpoint.qualified, name, holds.error);
}
