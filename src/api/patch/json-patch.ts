/**
 * JSON patch, RFC 6902, with the leniences of the library the API server uses (evanphx/json-patch v4:
 * negative indices count from the end; an absent member tests as null, is copied as null, and is added when it is
 * replaced) and its wording.
 */
import { copyJson, equalJson, isObject, type JsonObject, setMember } from '../json.ts';
import { ApiError, badRequest, requestEntityTooLarge } from '../status.ts';

/** Most operations one patch may have, as the API server limits it. */
export const maxOperations = 10_000;
/** Most nodes all `copy` operations of a patch may add: copies of copies would grow without bound. */
const maxCopied = 1_000_000;

type Operation = { op?: unknown; path?: unknown; from?: unknown; value?: unknown };

class OperationError extends Error {}
class TestFailedError extends OperationError {}

/** Whether a patch does not apply because the document is not as one of its `test` operations wants it. */
export function isFailedTest(error: ApiError): boolean {
  return error.cause instanceof TestFailedError;
}

/**
 * Applies the operations in order. Neither argument is changed, nor shared with the result.
 * @throws ApiError 400 where the patch is no list of operations, 413 where it has too many, 422 where one does
 * not apply; the reason of that is the `cause`, upstream does not tell it to the client
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch) || !patch.every(isObject)) {
    throw badRequest(
      `json: cannot unmarshal ${describe(patch)} into Go value of type jsonpatch.${Array.isArray(patch) ? 'Operation' : 'Patch'}`,
    );
  }
  if (patch.length > maxOperations) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  }
  const document = new Document(copyJson(target));
  for (const operation of patch as Operation[]) {
    try {
      document.apply(operation);
    } catch (cause) {
      if (!(cause instanceof OperationError)) throw cause;
      throw doesNotApply(cause);
    }
  }
  return document.root;
}

function doesNotApply(cause: Error): ApiError {
  const message = 'the server rejected our request due to an error in our request';
  return new ApiError({ message, reason: 'Invalid', code: 422, details: {} }, { cause });
}

function describe(value: unknown): string {
  const odd = Array.isArray(value) ? value.find(item => !isObject(item)) : value;
  if (odd === null) return 'null';
  if (typeof odd === 'boolean') return 'bool';
  return Array.isArray(odd) ? 'array' : typeof odd;
}

type Container = JsonObject | unknown[];

class Document {
  root: unknown;
  #copied = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  apply(operation: Operation): void {
    const { op } = operation;
    switch (op) {
      case 'add':
        this.#add('add', pathOf(operation), copyJson(operation.value ?? null));
        break;
      case 'remove':
        this.#remove(pathOf(operation));
        break;
      case 'replace':
        this.#replace(pathOf(operation), copyJson(operation.value ?? null));
        break;
      case 'move':
        this.#move(fromOf(operation), pathOf(operation));
        break;
      case 'copy':
        this.#copy(fromOf(operation), pathOf(operation));
        break;
      case 'test':
        this.#test(pathOf(operation), operation.value ?? null);
        break;
      default:
        throw new OperationError(`Unexpected kind: ${typeof op === 'string' ? op : 'unknown'}`);
    }
  }

  /** The container a pointer's last step is in, and that step; undefined where there is none. */
  #find(pointer: string): [Container, string] | undefined {
    const steps = pointer.split('/').map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (steps.length < 2) return undefined;
    let at: unknown = this.root;
    for (const step of steps.slice(1, -1)) at = isContainer(at) ? get(at, step) : undefined;
    return isContainer(at) ? [at, steps.at(-1)!] : undefined;
  }

  #add(verb: string, path: string, value: unknown): void {
    const found = this.#find(path);
    if (!found) {
      throw new OperationError(
        `${verb} operation does not apply: doc is missing path: "${path}": missing value`,
      );
    }
    const [container, key] = found;
    if (!Array.isArray(container)) setMember(container, key, value);
    else if (key === '-') container.push(value);
    else {
      const index = indexOf(key, container.length + 1);
      if (index === undefined) {
        const what = isIndex(key) ? '' : `value was not a proper array index: '${key}': `;
        throw new OperationError(`error in add for path: '${path}': ${what}${badIndex(key)}`);
      }
      container.splice(index, 0, value);
    }
  }

  #remove(path: string): void {
    const found = this.#find(path);
    if (!found) {
      throw new OperationError(
        `remove operation does not apply: doc is missing path: "${path}": missing value`,
      );
    }
    take(found, path, 'remove');
  }

  #replace(path: string, value: unknown): void {
    const found = this.#find(path);
    if (!found) {
      throw new OperationError(
        `replace operation does not apply: doc is missing path: ${path}: missing value`,
      );
    }
    const [container, key] = found;
    if (!Array.isArray(container)) setMember(container, key, value);
    else {
      const index = indexOf(key, container.length);
      if (index === undefined) {
        throw new OperationError(
          `replace operation does not apply: doc is missing key: ${path}: missing value`,
        );
      }
      container[index] = value;
    }
  }

  #move(from: string, path: string): void {
    const found = this.#find(from);
    if (!found) throw missingSource('move', from);
    const value = take(found, found[1], 'move');
    if (!this.#find(path)) throw missingDestination('move', path);
    this.#add('move', path, value);
  }

  #copy(from: string, path: string): void {
    const found = this.#find(from);
    if (!found) throw missingSource('copy', from);
    const value = read(found, key => `error in copy for from: '${from}': ${badIndex(key)}`);
    if (!this.#find(path)) throw missingDestination('copy', path);
    this.#copied += countNodes(value);
    if (this.#copied > maxCopied) {
      throw new OperationError(
        `Unable to complete the copy, the accumulated size exceeds ${maxCopied} values`,
      );
    }
    this.#add('copy', path, copyJson(value));
  }

  #test(path: string, expected: unknown): void {
    const found = this.#find(path);
    if (!found)
      throw new OperationError(`test operation does not apply: is missing path: ${path}: missing value`);
    const value = read(found, key => `error in test for path: '${path}': ${badIndex(key)}`);
    if (!equalJson(value, expected)) {
      throw new TestFailedError(`testing value ${path} failed: test failed`);
    }
  }
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function get(container: Container, key: string): unknown {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = indexOf(key, container.length);
  return index === undefined ? undefined : container[index];
}

