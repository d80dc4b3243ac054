import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { tooManyRequests } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { Call } from '../call.ts';
import type { ApiUser, ServerResponse } from '../exchange.ts';
import { bySchemaOrder, type CompiledSchema, compileSchema, flowName, schemaMatches } from './flow-schema.ts';
import { PriorityLevel, type Waiting } from './priority-level.ts';
import { flowHash } from './shuffle-sharding.ts';

export interface FlowControlDeps {
  clock: Clock;
  /** How many objects a list looks at. */
  countObjects(call: Call): number;
}

export interface FlowControlOptions {
  /** Seats of all levels together (upstream: --max-requests-inflight + --max-mutating-requests-inflight). */
  seats?: number;
  /** Milliseconds of work after which requests of one turn of the event loop wait for a fair one. */
  turn?: number;
}

const defaultSeats = 600;
const defaultTurn = 10;
/** Milliseconds a request waits at most (upstream: a quarter of the request timeout). */
const maxWait = 15_000;
/** A list takes a seat for so many objects, and no more than this many seats. */
const objectsPerSeat = 100;
const maxSeats = 10;
/** Kinds of requests remembered for one user. */
const maxKnown = 64;
/** Long lists at work at a time: they share one thread, more of them would only make every turn longer. */
const maxLong = 4;

type Work = () => ServerResponse | Promise<ServerResponse>;

/**
 * API priority and fairness (upstream: apiserver/pkg/util/flowcontrol): FlowSchemas sort requests into flows of
 * priority levels; a level has seats, lends those it does not need, and lets its flows wait in turn where there
 * is none. Work in this server is done on one thread: a burst that keeps it busy for a whole turn of the event
 * loop waits as well, so that requests that arrive meanwhile get their share.
 */
export class FlowControl {
  readonly #deps: FlowControlDeps;
  readonly #seats: number;
  readonly #turn: number;
  readonly #levels = new Map<string, PriorityLevel>();
  #schemas: CompiledSchema[] = [];
  #known = new WeakMap<ApiUser, Map<string, CompiledSchema>>();
  /** Requests that wait, of all levels. */
  #waiting = 0;
  /** Long lists at work. */
  #long = 0;
  #turnStart: number | undefined;
  #pumping = false;

  constructor(deps: FlowControlDeps, options: FlowControlOptions = {}) {
    this.#deps = deps;
    this.#seats = options.seats ?? defaultSeats;
    this.#turn = options.turn ?? defaultTurn;
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values();
  }

  setSchema(object: Stored<FlowSchema>): void {
    const others = this.#schemas.filter(({ name }) => name !== object.metadata.name);
    this.#schemas = [...others, compileSchema(object)].sort(bySchemaOrder);
    this.#known = new WeakMap();
  }

  removeSchema({ metadata }: Stored<FlowSchema>): void {
    this.#schemas = this.#schemas.filter(({ name }) => name !== metadata.name);
    this.#known = new WeakMap();
  }

  setLevel(object: Stored<PriorityLevelConfiguration>): void {
    const { name } = object.metadata;
    const level = this.#levels.get(name) ?? new PriorityLevel(name);
    level.configure(object);
    this.#levels.set(name, level);
    this.#divide();
  }

  removeLevel({ metadata }: Stored<PriorityLevelConfiguration>): void {
    const level = this.#levels.get(metadata.name);
    if (!level) return;
    this.#levels.delete(metadata.name);
    for (let request = level.next(() => true); request; request = level.next(() => true)) {
      this.#take(level, request);
      request.start();
    }
    this.#divide();
  }

  /**
   * Does `work` when it is the request's turn, and notes in the call who decided it.
   * @throws ApiError 429 where the level has no seat and no room to wait, or none came in time.
   */
  run(call: Call, work: Work): ServerResponse | Promise<ServerResponse> {
    const schema = this.#schemaOf(call);
    const level = schema && this.#levels.get(schema.level);
    // Before the objects are there, and where somebody removed them all, nothing is held back.
    if (!level) return work();
    call.flow = { schema: schema.uid, level: level.uid };
    if (level.exempt) return work();
    const seats = this.#seatsOf(call, level);
    const request: Waiting = { seats, long: seats > 1, start: nothing };
    if (this.#waiting === 0 && !this.#isBusy() && this.#canStart(level, request)) {
      return this.#begin(level, request, work);
    }
    return this.#wait(call, schema, level, request, work);
  }

