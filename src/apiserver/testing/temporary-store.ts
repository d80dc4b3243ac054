import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { MemoryStore } from '../../store/memory-store.ts';

/** A memory store on the machine's clock, for tests that need no other. */
export class TemporaryStore extends MemoryStore {
  constructor() {
    super({ clock: systemClock, log: silentLogger });
  }
}
