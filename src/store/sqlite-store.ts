import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { JournaledStore } from './journaled-store.ts';
import { SqliteJournal } from './sqlite-journal.ts';

export interface SqliteStoreOptions {
  /** The database file; made where there is none, its folder too. */
  path: string;
  history?: Partial<HistoryLimits>;
  /** The script of the writer's thread, where it is not the source: compiled, it takes 15 MB less. */
  writer?: URL;
}

/** The embedded store: current entries in memory, every write durable in one SQLite file. */
export class SqliteStore extends JournaledStore {
  constructor(deps: { clock: Clock; log: Logger }, { history, ...options }: SqliteStoreOptions) {
    const journal = new SqliteJournal(deps, options);
    super({ ...deps, journal }, { ...defaultHistoryLimits, ...history });
  }
}
