import { compileMatchCondition } from '../../cel/webhook-conditions.ts';
import type {
  AdmissionregistrationWebhookClientConfig,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../generated/types.ts';
import { subdomainErrors } from '../../names.ts';
import { checkOptionalOneOf, Unique } from '../checks.ts';
import { type FieldPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';
import { checkMatchConditions } from './policy-expressions.ts';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

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
        if (!names.add(webhook.name)) out.duplicate(at.child('name'), webhook.name);
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
  checkReviewVersions(webhook.admissionReviewVersions ?? [], at.child('admissionReviewVersions'), out);
  checkClient(webhook.clientConfig ?? {}, at.child('clientConfig'), out);
  checkOptionalOneOf(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], at.child('reinvocationPolicy'), out);
  const conditions = webhook.matchConditions ?? [];
  checkMatchConditions(conditions, at.child('matchConditions'), out, compileMatchCondition);
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

function checkReviewVersions(versions: string[], at: FieldPath, out: Findings): void {
  if (versions.length === 0) {
    out.required(at, 'must specify one of v1, v1beta1');
    return;
  }
  if (versions.some(version => version === 'v1' || version === 'v1beta1')) return;
  out.invalid(at, versions, 'must include at least one of v1, v1beta1');
}

function checkClient(client: AdmissionregistrationWebhookClientConfig, at: FieldPath, out: Findings): void {
  if (Boolean(client.url) === Boolean(client.service)) {
    out.required(at, 'exactly one of url or service is required');
    return;
  }
  if (client.url !== undefined) {
    checkWebhookUrl(client.url, at.child('url'), out);
    return;
  }
  const { name, namespace, port, path } = client.service!;
  const here = at.child('service');
  if (!name) out.required(here.child('name'), 'service name is required');
  if (!namespace) out.required(here.child('namespace'), 'service namespace is required');
  if (port !== undefined && (port < 1 || port > 65535)) {
    out.invalid(here.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive');
  }
  if (path && !path.startsWith('/')) {
    out.invalid(here.child('path'), path, "must start with a '/'");
  }
}

function checkWebhookUrl(url: string, at: FieldPath, out: Findings): void {
  const form = 'desired format: https://host[/path]';
  if (!URL.canParse(url)) {
    out.required(at, `url must be a valid URL: ${form}`);
    return;
  }
  const { protocol, hostname, username, search, hash } = new URL(url);
  if (protocol !== 'https:') {
    out.invalid(at, protocol.slice(0, -1), `'https' is the only allowed URL scheme; ${form}`);
  }
  if (!hostname) out.invalid(at, hostname, `host must be specified; ${form}`);
  if (username) out.invalid(at, username, 'user information is not permitted in the URL');
  if (hash) out.invalid(at, hash.slice(1), 'fragments are not permitted in the URL');
  if (search) out.invalid(at, search.slice(1), 'query parameters are not permitted in the URL');
}

/** What webhooks and admission policies apply to. */
export function checkRuleWithOperations(rule: RuleWithOperations, at: FieldPath, out: Findings): void {
  for (const field of ['apiGroups', 'apiVersions', 'operations', 'resources'] as const) {
    const list = rule[field] ?? [];
    const here = at.child(field);
    if (list.length === 0) out.required(here);
    if (list.length > 1 && list.includes('*') && field !== 'resources') {
      const why = `if '*' is present, must not specify other ${field === 'operations' ? field : `API ${field === 'apiGroups' ? 'groups' : 'versions'}`}`;
      out.invalid(here, list, why);
    }
  }
  (rule.operations ?? []).forEach((operation, i) => {
    checkOptionalOneOf(operation, operations, at.child('operations').index(i), out);
  });
  (rule.apiVersions ?? []).forEach((version, i) => {
    if (version === '') out.required(at.child('apiVersions').index(i));
  });
  checkOptionalOneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], at.child('scope'), out);
}
