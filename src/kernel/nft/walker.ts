import { isIPv6 } from 'node:net';
import { cidrContains, parseAddress, parseCidr } from '../../base/ip-address.ts';
import type {
  Chain,
  Elements,
  Field,
  Hook,
  Key,
  MarkSource,
  Rule,
  SetDefinition,
  Statement,
  TableLayout,
} from './ruleset.ts';

/** A packet as rules see it: the first of its flow, unless `ctState` says otherwise. */
export interface Packet {
  saddr: string;
  daddr: string;
  protocol: 'tcp' | 'udp' | 'sctp' | 'icmp';
  sport: number;
  dport: number;
  iif?: string;
  oif?: string;
  mark?: number;
  /** Of its flow. */
  flowMark?: number;
  ctState?: 'new' | 'established' | 'related' | 'invalid';
}

/** A table with the elements its sets hold. */
export interface LiveTable {
  layout: TableLayout;
  elements: Elements;
}

/** The machine a packet walks through. */
export interface WalkContext {
  tables: readonly LiveTable[];
  /** Addresses of the machine itself: packets to them go to input, others are forwarded. */
  isLocal(address: string): boolean;
  /** The address `masquerade` takes for packets to `destination`. */
  sourceFor(destination: string): string;
  /** A whole number from 0 up to `modulus - 1`. */
  random(modulus: number): number;
}

/** Where the packet ends, and each rule that did something on its way. */
export interface WalkResult {
  verdict: 'accept' | 'drop' | 'reject';
  packet: Packet;
  masqueraded: boolean;
  /** Where it was delivered: to the machine itself or onwards. */
  path: 'input' | 'forward' | 'output';
  steps: WalkStep[];
}

export interface WalkStep {
  table: string;
  chain: string;
  rule: Rule;
  effect: string;
}

type Outcome = 'continue' | 'return' | 'accept' | 'drop' | 'reject';

/**
 * Sends a packet through the hooks as the kernel does and says what becomes of it. The address translation
 * of a flow is decided on its first packet: a nat chain that has rewritten the packet ends that hook.
 * @param origin `local` for a packet made on the machine, `link` for one that came in.
 */
export function walk(context: WalkContext, packet: Packet, origin: 'local' | 'link'): WalkResult {
  return new Walk(context, packet).run(origin);
}

class Walk {
  readonly #context: WalkContext;
  readonly #packet: Packet;
  /** The packet as it came. */
  readonly #original: Packet;
  readonly #steps: WalkStep[] = [];
  #masqueraded = false;
  #rewritten = false;

  constructor(context: WalkContext, packet: Packet) {
    this.#context = context;
    this.#packet = { mark: 0, flowMark: 0, ctState: 'new', ...packet };
    this.#original = { ...this.#packet };
  }

  run(origin: 'local' | 'link'): WalkResult {
    const first = origin === 'local' ? 'output' : 'prerouting';
    let path: WalkResult['path'] = 'output';
    let outcome = this.#hook(first);
    if (outcome === 'accept' && origin === 'link') {
      path = this.#context.isLocal(this.#packet.daddr) ? 'input' : 'forward';
      outcome = this.#hook(path);
    }
    if (outcome === 'accept' && path !== 'input') outcome = this.#hook('postrouting');
    return {
      verdict: outcome,
      packet: this.#packet,
      masqueraded: this.#masqueraded,
      path,
      steps: this.#steps,
    };
  }

