import { compileMatchCondition } from '../../../api/cel/webhook-conditions.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/generated/types.ts';
import { everything, type LabelSelector, selectorFromLabelSelector } from '../../../api/label-selector.ts';
import type { Stored } from '../../../api/objects.ts';
import type { CompiledCondition } from '../policy/match-conditions.ts';

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
export type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

/** One webhook of a configuration, ready to be asked. */
export interface CompiledWebhook {
  /** Unique among all: for reinvocation. */
  readonly key: string;
  readonly configuration: string;
  readonly webhook: Webhook;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly conditions: readonly CompiledCondition[];
}

/** The webhooks of all configurations of a kind, by the configurations' names and then in their order. */
export class WebhookIndex {
  readonly #configurations = new Map<string, readonly CompiledWebhook[]>();
  #ordered: readonly CompiledWebhook[] | undefined;

  set(configuration: Stored<WebhookConfiguration>): void {
    const { name } = configuration.metadata;
    const webhooks = (configuration.webhooks ?? []) as Webhook[];
    const compiled = webhooks.map((webhook, i) => compileWebhook(name, webhook, i));
    this.#configurations.set(name, compiled);
    this.#ordered = undefined;
  }

  remove(configuration: Stored<WebhookConfiguration>): void {
    this.#configurations.delete(configuration.metadata.name);
    this.#ordered = undefined;
  }

  get webhooks(): readonly CompiledWebhook[] {
    this.#ordered ??= [...this.#configurations]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, webhooks]) => webhooks);
    return this.#ordered;
  }
}

function compileWebhook(configuration: string, webhook: Webhook, i: number): CompiledWebhook {
  const { namespaceSelector, objectSelector, matchConditions = [] } = webhook;
  return {
    key: `${configuration}/${webhook.name}/${i}`,
    configuration,
    webhook,
    namespaceSelector: namespaceSelector ? selectorFromLabelSelector(namespaceSelector) : everything,
    objectSelector: objectSelector ? selectorFromLabelSelector(objectSelector) : everything,
    conditions: matchConditions.map(({ name, expression }) => ({
      name,
      expression,
      compiled: compileMatchCondition(expression),
    })),
  };
}
