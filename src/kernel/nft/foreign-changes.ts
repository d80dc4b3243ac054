import type { Cancel, Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { Nft, TableChange } from './nft.ts';
import type { TableName } from './ruleset.ts';

const retryInterval = 10_000;

/**
 * Notices that somebody else changed tables of ours. The kernel tells of every transaction on a table without
 * a name one could trust, so ours are counted: one more than we made is somebody else's. Counted too low, a
 * check is made for nothing; too high is put right by the next periodic check.
 */
export class ForeignChanges {
  readonly #deps: { clock: Clock; log: Logger; nft: Nft; onChange(): void };
  readonly #tables: ReadonlySet<string>;
  /** Transactions of ours that were not told of yet. */
  readonly #expected = new Map<string, number>();
  #stopWatch: Cancel | undefined;
  #cancelRetry: Cancel | undefined;
  #running = false;
  /** Whether a watch ended: what happened until the next one begins is not told. */
  #missed = false;

  constructor(
    deps: { clock: Clock; log: Logger; nft: Nft; onChange(): void },
    options: { tables: readonly string[] },
  ) {
    this.#deps = deps;
    this.#tables = new Set(options.tables);
  }

  start(): void {
    this.#running = true;
    this.#watch();
  }

  stop(): void {
    this.#running = false;
    this.#cancelRetry?.();
    this.#stopWatch?.();
  }

  /** Runs a transaction of ours on a table. */
  async whileOwn(table: TableName, apply: () => Promise<void>): Promise<void> {
    const key = `${table.family} ${table.name}`;
    if (this.#running) this.#add(key, 1);
    try {
      await apply();
    } catch (error) {
      if (this.#running) this.#add(key, -1);
      throw error;
    }
  }

  #add(key: string, count: number): void {
    this.#expected.set(key, Math.max(0, (this.#expected.get(key) ?? 0) + count));
  }

  #watch(): void {
    this.#stopWatch = this.#deps.nft.watchTables(change => this.#on(change));
  }

  #on(change: TableChange): void {
    if (!this.#running) return;
    if (change.kind === 'changed') {
      if (!this.#tables.has(change.table)) return;
      const expected = this.#expected.get(change.table) ?? 0;
      if (expected > 0) this.#add(change.table, -1);
      else this.#deps.onChange();
      return;
    }
    if (change.kind === 'began' && !this.#missed) return;
    if (change.kind === 'deleted' && !this.#tables.has(change.table)) return;
    this.#expected.clear();
    this.#deps.onChange();
    this.#missed = false;
    if (change.kind !== 'ended') return;
    this.#missed = true;
    this.#deps.log.warn('changes of our rules by others are not seen for a while', {
      error: errorChain(new Error(change.reason)),
    });
    this.#cancelRetry = this.#deps.clock.after(retryInterval, () => this.#watch());
  }
}
