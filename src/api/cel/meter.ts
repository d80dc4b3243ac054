/** What one expression may cost, in cel-go's units (celconfig.PerCallLimit). */
export const perCallLimit = 1_000_000;
/** What the expressions of one request may cost together (celconfig.RuntimeCELCostBudget). */
export const runtimeBudget = 10_000_000;
/** The same for the match conditions of one webhook or policy. */
export const matchConditionsBudget = runtimeBudget / 4;

/** Ends an evaluation that got too dear. */
export class CostExceeded extends Error {}

/**
 * How long one expression may keep the processor, in microseconds: everybody else waits meanwhile. The limit of
 * cost comes first where costs are what they are meant to be; this one holds where they are not.
 */
const maxProcessorTime = 45_000;
/** How much cost goes by between two looks at the processor's time. */
const looksEvery = 5_000;

/** Counts what one evaluation costs. */
export class Meter {
  spent = 0;
  readonly #limit: number;
  readonly #processorTime: number;
  #nextLook: number;
  #start: number | undefined;

  constructor(limit: number, processorTime: number) {
    this.#limit = limit;
    this.#processorTime = processorTime;
    this.#nextLook = Math.min(looksEvery, limit);
  }

  /** @throws CostExceeded */
  charge(cost: number): void {
    this.spent += cost;
    if (this.spent > this.#nextLook) this.#look();
  }

  /** Waiting for other threads does not count, so that a busy machine refuses nothing that another takes. */
  #look(): void {
    const { user, system } = process.threadCpuUsage();
    this.#start ??= user + system;
    if (this.spent > this.#limit || user + system - this.#start > this.#processorTime)
      throw new CostExceeded();
    this.#nextLook = Math.min(this.spent + looksEvery, this.#limit);
  }
}

/** How long one request may evaluate in one go, in milliseconds. */
const slice = 15;

/** What the expressions of one request may cost together, and how long they may keep everybody waiting. */
export class CostBudget {
  #left: number;
  /** Of one expression, in microseconds. */
  readonly processorTime: number;
  #since = performance.now();

  constructor(budget: number = runtimeBudget, options: { processorTime?: number } = {}) {
    this.#left = budget;
    this.processorTime = options.processorTime ?? maxProcessorTime;
  }

  get exhausted(): boolean {
    return this.#left < 0;
  }

  get left(): number {
    return Math.max(0, this.#left);
  }

  spend(cost: number): void {
    this.#left -= cost;
  }

  /** Lets others have a turn, once this request has had its slice of time. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#since < slice) return;
    await new Promise(resolve => setImmediate(resolve));
    this.#since = performance.now();
  }
}
