import { compileMatchCondition } from '../../cel/webhook-conditions.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../generated/types.ts';
import { subdomainErrors } from '../../names.ts';
import { checkOptionalOneOf, Unique } from '../checks.ts';
import { type FieldPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';
import { checkRuleWithOperations } from './admission-rules.ts';
import { checkMatchConditions } from './policy-expressions.ts';
import { checkReviewVersions, checkWebhookClient, reviewVersionsMissing } from './webhook-client.ts';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

function webhookRules(mutating: boolean): KindRules<Configuration> {
  return {
    hasGeneration: true,
    unconditionalUpdate: false,
    generationOf: configuration => configuration.webhooks,
    defaults(configuration) {
      for (const webhook of (configuration.webhooks ?? []) as Webhook[]) defaultWebhook(webhook, mutating);
    },
    validate(configuration, out) {
      const names = new Unique();
      ((configuration.webhooks ?? []) as Webhook[]).forEach((webhook, i) => {
        const at = root('webhooks').index(i);
        checkWebhook(webhook, at, out);
        if (webhook.name && !names.add(webhook.name)) out.duplicate(at.child('name'), webhook.name);
      });
    },
  };
}

export const mutatingWebhookRules = webhookRules(true);
export const validatingWebhookRules = webhookRules(false);

function defaultWebhook(webhook: Webhook, mutating: boolean): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (mutating) webhook.reinvocationPolicy ??= 'Never';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
}

function checkWebhook(webhook: Webhook, at: FieldPath, out: Findings): void {
  checkFullName(webhook.name ?? '', at.child('name'), out);
  (webhook.rules ?? []).forEach((rule, i) => {
    checkRuleWithOperations(rule, at.child('rules').index(i), out);
  });
  checkOptionalOneOf(webhook.failurePolicy, ['Fail', 'Ignore'], at.child('failurePolicy'), out);
  checkOptionalOneOf(webhook.matchPolicy, ['Equivalent', 'Exact'], at.child('matchPolicy'), out);
  const effects = ['None', 'NoneOnDryRun'];
  const effectsAt = at.child('sideEffects');
  if (!webhook.sideEffects) out.required(effectsAt, `must specify one of ${effects.join(', ')}`);
  else if (!effects.includes(webhook.sideEffects)) out.notSupported(effectsAt, webhook.sideEffects, effects);
  const timeout = webhook.timeoutSeconds;
  if (timeout !== undefined && (timeout < 1 || timeout > 30)) {
    out.invalid(at.child('timeoutSeconds'), timeout, 'the timeout value must be between 1 and 30 seconds');
  }
  checkLabelSelector(webhook.namespaceSelector, at.child('namespaceSelector'), out);
  checkLabelSelector(webhook.objectSelector, at.child('objectSelector'), out);
  checkWebhookClient(webhook.clientConfig ?? {}, at.child('clientConfig'), out);
  checkOptionalOneOf(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], at.child('reinvocationPolicy'), out);
  const conditions = webhook.matchConditions ?? [];
  checkMatchConditions(conditions, at.child('matchConditions'), out, compileMatchCondition);
  const versions = webhook.admissionReviewVersions ?? [];
  checkReviewVersions(versions, reviewVersionsMissing, at.child('admissionReviewVersions'), out);
}

function checkFullName(name: string, at: FieldPath, out: Findings): void {
  if (!name) {
    out.required(at);
    return;
  }
  const wrong = subdomainErrors(name);
  if (wrong.length > 0) out.invalid(at, name, wrong.join(','));
  else if (name.split('.').length < 3) {
    out.invalid(at, name, 'should be a domain with at least three segments separated by dots');
  }
}
