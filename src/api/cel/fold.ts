import type { FoldMacro } from './ast.ts';
import type { Frame, Step } from './planner.ts';
import {
  CelError,
  EntryMap,
  ItemList,
  ListValue,
  MapValue,
  noSuchOverload,
  plainKey,
  Uint,
  type Value,
} from './values.ts';

/** The parts of a macro that runs over a list or a map. */
export interface FoldParts {
  readonly range: Step;
  /** Where its one or two variables are kept. */
  readonly slots: readonly number[];
  readonly condition: Step | undefined;
  readonly body: Step | undefined;
}

/** What each round costs besides its own parts: the accumulator is read, joined and tested. */
const roundCost = 3;

/** Runs `visit` for each item; it stops with what that returns. */
type Rounds = (frame: Frame, visit: (key: Value) => Value | undefined) => Value | undefined;

export function planFold(macro: FoldMacro, parts: FoldParts): Step {
  const rounds = roundsOver(parts);
  switch (macro) {
    case 'all':
      return quantifier(rounds, parts.condition!, true);
    case 'exists':
      return quantifier(rounds, parts.condition!, false);
    case 'existsOne':
      return existsOne(rounds, parts.condition!);
    case 'filter':
    case 'map':
    case 'transformList':
      return listFold(
        rounds,
        macro === 'filter' ? readVariable(parts.slots[0]!) : parts.body!,
        parts.condition,
      );
    case 'transformMap':
    case 'transformMapEntry':
      return mapFold(rounds, parts.body!, parts.condition, macro === 'transformMapEntry');
  }
}

function readVariable(slot: number): Step {
  return frame => frame.slots[slot]!;
}

function roundsOver({ range, slots }: FoldParts): Rounds {
  const [first, second] = slots;
  return (frame, visit) => {
    const over = range(frame);
    if (over instanceof CelError) return over;
    if (over instanceof ListValue) {
      for (let i = 0; i < over.size; i++) {
        frame.meter.charge(roundCost);
        const item = over.at(i)!;
        const index = BigInt(i);
        frame.slots[first!] = second === undefined ? item : index;
        if (second !== undefined) frame.slots[second] = item;
        const end = visit(index);
        if (end !== undefined) return end;
      }
      return undefined;
    }
    if (!(over instanceof MapValue)) return noSuchOverload;
    for (const key of over.keys()) {
      frame.meter.charge(roundCost);
      frame.slots[first!] = key;
      if (second !== undefined) frame.slots[second] = over.get(key)!;
      const end = visit(key);
      if (end !== undefined) return end;
    }
    return undefined;
  };
}

/** An error counts only when no other item decides. */
function quantifier(rounds: Rounds, condition: Step, all: boolean): Step {
  return frame => {
    let failure: CelError | undefined;
    const end = rounds(frame, () => {
      const value = condition(frame);
      if (value === !all) return value;
      if (value !== all) failure ??= value instanceof CelError ? value : noSuchOverload;
      return undefined;
    });
    return end ?? failure ?? all;
  };
}

/** Undefined for true, false to leave an item out. */
function test(condition: Step | undefined, frame: Frame): undefined | false | CelError {
  if (!condition) return undefined;
  const value = condition(frame);
  if (value === true) return undefined;
  return value === false || value instanceof CelError ? value : noSuchOverload;
}

function existsOne(rounds: Rounds, condition: Step): Step {
  return frame => {
    let count = 0;
    const end = rounds(frame, () => {
      const out = test(condition, frame);
      if (out instanceof CelError) return out;
      if (out === undefined) count++;
      return undefined;
    });
    return end ?? count === 1;
  };
}

function listFold(rounds: Rounds, body: Step, condition: Step | undefined): Step {
  return frame => {
    const items: Value[] = [];
    const end = rounds(frame, () => {
      const out = test(condition, frame);
      if (out !== undefined) return out === false ? undefined : out;
      const value = body(frame);
      if (value instanceof CelError) return value;
      items.push(value);
      return undefined;
    });
    return end ?? new ItemList(items);
  };
}

function mapFold(rounds: Rounds, body: Step, condition: Step | undefined, entries: boolean): Step {
  return frame => {
    const made = new EntryMap();
    const end = rounds(frame, key => {
      const out = test(condition, frame);
      if (out !== undefined) return out === false ? undefined : out;
      const value = body(frame);
      if (value instanceof CelError) return value;
      return entries ? merge(made, value) : addEntry(made, key, value);
    });
    return end ?? made;
  };
}

function merge(into: EntryMap, value: Value): CelError | undefined {
  if (!(value instanceof MapValue)) return noSuchOverload;
  for (const key of value.keys()) {
    const failure = addEntry(into, key, value.get(key)!);
    if (failure) return failure;
  }
  return undefined;
}

/** @returns what is wrong with the key */
export function addEntry(map: EntryMap, key: Value, value: Value | undefined): CelError | undefined {
  if (plainKey(key) === undefined) return new CelError('unsupported key type');
  if (map.has(key))
    return new CelError(`insert failed: key ${key instanceof Uint ? key.value : key} already exists`);
  if (value !== undefined) map.set(key as string | bigint | boolean, value);
  return undefined;
}
