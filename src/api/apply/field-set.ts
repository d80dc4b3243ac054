/**
 * Sets of fields, as trees: `members` are the fields of this level that belong to the set, `children` the sets
 * below a field. A field can be both. Never changed once made, except by `insert` while it is being built.
 */
import { isObject, type JsonObject, setMember } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { schemaOfElement } from './element-schema.ts';
import { memberOf, normalElement, type PathElement } from './path-element.ts';

/** Deepest path that is read from a client's fieldsV1. */
const maxDepth = 200;

export class FieldSet {
  readonly members = new Set<PathElement>();
  readonly children = new Map<PathElement, FieldSet>();

  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  insert(path: readonly PathElement[]): void {
    let at: FieldSet = this;
    for (const element of path.slice(0, -1)) {
      let child = at.children.get(element);
      if (!child) {
        child = new FieldSet();
        at.children.set(element, child);
      }
      at = child;
    }
    if (path.length > 0) at.members.add(path.at(-1)!);
  }

  get empty(): boolean {
    if (this.members.size > 0) return false;
    for (const child of this.children.values()) if (!child.empty) return false;
    return true;
  }

  has(path: readonly PathElement[]): boolean {
    let at: FieldSet | undefined = this;
    for (const element of path.slice(0, -1)) at = at?.children.get(element);
    return path.length > 0 && (at?.members.has(path.at(-1)!) ?? false);
  }

  union(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const element of this.members) result.members.add(element);
    for (const element of other.members) result.members.add(element);
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      result.#adopt(element, theirs ? child.union(theirs) : child);
    }
    for (const [element, child] of other.children) {
      if (!this.children.has(element)) result.#adopt(element, child);
    }
    return result;
  }

  intersection(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) result.members.add(element);
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (theirs) result.#adopt(element, child.intersection(theirs));
    }
    return result;
  }

  /** The fields of this set that are not in the other. */
  difference(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) result.members.add(element);
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      result.#adopt(element, theirs ? child.difference(theirs) : child);
    }
    return result;
  }

  /** As `difference`; a field in the other set takes everything below it along. */
  recursiveDifference(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) result.members.add(element);
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue;
      const theirs = other.children.get(element);
      result.#adopt(element, theirs ? child.recursiveDifference(theirs) : child);
    }
    return result;
  }

  /** The set with every struct field that has fields of the set below it. */
  withNamedFields(schema: Schema | undefined): FieldSet {
    const result = new FieldSet();
    for (const element of this.members) result.members.add(element);
    for (const [element, child] of this.children) {
      const name = memberOf(element);
      if (name !== undefined && schema?.kind === 'struct' && schema.fields.has(name))
        result.members.add(element);
      result.#adopt(element, child.withNamedFields(schemaOfElement(schema, element)));
    }
    return result;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** All paths, parents before what is below them, otherwise sorted. */
  paths(): PathElement[][] {
    const found: PathElement[][] = [];
    for (const element of [...this.members].sort()) found.push([element]);
    for (const element of [...this.children.keys()].sort()) {
      for (const path of this.children.get(element)!.paths()) found.push([element, ...path]);
    }
    return found;
  }

  /** The JSON of `fieldsV1`. */
  toFieldsV1(): JsonObject {
    const result: JsonObject = {};
    const elements = new Set([...this.members, ...this.children.keys()]);
    for (const element of [...elements].sort()) {
      const child = this.children.get(element);
      const below = child && !child.empty ? child.toFieldsV1() : {};
      const both = this.members.has(element) && Object.keys(below).length > 0;
      if (both) setMember(result, element, { '.': {}, ...below });
      else if (this.members.has(element) || Object.keys(below).length > 0) setMember(result, element, below);
    }
    return result;
  }

  /**
   * The set that `fieldsV1` tells.
   * @throws SyntaxError
   */
  static fromFieldsV1(json: unknown, depth = 0): FieldSet {
    if (!isObject(json)) throw new SyntaxError('fieldsV1 is no object');
    if (depth > maxDepth) throw new SyntaxError(`fieldsV1 is deeper than ${maxDepth}`);
    const set = new FieldSet();
    for (const [text, below] of Object.entries(json)) {
      if (text === '.') continue;
      const element = normalElement(text);
      const child = FieldSet.fromFieldsV1(below, depth + 1);
      if (child.empty || '.' in (below as object)) set.members.add(element);
      set.#adopt(element, child);
    }
    return set;
  }

  #adopt(element: PathElement, child: FieldSet): void {
    if (!child.empty) this.children.set(element, child);
  }
}
