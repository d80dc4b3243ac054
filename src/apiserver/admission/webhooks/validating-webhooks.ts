import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { type CallDeps, callWebhook } from './call.ts';
import { meetsConditions } from './conditions.ts';
import { type Invocation, invocationOf, isExempt } from './invocation.ts';
import type { WebhookIndex } from './webhook-index.ts';

/** ValidatingAdmissionWebhook: asks all webhooks a request concerns at once; one refusal is enough. */
export class ValidatingWebhooks implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  readonly #deps: CallDeps;
  readonly #index: WebhookIndex;

  constructor(deps: CallDeps, index: WebhookIndex) {
    this.#deps = deps;
    this.#index = index;
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { webhooks } = this.#index;
    if (webhooks.length === 0 || isExempt(attributes)) return undefined;
    const invocations = webhooks
      .map(hook => invocationOf(this.#deps, hook, attributes))
      .filter(invocation => invocation !== undefined);
    return invocations.length === 0 ? undefined : this.#askAll(invocations, attributes);
  }

  /** All are waited for; of several refusals the first in the webhooks' order is told. */
  async #askAll(invocations: readonly Invocation[], attributes: AdmissionAttributes): Promise<void> {
    const answers = await Promise.allSettled(
      invocations.map(async invocation => {
        if (!(await meetsConditions(this.#deps.authorizer, invocation, attributes))) return;
        await callWebhook(this.#deps, invocation, attributes, false);
      }),
    );
    const refused = answers.find(answer => answer.status === 'rejected');
    if (refused) throw refused.reason;
  }
}
