import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { jsonPatch } from '../../../api/patch/json-patch.ts';
import { internalError } from '../../../api/status.ts';
import { cloneJson } from '../../objects/decoded.ts';
import { inVersionOf } from '../../registry/versions.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { completed } from '../match/equivalents.ts';
import { type CallDeps, callWebhook } from './call.ts';
import { meetsConditions } from './conditions.ts';
import { type Invocation, invocationOf, isExempt } from './invocation.ts';
import type { CompiledWebhook, WebhookIndex } from './webhook-index.ts';

/** MutatingAdmissionWebhook: asks the webhooks one after the other, each about what those before it made of the object. */
export class MutatingWebhooks implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  readonly #deps: CallDeps;
  readonly #index: WebhookIndex;

  constructor(deps: CallDeps, index: WebhookIndex) {
    this.#deps = deps;
    this.#index = index;
  }

  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { webhooks } = this.#index;
    if (webhooks.length === 0 || isExempt(attributes)) return undefined;
    return this.#askAll(webhooks, attributes);
  }

  async #askAll(webhooks: readonly CompiledWebhook[], attributes: AdmissionAttributes): Promise<void> {
    const { reinvocation } = attributes;
    const calls = reinvocation?.of(this.name);
    // The compiled-in plugins had their second turn: what they changed concerns every webhook asked before.
    if (reinvocation?.again && calls?.differs(attributes.object)) calls.changed();
    for (const hook of webhooks) {
      const invocation = invocationOf(this.#deps, hook, attributes);
      if (!invocation || !(await meetsConditions(this.#deps.authorizer, invocation, attributes))) continue;
      if (reinvocation?.again && !calls?.isDue(hook.key)) continue;
      const verdict = await callWebhook(this.#deps, invocation, attributes, true);
      const changed = verdict !== undefined && (await this.#apply(verdict.patch, invocation, attributes));
      if (changed && reinvocation) {
        calls?.changed();
        reinvocation.wanted = true;
      }
      if (hook.webhook.reinvocationPolicy === 'IfNeeded') calls?.made(hook.key);
    }
    calls?.remember(attributes.object);
  }

  /** Brings a webhook's patch into the object, in place; whether that changed it. */
  async #apply(
    patch: readonly unknown[],
    { hook, endpoint }: Invocation,
    attributes: AdmissionAttributes,
  ): Promise<boolean> {
    if (patch.length === 0) return false;
    const { object } = attributes;
    if (!object) {
      const name = JSON.stringify(hook.webhook.name);
      throw internalError(
        `admission webhook ${name} attempted to modify the object, which is not supported for this operation`,
      );
    }
    const before = cloneJson(object);
    const asked = attributes.endpoint;
    const shown = attributes.kind ? object : await inVersionOf(asked, endpoint, object);
    let patched: KubeObject;
    try {
      patched = jsonPatch(cloneJson(shown), patch) as KubeObject;
      const own = { ...(attributes.kind && { kind: attributes.kind }), endpoint };
      patched = completed(own, patched as JsonObject);
    } catch (cause) {
      throw internalError(cause);
    }
    const result = attributes.kind ? patched : await inVersionOf(endpoint, asked, patched);
    replace(object, result);
    return !isDeepStrictEqual(before, cloneJson(object));
  }
}

/** Gives `object`, which others hold, the members of `by`. */
function replace(object: KubeObject, by: KubeObject): void {
  for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
  Object.assign(object, by);
}
