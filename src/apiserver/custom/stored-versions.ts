import { prune, setDefaults } from '../../api/custom/coerce.ts';
import type { CustomVersion } from '../../api/custom/custom-version.ts';
import type { JsonObject } from '../../api/json.ts';
import { formatApiVersion, type KubeObject, parseApiVersion } from '../../api/objects.ts';
import { internalError } from '../../api/status.ts';
import { cloneJson, decodeStored, type Held } from '../objects/decoded.ts';
import { asBuffer } from '../objects/encoding.ts';
import type { Conversion } from '../objects/storage-form.ts';
import type { Convert } from './webhook-converter.ts';

/**
 * Between what is stored of a custom resource and what its versions serve. What was written since the definition
 * was last changed is right as it stands in the stored version; what is older may lack defaults, hold fields
 * that are no longer there, or stand in a version that is no longer the stored one.
 */
export class StoredVersions {
  readonly #versions: ReadonlyMap<string, CustomVersion>;
  readonly #stored: string;
  readonly #since: number;
  readonly #webhook: Convert | undefined;

  /**
   * @param since the revision from which on all is written as `versions` say
   * @param webhook asked where versions differ in more than their name
   */
  constructor(
    versions: ReadonlyMap<string, CustomVersion>,
    stored: string,
    since: number,
    webhook: Convert | undefined,
  ) {
    this.#versions = versions;
    this.#stored = stored;
    this.#since = since;
    this.#webhook = webhook;
  }

  /** Of the version `served`. */
  conversion(served: string): Conversion {
    const { gvk } = this.#versions.get(served)!;
    const isServed =
      served === this.#stored
        ? currentTest(gvk.kind, formatApiVersion(gvk.group, served), this.#since)
        : () => false;
    const storedVersion = formatApiVersion(gvk.group, this.#stored);
    const webhook = this.#webhook;
    const fromOther = (object: KubeObject) => this.#fromOther(object, served);
    if (!webhook) {
      return {
        fromOther,
        toStorage: object => ({ ...object, apiVersion: storedVersion }),
        fromStorage: object => (this.#isCurrent(object, served) ? object : this.#convert(object, served)),
        isServed,
      };
    }
    return {
      toStorage: async object =>
        served === this.#stored ? object : (await webhook([object], storedVersion))[0]!,
      ...this.#prepared(served, webhook, isServed),
      fromOther,
      isServed,
    };
  }

  async #fromOther(object: KubeObject, served: string): Promise<KubeObject> {
    const version = this.#versions.get(served)!;
    const apiVersion = formatApiVersion(version.gvk.group, served);
    const converted = this.#webhook
      ? (await this.#webhook([object], apiVersion))[0]!
      : { ...cloneJson(object), apiVersion };
    prune(converted as unknown as JsonObject, version.schema);
    return converted;
  }

  /** What the webhook made of what is stored is kept as long as that is. */
  #prepared(
    served: string,
    webhook: Convert,
    isServed: (bytes: Uint8Array) => boolean,
  ): Pick<Conversion, 'fromStorage' | 'prepare'> {
    const made = new WeakMap<object, KubeObject>();
    return {
      fromStorage: (object, held) => {
        if (this.#isCurrent(object, served)) return object;
        const known = made.get(held ?? object);
        if (!known) throw internalError(new Error(`${object.metadata?.name} was not converted to ${served}`));
        return known;
      },
      prepare: async stored => {
        const wanted: { key: object; object: KubeObject }[] = [];
        for (const key of stored) {
          if (made.has(key)) continue;
          if (isHeld(key)) {
            if (!isServed(key.value)) wanted.push({ key, object: decodeStored(key) });
          } else if (!this.#isCurrent(key, served)) wanted.push({ key, object: key });
        }
        const converted = await this.#convertAll(
          wanted.map(each => each.object),
          served,
          webhook,
        );
        for (const [index, { key }] of wanted.entries()) made.set(key, converted[index]!);
      },
    };
  }

  async #convertAll(objects: readonly KubeObject[], served: string, webhook: Convert): Promise<KubeObject[]> {
    const completed = objects.map(object => this.#defaulted(object));
    const apiVersion = formatApiVersion(this.#versions.get(served)!.gvk.group, served);
    const others = completed.filter(object => object.apiVersion !== apiVersion);
    const converted = others.length > 0 ? await webhook(others as unknown as KubeObject[], apiVersion) : [];
    return completed.map(object => {
      const result = object.apiVersion === apiVersion ? object : (converted.shift() as unknown as JsonObject);
      prune(result, this.#versions.get(served)!.schema);
      return result as KubeObject;
    });
  }

  #isCurrent({ apiVersion, metadata }: KubeObject, served: string): boolean {
    if (parseApiVersion(apiVersion ?? '').version !== served || served !== this.#stored) return false;
    return Number(metadata?.resourceVersion) > this.#since;
  }

  #convert(object: KubeObject, served: string): KubeObject {
    const copy = this.#defaulted(object);
    const version = this.#versions.get(served)!;
    copy.apiVersion = formatApiVersion(version.gvk.group, served);
    prune(copy, version.schema);
    return copy as KubeObject;
  }

  /** A copy with the defaults of the version it is stored in. */
  #defaulted(object: KubeObject): JsonObject {
    const copy = cloneJson(object) as unknown as JsonObject;
    setDefaults(copy, this.#versions.get(parseApiVersion(object.apiVersion ?? '').version)?.schema);
    return copy;
  }
}

function isHeld(stored: Held | KubeObject): stored is Held {
  return 'value' in stored && stored.value instanceof Uint8Array;
}

/** Tells by the first bytes of a stored object whether it was written in this version after `since`. */
function currentTest(kind: string, apiVersion: string, since: number): (bytes: Uint8Array) => boolean {
  const head = Buffer.from(
    `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":{"resourceVersion":"`,
  );
  return bytes => {
    const buffer = asBuffer(bytes);
    if (head.compare(buffer, 0, head.length) !== 0) return false;
    let revision = 0;
    for (let at = head.length; buffer[at] !== 0x22; at++) revision = revision * 10 + buffer[at]! - 0x30;
    return revision > since;
  };
}
