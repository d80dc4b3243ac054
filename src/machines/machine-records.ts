import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ProcessId } from '../kernel/process-table.ts';
import type { MachineSpec } from './machines.ts';

export interface MachineRecord extends MachineSpec {
  init: ProcessId | undefined;
}

/**
 * `machines.json`: which machines there should be and their first processes. It is a memory, not the truth:
 * what runs is looked up in /proc and in the control groups.
 */
export class MachineRecords {
  readonly #path: string;
  #records: Map<string, MachineRecord> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async all(): Promise<Map<string, MachineRecord>> {
    if (!this.#records) {
      const text = await readFile(this.#path, 'utf8').catch(() => '{}');
      this.#records ??= parse(text);
    }
    return this.#records;
  }

  async set(record: MachineRecord): Promise<void> {
    (await this.all()).set(record.name, record);
    await this.#write();
  }

  async delete(name: string): Promise<void> {
    if ((await this.all()).delete(name)) await this.#write();
  }

  /** The file was removed. */
  forget(): void {
    this.#records = new Map();
  }

  /** Writes one after the other, beside and renamed: a reader never sees half a file. */
  #write(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        const fresh = `${this.#path}.new`;
        const content = { machines: [...(await this.all()).values()] };
        await mkdir(dirname(this.#path), { recursive: true });
        await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
        await rename(fresh, this.#path);
      });
    return this.#writing;
  }
}

/** A damaged file counts as empty: the machines are found in the control groups then. */
function parse(text: string): Map<string, MachineRecord> {
  try {
    const { machines = [] } = JSON.parse(text) as { machines?: MachineRecord[] };
    return new Map(machines.map(record => [record.name, record]));
  } catch {
    return new Map();
  }
}
