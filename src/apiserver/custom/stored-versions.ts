import { prune, setDefaults } from '../../api/custom/coerce.ts';
import type { CustomVersion } from '../../api/custom/custom-version.ts';
import type { JsonObject } from '../../api/json.ts';
import { formatApiVersion, type KubeObject, parseApiVersion } from '../../api/objects.ts';
import { cloneJson } from '../objects/decoded.ts';
import { asBuffer } from '../objects/encoding.ts';
import type { Conversion } from '../objects/storage-form.ts';

/**
 * Between what is stored of a custom resource and what its versions serve. What was written since the definition
 * was last changed is right as it stands in the stored version; what is older may lack defaults, hold fields
 * that are no longer there, or stand in a version that is no longer the stored one.
 */
export class StoredVersions {
  readonly #versions: ReadonlyMap<string, CustomVersion>;
  readonly #stored: string;
  readonly #since: number;

  /** @param since the revision from which on all is written as `versions` say */
  constructor(versions: ReadonlyMap<string, CustomVersion>, stored: string, since: number) {
    this.#versions = versions;
    this.#stored = stored;
    this.#since = since;
  }

  /** Of the version `served`. */
  conversion(served: string): Conversion {
    const { gvk } = this.#versions.get(served)!;
    const apiVersion = formatApiVersion(gvk.group, served);
    return {
      toStorage: object => ({ ...object, apiVersion: formatApiVersion(gvk.group, this.#stored) }),
      fromStorage: object => (this.#isCurrent(object, served) ? object : this.#convert(object, served)),
      isServed: served === this.#stored ? currentTest(gvk.kind, apiVersion, this.#since) : () => false,
    };
  }

  #isCurrent({ apiVersion, metadata }: KubeObject, served: string): boolean {
    if (parseApiVersion(apiVersion ?? '').version !== served || served !== this.#stored) return false;
    return Number(metadata?.resourceVersion) > this.#since;
  }

  #convert(object: KubeObject, served: string): KubeObject {
    const copy = cloneJson(object) as unknown as JsonObject;
    const from = parseApiVersion(object.apiVersion ?? '').version;
    setDefaults(copy, this.#versions.get(from)?.schema);
    const version = this.#versions.get(served)!;
    copy.apiVersion = formatApiVersion(version.gvk.group, served);
    prune(copy, version.schema);
    return copy as KubeObject;
  }
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