  /** Runs the base chains of one hook in the order of their priorities. */
  #hook(hook: Hook['hook']): 'accept' | 'drop' | 'reject' {
    const family = isIPv6(this.#packet.daddr) ? 'ip6' : 'ip';
    const chains = this.#context.tables
      .filter(({ layout }) => layout.family === family || layout.family === 'inet')
      .flatMap(table => table.layout.chains.map(chain => ({ table, chain })))
      .filter(({ chain }) => chain.hook?.hook === hook)
      .sort((a, b) => a.chain.hook!.priority - b.chain.hook!.priority);
    this.#rewritten = false;
    for (const { table, chain } of chains) {
      const isNat = chain.hook!.type === 'nat';
      if (isNat && (this.#packet.ctState !== 'new' || this.#rewritten)) continue;
      const outcome = this.#chain(table, chain);
      if (outcome === 'drop' || outcome === 'reject') return outcome;
    }
    return 'accept';
  }

  #chain(table: LiveTable, chain: Chain): Outcome {
    for (const rule of chain.rules) {
      const outcome = this.#rule(table, chain, rule);
      if (outcome === 'return') return 'continue';
      if (outcome !== 'continue') return outcome;
    }
    return 'continue';
  }

  #rule(table: LiveTable, chain: Chain, rule: Rule): Outcome {
    for (const statement of rule.statements) {
      const result = this.#statement(table, chain, rule, statement);
      if (result === 'mismatch') return 'continue';
      if (result !== 'continue') return result;
    }
    return 'continue';
  }

  #statement(table: LiveTable, chain: Chain, rule: Rule, statement: Statement): Outcome | 'mismatch' {
    const note = (effect: string) =>
      void this.#steps.push({ table: table.layout.name, chain: chain.name, rule, effect });
    if ('match' in statement) return this.#matches(table, statement) ? 'continue' : 'mismatch';
    if ('markBits' in statement) {
      return ((this.#packet.mark! & statement.markBits) !== 0) === statement.set ? 'continue' : 'mismatch';
    }
    if ('verdicts' in statement) return this.#verdictOf(table, statement, note);
    if ('setMark' in statement) return this.#setMark(table, 'mark', statement.setMark, note);
    if ('setFlowMark' in statement) return this.#setMark(table, 'flowMark', statement.setFlowMark, note);
    if ('dnat' in statement) return this.#dnat(table, statement, note);
    if ('update' in statement) {
      note(`remembers ${this.#keyOf(statement.key)}`);
      return 'continue';
    }
    if ('masquerade' in statement) return this.#masquerade(note);
    if ('reject' in statement) {
      note(`rejects with ${statement.reject}`);
      return 'reject';
    }
    if ('chain' in statement) return this.#goTo(table, statement.verdict, statement.chain);
    if (statement.verdict !== 'return') note(`${statement.verdict}s`);
    return statement.verdict;
  }

  #matches(table: LiveTable, statement: Extract<Statement, { match: Key }>): boolean {
    const key = this.#keyOf(statement.match);
    const { value } = statement;
    let found: boolean;
    if (typeof value === 'string') found = valueMatches(key, value);
    else if ('set' in value) found = this.#element(table, value.set, key) !== undefined;
    else found = value.some(one => valueMatches(key, one));
    return found !== (statement.not ?? false);
  }

