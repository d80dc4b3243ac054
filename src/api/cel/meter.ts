/** What one expression may cost, in cel-go's units (celconfig.PerCallLimit). */
export const perCallLimit = 1_000_000;
/** What the expressions of one request may cost together (celconfig.RuntimeCELCostBudget). */
export const runtimeBudget = 10_000_000;
/** The same for the match conditions of one webhook or policy. */
export const matchConditionsBudget = runtimeBudget / 4;

/** Ends an evaluation that got too dear. */
export class CostExceeded extends Error {}

/** Counts what one evaluation costs. */
export class Meter {
  spent = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws CostExceeded */
  charge(cost: number): void {
    this.spent += cost;
    if (this.spent > this.#limit) throw new CostExceeded();
  }
}

/** How long one request may evaluate in one go, in milliseconds. */
const slice = 15;

/** What the expressions of one request may cost together, and how long they may keep everybody waiting. */
export class CostBudget {
  #left: number;
  #since = performance.now();

  constructor(budget: number = runtimeBudget) {
    this.#left = budget;
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
