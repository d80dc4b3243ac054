import type { Secret, ServiceAccount } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isConflict, isNotFound, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { builtin, resources } from '../resources.ts';

export interface TokenSecretsOptions {
  /** Certificates of the cluster's authority, PEM. */
  rootCa: string;
  /** Signs claims with the key of service-account tokens. */
  sign(claims: Record<string, unknown>): string;
}

const tokenType = 'kubernetes.io/service-account-token';
const nameKey = 'kubernetes.io/service-account.name';
const uidKey = 'kubernetes.io/service-account.uid';
const claim = 'kubernetes.io/serviceaccount/';

/**
 * Fills secrets of type `kubernetes.io/service-account-token` with a token that lasts as long as they do, and
 * removes those whose account is gone (upstream: pkg/controller/serviceaccount/tokens_controller.go).
 */
export class TokenSecretsController implements Component {
  readonly name = 'tokens-controller';
  readonly #deps: ControllerDeps;
  readonly #options: TokenSecretsOptions;
  readonly #loop: ControllerLoop;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: ResourceClient<ServiceAccount>;
  readonly #client: ResourceClient<Secret>;

  constructor(deps: ControllerDeps, options: TokenSecretsOptions) {
    const secrets = builtin('v1', 'secrets');
    this.#deps = deps;
    this.#options = options;
    this.#secrets = deps.informers.informer<Secret>(secrets);
    this.#accounts = new ResourceClient(deps.transport, resources.serviceAccounts);
    this.#client = new ResourceClient(deps.transport, secrets);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    const add = (secret: Stored<Secret>) => {
      if (secret.type === tokenType) this.#loop.add(objectKey(secret));
    };
    this.#loop.follow(this.#secrets, { added: add, updated: add });
    const ofAccount = ({ metadata }: Stored<ServiceAccount>) => {
      for (const secret of this.#secrets.list(metadata.namespace)) {
        if (secret.metadata.annotations?.[nameKey] === metadata.name) add(secret);
      }
    };
    const accounts = deps.informers.informer<ServiceAccount>(resources.serviceAccounts);
    this.#loop.follow(accounts, { deleted: ofAccount });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const secret = this.#secrets.getByKey(key);
    if (secret?.type !== tokenType || secret.metadata.deletionTimestamp) return;
    const { namespace = '', annotations } = secret.metadata;
    // The account may be younger than what an informer shows: the API is asked.
    const account = await orNotFound(this.#accounts.get(namespace, annotations?.[nameKey] ?? ''));
    const uid = annotations?.[uidKey];
    try {
      if (!account || (uid && uid !== account.metadata.uid)) await this.#remove(secret);
      else await this.#fill(secret, account);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #remove(secret: Stored<Secret>): Promise<void> {
    const { namespace = '', name, uid } = secret.metadata;
    await this.#client.delete(namespace, name, { preconditions: { uid } });
    const why = 'its service account is gone';
    this.#deps.decisions.record('controller.deleted', decisionObject(secret), { by: this.name, why });
  }

  async #fill(secret: Stored<Secret>, account: Stored<ServiceAccount>): Promise<void> {
    const { metadata, data = {} } = secret;
    const uid = account.metadata.uid;
    const wanted: Record<string, string> = {
      'ca.crt': base64(this.#options.rootCa),
      namespace: base64(metadata.namespace ?? ''),
      token: data.token || base64(this.#options.sign(claimsOf(secret, account))),
    };
    const annotations = { ...metadata.annotations, [uidKey]: uid };
    const same = Object.entries(wanted).every(([name, value]) => data[name] === value);
    if (same && metadata.annotations?.[uidKey] === uid) return;
    await this.#client.update({
      ...secret,
      metadata: { ...metadata, annotations },
      data: { ...data, ...wanted },
    });
    const why = `asked for a token of ${account.metadata.name}`;
    this.#deps.decisions.record('controller.updated', decisionObject(secret), { by: this.name, why });
  }
}

function claimsOf({ metadata }: Stored<Secret>, account: Stored<ServiceAccount>): Record<string, unknown> {
  const { namespace = '', name, uid } = account.metadata;
  return {
    iss: 'kubernetes/serviceaccount',
    [`${claim}namespace`]: namespace,
    [`${claim}secret.name`]: metadata.name,
    [`${claim}service-account.name`]: name,
    [`${claim}service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