  #verdictOf(
    table: LiveTable,
    statement: Extract<Statement, { verdicts: string }>,
    note: (effect: string) => void,
  ): Outcome | 'mismatch' {
    const key = this.#keyOf(statement.lookup);
    const verdict = this.#element(table, statement.verdicts, key);
    if (verdict === undefined) return 'mismatch';
    note(`finds ${key} in ${statement.verdicts}: ${verdict}`);
    const [word, target] = verdict.split(' ');
    if (word === 'goto' || word === 'jump') return this.#goTo(table, word, target!);
    return word as Outcome;
  }

  #setMark(
    table: LiveTable,
    which: 'mark' | 'flowMark',
    source: MarkSource,
    note: (effect: string) => void,
  ): Outcome | 'mismatch' {
    const set = (value: number, effect?: string): Outcome => {
      this.#packet[which] = value;
      if (effect !== undefined) note(effect);
      return 'continue';
    };
    if ('value' in source) return set(source.value);
    if ('random' in source) {
      const drawn = (source.offset ?? 0) + this.#context.random(source.random);
      return set(drawn, `draws ${drawn} of ${source.random}`);
    }
    if ('hash' in source) {
      const key = this.#keyOf(source.hash);
      const hashed = (source.offset ?? 0) + (hashOf(key) % source.modulus);
      return set(hashed, `takes ${hashed} of ${source.modulus} by ${key}`);
    }
    const data = this.#element(table, source.map, this.#keyOf(source.lookup));
    if (data === undefined) return 'mismatch';
    return set(Number(data), `takes ${data} from ${source.map}`);
  }

  #dnat(
    table: LiveTable,
    statement: Extract<Statement, { dnat: Key }>,
    note: (effect: string) => void,
  ): Outcome | 'mismatch' {
    const data = this.#element(table, statement.map, this.#keyOf(statement.dnat));
    if (data === undefined) return 'mismatch';
    const [address, port] = data.split(' . ');
    note(`rewrites ${this.#packet.daddr}:${this.#packet.dport} to ${address}:${port}`);
    this.#packet.daddr = address!;
    this.#packet.dport = Number(port);
    this.#rewritten = true;
    return 'accept';
  }

  #masquerade(note: (effect: string) => void): Outcome {
    const source = this.#context.sourceFor(this.#packet.daddr);
    note(`masquerades ${this.#packet.saddr} as ${source}`);
    this.#packet.saddr = source;
    this.#masqueraded = true;
    this.#rewritten = true;
    return 'accept';
  }

  #goTo(table: LiveTable, how: 'jump' | 'goto', name: string): Outcome {
    const chain = table.layout.chains.find(candidate => candidate.name === name);
    if (!chain)
      throw new Error(`chain ${name} is named by a rule of ${table.layout.name} and does not exist`);
    const outcome = this.#chain(table, chain);
    // After a goto the caller's caller goes on; a base chain's end is its policy, accept.
    return outcome === 'continue' && how === 'goto' ? 'return' : outcome;
  }

  #keyOf(key: Key): string {
    return key.map(field => this.#fieldOf(field)).join(' . ');
  }

  #fieldOf(field: Field): string {
    const packet = this.#packet;
    switch (field) {
      case 'ip saddr':
      case 'ip6 saddr':
        return packet.saddr;
      case 'ip daddr':
      case 'ip6 daddr':
        return packet.daddr;
      case 'meta l4proto':
        return packet.protocol;
      case 'th sport':
        return String(packet.sport);
      case 'th dport':
        return String(packet.dport);
      case 'meta mark':
        return `0x${packet.mark!.toString(16)}`;
      case 'ct mark':
        return `0x${packet.flowMark!.toString(16)}`;
      case 'meta iifname':
        return packet.iif ?? '';
      case 'meta oifname':
        return packet.oif ?? '';
      case 'ct state':
        return packet.ctState ?? 'new';
      case 'ct original ip daddr':
      case 'ct original ip6 daddr':
        return this.#original.daddr;
      case 'fib daddr type':
        return this.#context.isLocal(packet.daddr) ? 'local' : 'unicast';
    }
  }

  #element(table: LiveTable, set: string, key: string): string | undefined {
    const definition = table.layout.sets.find(candidate => candidate.name === set);
    if (!definition)
      throw new Error(`set ${set} is named by a rule of ${table.layout.name} and does not exist`);
    return findElement(definition, table.elements.get(set), key);
  }
}

/** Alike for the same key; not the number the kernel's hash gives, which is nobody's concern. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const char of key) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

/** The data of the element that `key` falls in; interval sets are searched part by part. */
export function findElement(
  definition: SetDefinition,
  elements: ReadonlyMap<string, string> | undefined,
  key: string,
): string | undefined {
  const exact = elements?.get(key);
  if (exact !== undefined || !elements || !definition.flags?.includes('interval')) return exact;
  const parts = key.split(' . ');
  for (const [candidate, data] of elements) {
    const ranges = candidate.split(' . ');
    if (ranges.every((range, index) => valueMatches(parts[index]!, range))) return data;
  }
  return undefined;
}

/** Whether a field's value is the one asked for, or lies in the subnet or range asked for. */
function valueMatches(value: string, asked: string): boolean {
  if (value === asked) return true;
  if (asked.includes('/')) {
    const address = parseAddress(value);
    return address !== undefined && cidrContains(parseCidr(asked)!, address);
  }
  const range = /^(\d+)-(\d+)$/.exec(asked);
  return range !== null && Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
}
