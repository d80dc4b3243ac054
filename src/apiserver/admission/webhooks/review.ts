import type { Status } from '../../../api/generated/types.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { inVersionOf } from '../../registry/versions.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { kindOf } from '../match/equivalents.ts';
import { isNamespace } from '../match/selectors.ts';
import type { Invocation } from './invocation.ts';

/** `request` of an AdmissionReview (upstream: k8s.io/api/admission/v1). */
export async function reviewRequest(
  uid: string,
  { endpoint }: Pick<Invocation, 'endpoint'>,
  attributes: AdmissionAttributes,
): Promise<Record<string, unknown>> {
  const { subresource, name, operation, user, object, oldObject, dryRun, options } = attributes;
  const asked = attributes.endpoint;
  const converted = (each: KubeObject | undefined) =>
    each && !attributes.kind ? inVersionOf(asked, endpoint, each) : each;
  const namespace = isNamespace(attributes) ? name : attributes.namespace;
  const resourceOf = ({ resource: { group, version, plural } }: typeof asked) => ({
    group,
    version,
    resource: plural,
  });
  return {
    uid,
    kind: attributes.kind ?? endpoint.gvk,
    resource: resourceOf(endpoint),
    ...(subresource && { subResource: subresource }),
    requestKind: kindOf(attributes),
    requestResource: resourceOf(asked),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: userInfoOf(user),
    object: (await converted(object)) ?? null,
    oldObject: (await converted(oldObject)) ?? null,
    dryRun,
    options: options ?? null,
  };
}

function userInfoOf({ name, uid, groups, extra }: AdmissionAttributes['user']): object {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

/** What a webhook says of a request. */
export interface Verdict {
  allowed: boolean;
  result?: Status;
  /** The operations of a JSON patch; none for nothing to change. */
  patch: unknown[];
  warnings: string[];
  auditAnnotations: Record<string, string>;
}

interface ReviewResponse {
  uid?: string;
  allowed?: boolean;
  status?: Status;
  patch?: string;
  patchType?: string;
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
}

/** The version of AdmissionReview a webhook is spoken to in: the first of its list that there is. */
export function reviewVersion(versions: readonly string[]): 'v1' | 'v1beta1' {
  return versions.find(each => each === 'v1' || each === 'v1beta1') === 'v1beta1' ? 'v1beta1' : 'v1';
}

/**
 * Reads an AdmissionReview with a response, in upstream's words (plugin/webhook/request/admissionreview.go).
 * @throws Error for an answer that is none
 */
export function readVerdict(
  answer: Record<string, unknown>,
  expected: { version: 'v1' | 'v1beta1'; uid: string; mutating: boolean },
): Verdict {
  const response = answer.response as ReviewResponse | null | undefined;
  if (typeof response !== 'object' || response === null) throw new Error('webhook response was absent');
  const { apiVersion = '', kind = '' } = answer as { apiVersion?: string; kind?: string };
  if (expected.version === 'v1') {
    if (response.uid !== expected.uid) {
      throw new Error(`expected response.uid="${expected.uid}", got "${response.uid ?? ''}"`);
    }
    if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') {
      throw new Error(
        `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${apiVersion}, Kind=${kind}`,
      );
    }
  }
  const { allowed = false, status, warnings, auditAnnotations } = response;
  return {
    allowed: allowed === true,
    ...(status && { result: status }),
    patch: readPatch(response, expected),
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    auditAnnotations: auditAnnotations ?? {},
  };
}

function readPatch(
  { patch, patchType }: ReviewResponse,
  { version, mutating }: { version: string; mutating: boolean },
): unknown[] {
  if (!mutating) {
    if (version === 'v1' && patch) throw new Error('validating webhook may not return response.patch');
    if (version === 'v1' && patchType !== undefined && patchType !== null) {
      throw new Error('validating webhook may not return response.patchType');
    }
    return [];
  }
  const type = patchType ?? undefined;
  if (version === 'v1') {
    if (patch && type === undefined) {
      throw new Error('webhook returned response.patch but not response.patchType');
    }
    if (!patch && type !== undefined) {
      throw new Error('webhook returned response.patchType but not response.patch');
    }
  }
  if (type !== undefined && type !== 'JSONPatch') {
    throw new Error(`webhook returned invalid response.patchType of ${JSON.stringify(type)}`);
  }
  if (!patch) return [];
  const decoded: unknown = JSON.parse(Buffer.from(String(patch), 'base64').toString('utf8'));
  if (!Array.isArray(decoded)) throw new Error('received undecodable patch in webhook response');
  return decoded;
}