  /** Remembered for the user of a connection: most of its requests are alike. */
  #schemaOf({ info, user }: Call): CompiledSchema | undefined {
    let known = this.#known.get(user);
    if (!known) {
      known = new Map();
      this.#known.set(user, known);
    }
    const asked = info.isResource ? `${info.group}/${info.resource}/${info.subresource}` : info.path;
    const key = `${info.verb} ${info.namespace} ${asked}`;
    let schema = known.get(key);
    if (schema) return schema;
    schema = this.#schemas.find(each => schemaMatches(each, info, user));
    if (schema && known.size < maxKnown) known.set(key, schema);
    return schema;
  }

  #wait(
    call: Call,
    schema: CompiledSchema,
    level: PriorityLevel,
    request: Waiting,
    work: Work,
  ): Promise<ServerResponse> {
    return new Promise((resolve, reject) => {
      const { signal } = call.request;
      const end = () => {
        cancel();
        signal.removeEventListener('abort', giveUp);
      };
      request.start = () => {
        end();
        try {
          resolve(this.#begin(level, request, work));
        } catch (error) {
          reject(error);
        }
      };
      const giveUp = () => {
        end();
        if (!level.remove(request)) return;
        this.#waiting--;
        level.rejected++;
        reject(tooMany());
      };
      if (!level.enqueue(request, flowHash(schema.name, flowName(schema, call.info, call.user)))) {
        level.rejected++;
        reject(tooMany());
        return;
      }
      this.#waiting++;
      const cancel = this.#deps.clock.after(maxWait, giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#schedulePump();
    });
  }

  #begin(level: PriorityLevel, request: Waiting, work: Work): ServerResponse | Promise<ServerResponse> {
    level.used += request.seats;
    if (request.long) this.#long++;
    level.dispatched++;
    level.begun(request);
    const from = this.#deps.clock.monotonic();
    let leaves = true;
    try {
      const answer = work();
      if (!(answer instanceof Promise)) return answer;
      leaves = false;
      return answer.finally(() => this.#leave(level, request, this.#deps.clock.monotonic() - from));
    } finally {
      if (leaves) this.#leave(level, request, this.#deps.clock.monotonic() - from);
    }
  }

  #leave(level: PriorityLevel, request: Waiting, work: number): void {
    level.used -= request.seats;
    if (request.long) this.#long--;
    level.ended(request, work);
    if (this.#waiting > 0) this.#schedulePump();
  }

  #schedulePump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#turnStart = undefined;
      this.#pump();
    });
  }

  /** Starts who can start, the levels in turn, until the event loop has others to look after. */
  #pump(): void {
    for (let started = true; started && this.#waiting > 0; ) {
      started = false;
      for (const level of this.#levels.values()) {
        if (level.waiting === 0) continue;
        const request = level.next(each => this.#canStart(level, each));
        if (!request) continue;
        if (this.#isBusy()) {
          this.#schedulePump();
          return;
        }
        this.#take(level, request);
        request.start();
        started = true;
      }
    }
  }

  #take(level: PriorityLevel, request: Waiting): void {
    level.remove(request);
    this.#waiting--;
  }

  /** Whether this turn of the event loop has worked for as long as it may. */
  #isBusy(): boolean {
    const now = this.#deps.clock.monotonic();
    if (this.#turnStart === undefined) {
      this.#turnStart = now;
      setImmediate(this.#endTurn);
      return false;
    }
    return now - this.#turnStart > this.#turn;
  }

  readonly #endTurn = () => {
    this.#turnStart = undefined;
  };

  #canStart(level: PriorityLevel, { seats, long }: Waiting): boolean {
    return (!long || this.#long < maxLong) && this.#hasSeats(level, seats);
  }

  /** Seats beyond what is guaranteed to a level are shared by all, as far as others lend theirs. */
  #hasSeats(level: PriorityLevel, seats: number): boolean {
    const after = level.used + seats;
    if (after <= level.guaranteed) return true;
    if (after > level.limit) return false;
    let free = 0;
    for (const each of this.#levels.values()) {
      if (each.exempt) continue;
      free += each.nominal - Math.max(each.used, each.guaranteed);
    }
    return after - Math.max(level.used, level.guaranteed) <= free;
  }

  #divide(): void {
    const limited = [...this.#levels.values()].filter(({ exempt }) => !exempt);
    const sum = limited.reduce((total, { shares }) => total + shares, 0);
    for (const level of limited) {
      level.nominal = sum > 0 ? Math.ceil((this.#seats * level.shares) / sum) : 0;
    }
  }

  #seatsOf(call: Call, level: PriorityLevel): number {
    if (call.info.verb !== 'list') return 1;
    const wanted = Math.ceil(this.#deps.countObjects(call) / objectsPerSeat);
    return Math.max(1, Math.min(wanted, maxSeats, Math.ceil(level.nominal * 0.15)));
  }
}

function nothing(): void {}

function tooMany() {
  return tooManyRequests('Too many requests, please try again later.');
}
