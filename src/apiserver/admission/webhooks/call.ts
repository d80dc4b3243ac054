import type { Status } from '../../../api/generated/types.ts';
import { ApiError, badRequest, internalError } from '../../../api/status.ts';
import type { Logger } from '../../../base/log.ts';
import type { Authorizer } from '../../filters/authorization.ts';
import type { Random } from '../../random.ts';
import { WebhookCallError, type WebhookClient } from '../../webhook/webhook-client.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Invocation, MatchDeps } from './invocation.ts';
import { readVerdict, reviewRequest, reviewVersion, type Verdict } from './review.ts';

export interface CallDeps extends MatchDeps {
  log: Logger;
  random: Random;
  webhooks: WebhookClient;
  authorizer: Authorizer;
}

const defaultTimeout = 10;

/**
 * Asks one webhook and resolves with its consent; undefined where it could not be asked and `failurePolicy` is
 * Ignore.
 * @throws ApiError: the webhook's own refusal, 500 where it could not be asked, 400 for a dry run it can't take
 */
export async function callWebhook(
  deps: CallDeps,
  invocation: Invocation,
  attributes: AdmissionAttributes,
  mutating: boolean,
): Promise<Verdict | undefined> {
  const { webhook } = invocation.hook;
  refuseSideEffects(invocation, attributes);
  let verdict: Verdict;
  try {
    verdict = await ask(deps, invocation, attributes, mutating);
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    deps.log.warn('webhook failed', { webhook: webhook.name, policy: webhook.failurePolicy, error });
    if (webhook.failurePolicy === 'Ignore') {
      attributes.annotate?.(
        `failed-open.${mutating ? 'mutation' : 'validating'}.webhook.admission.k8s.io`,
        webhook.name,
      );
      return undefined;
    }
    throw internalError(error);
  }
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) {
    attributes.annotate?.(`${webhook.name}/${key}`, String(value));
  }
  attributes.warnings.push(...verdict.warnings);
  if (!verdict.allowed) throw denial(webhook.name, verdict.result);
  return verdict;
}

/** A webhook that could not be asked or gave no answer; what `failurePolicy` is about. */
export class WebhookFailure extends Error {
  constructor(name: string, why: string, cause: unknown) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${why}`, { cause });
    this.name = 'WebhookFailure';
  }
}

function refuseSideEffects({ hook: { webhook } }: Invocation, { dryRun }: AdmissionAttributes): void {
  if (!dryRun || webhook.sideEffects === 'None' || webhook.sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`);
}

async function ask(
  { random, webhooks }: CallDeps,
  invocation: Invocation,
  attributes: AdmissionAttributes,
  mutating: boolean,
): Promise<Verdict> {
  const { webhook } = invocation.hook;
  const version = reviewVersion(webhook.admissionReviewVersions);
  const uid = random.uuid();
  const request = await reviewRequest(uid, invocation, attributes);
  const body = { kind: 'AdmissionReview', apiVersion: `admission.k8s.io/${version}`, request };
  let answer: Record<string, unknown>;
  try {
    const timeoutSeconds = webhook.timeoutSeconds ?? defaultTimeout;
    answer = await webhooks.post({ config: webhook.clientConfig, body, timeoutSeconds });
  } catch (cause) {
    if (!(cause instanceof WebhookCallError)) throw cause;
    throw new WebhookFailure(webhook.name, `failed to call webhook: ${cause.message}`, cause);
  }
  try {
    return readVerdict(answer, { version, uid, mutating });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WebhookFailure(webhook.name, `received invalid webhook response: ${why}`, cause);
  }
}

/** A refusal with the code and reason the webhook gave (upstream: plugin/webhook/errors, ToStatusErr). */
export function denial(webhook: string, result: Status = {}): ApiError {
  const { code = 0, status, message, reason } = result;
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`;
  const why = message || reason;
  return new ApiError({
    ...result,
    code: code < 400 ? 400 : code,
    status: !status || status === 'Success' ? 'Failure' : status,
    message: why ? `${denied}: ${why}` : `${denied} without explanation`,
  });
}
