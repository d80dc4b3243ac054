import type { KubeObject } from '../../api/objects.ts';
import type { ApiUser } from '../exchange.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';

/** What is about to be written, for admission to change or refuse (upstream's admission.Attributes). */
export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly endpoint: ResourceEndpoint;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Fresh; plugins that admit change it in place. Undefined for DELETE. */
  readonly object: KubeObject | undefined;
  /** Frozen. Undefined for CREATE. */
  readonly oldObject: KubeObject | undefined;
  readonly user: ApiUser;
  readonly dryRun: boolean;
  readonly warnings: string[];
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
export class AdmissionChain {
  readonly #mutating: readonly AdmissionPlugin[];
  readonly #validating: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#mutating = plugins.filter(plugin => plugin.admit);
    this.#validating = plugins.filter(plugin => plugin.validate);
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#mutating) {
      const pending = plugin.admit!(attributes);
      if (pending) await pending;
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#validating) {
      const pending = plugin.validate!(attributes);
      if (pending) await pending;
    }
  }
}
