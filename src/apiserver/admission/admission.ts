import type { GroupVersionKind, KubeObject } from '../../api/objects.ts';
import type { ApiUser } from '../exchange.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import { Reinvocation } from './reinvocation.ts';

/** What is about to be written, for admission to change or refuse (upstream's admission.Attributes). */
export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly endpoint: ResourceEndpoint;
  readonly subresource: string;
  /** What `object` is, where it is not of the endpoint's kind: `Eviction`, `Scale`, `PodExecOptions`. */
  readonly kind?: GroupVersionKind;
  readonly namespace: string;
  readonly name: string;
  /** Fresh; plugins that admit change it in place. Undefined for DELETE. */
  readonly object: KubeObject | undefined;
  /** Frozen. Undefined for CREATE. */
  readonly oldObject: KubeObject | undefined;
  readonly user: ApiUser;
  readonly dryRun: boolean;
  readonly warnings: string[];
  /** The options of the request as an object: `CreateOptions`, `UpdateOptions`, …. */
  readonly options?: object | undefined;
  /** Set by the chain, for plugins that take part in a second round. */
  readonly reinvocation?: Reinvocation;
  /** Notes something in the audit log, where one is kept. */
  readonly annotate?: ((key: string, value: string) => void) | undefined;
}

/** A compiled-in admission plugin. Both refuse by throwing an ApiError. */
export interface AdmissionPlugin {
  readonly name: string;
  /** May change the object; runs before validation. */
  admit?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Sees the object as it will be stored; runs after validation. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/** The plugins in their order. */
export interface AdmissionPlugins {
  /** Compiled in. */
  builtin: readonly AdmissionPlugin[];
  /** What users configured: webhooks, policies. */
  configured: readonly AdmissionPlugin[];
  /** After all others. */
  last: readonly AdmissionPlugin[];
}

/** Asks the plugins in turn. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #configured: readonly AdmissionPlugin[];

  constructor({ builtin, configured, last }: AdmissionPlugins) {
    this.#plugins = [...builtin, ...configured, ...last];
    this.#configured = configured;
  }

  admit(attributes: AdmissionAttributes): Promise<void> {
    return admitBy(this.#plugins, attributes);
  }

  validate(attributes: AdmissionAttributes): Promise<void> {
    return validateBy(this.#plugins, attributes);
  }

  /** Only the configured plugins: deletions, connections, and subresources that speak of kinds of their own. */
  admitConfigured(attributes: AdmissionAttributes): Promise<void> {
    return admitBy(this.#configured, attributes);
  }

  validateConfigured(attributes: AdmissionAttributes): Promise<void> {
    return validateBy(this.#configured, attributes);
  }
}

async function admitBy(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  const reinvocation = new Reinvocation();
  const round = { ...attributes, reinvocation };
  for (;;) {
    for (const plugin of plugins) {
      const pending = plugin.admit?.(round);
      if (pending) await pending;
    }
    if (reinvocation.again || !reinvocation.wanted) return;
    reinvocation.again = true;
  }
}

async function validateBy(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) {
    const pending = plugin.validate?.(attributes);
    if (pending) await pending;
  }
}