/** What a step leads to: null for a member there is not. `why` tells that there is no such element. */
function read([container, key]: [Container, string], why: (key: string) => string): unknown {
  const value = get(container, key);
  if (value === undefined && Array.isArray(container)) throw new OperationError(why(key));
  return value ?? null;
}

/** Removes and returns what `get` would return. `at` is what messages call it. */
function take([container, key]: [Container, string], at: string, verb: string): unknown {
  if (Array.isArray(container)) {
    const index = indexOf(key, container.length);
    if (index === undefined) throw new OperationError(`error in ${verb} for path: '${at}': ${badIndex(key)}`);
    return container.splice(index, 1)[0];
  }
  if (!Object.hasOwn(container, key)) {
    throw new OperationError(
      `error in ${verb} for path: '${at}': Unable to remove nonexistent key: ${key}: missing value`,
    );
  }
  const value = container[key];
  delete container[key];
  return value;
}

/** An index below `length`; negative ones count from the end. */
function indexOf(key: string, length: number): number | undefined {
  if (!/^-?\d{1,9}$/.test(key)) return undefined;
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  return index >= 0 && index < length ? index : undefined;
}

function isIndex(key: string): boolean {
  return /^-?\d+$/.test(key);
}

function badIndex(key: string): string {
  return isIndex(key)
    ? `Unable to access invalid index: ${key}: invalid index referenced`
    : `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
}

function missingSource(verb: string, from: string): OperationError {
  return new OperationError(
    `${verb} operation does not apply: doc is missing from path: ${from}: missing value`,
  );
}

function missingDestination(verb: string, path: string): OperationError {
  return new OperationError(
    `${verb} operation does not apply: doc is missing destination path: ${path}: missing value`,
  );
}

function pathOf({ op, path }: Operation): string {
  if (typeof path === 'string') return path;
  throw new OperationError(`${op} operation failed to decode path: missing value`);
}

function fromOf({ op, from }: Operation): string {
  if (typeof from === 'string') return from;
  throw new OperationError(
    `${op} operation failed to decode from: operation, missing from field: missing value`,
  );
}

function countNodes(value: unknown): number {
  if (!isContainer(value)) return 1;
  let count = 1;
  for (const member of Object.values(value)) count += countNodes(member);
  return count;
}
