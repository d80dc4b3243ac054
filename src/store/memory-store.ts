import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { JournaledStore } from './journaled-store.ts';
import { MemoryJournal } from './memory-journal.ts';

/** A store that is gone with its process. */
export class MemoryStore extends JournaledStore {
  constructor(deps: { clock: Clock; log: Logger }, options: { history?: Partial<HistoryLimits> } = {}) {
    const journal = new MemoryJournal({ keep: false });
    super({ ...deps, journal }, { ...defaultHistoryLimits, ...options.history });
  }
}
