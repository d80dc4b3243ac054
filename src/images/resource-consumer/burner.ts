import { Worker } from 'node:worker_threads';

/** Thousandths of a core a thread can use up. */
const ofThread = 1000;
/** Milliseconds of CPU a thread makes good at most where others kept it from using it. */
const maxCredit = 1000;
/** Milliseconds a thread works, or rests, before it looks again. */
const turn = 10;

/** Uses up CPU time in threads of its own: what is wanted at a time, all together. */
export class Burner {
  readonly #program: string;
  readonly #threads: { wanted: Int32Array }[] = [];
  #millicores = 0;

  /** @param program whose main module runs `burn` in a thread */
  constructor(program: string) {
    this.#program = program;
  }

  /** Uses `millicores` thousandths of a core more for `ms` milliseconds. */
  add(millicores: number, ms: number): void {
    this.#change(millicores);
    setTimeout(() => this.#change(-millicores), ms);
  }

  #change(by: number): void {
    this.#millicores += by;
    while (this.#threads.length * ofThread < this.#millicores) this.#threads.push(this.#thread());
    let left = this.#millicores;
    for (const { wanted } of this.#threads) {
      const share = Math.min(left, ofThread);
      left -= share;
      Atomics.store(wanted, 0, share);
      Atomics.notify(wanted, 0);
    }
  }

  #thread(): { wanted: Int32Array } {
    const wanted = new Int32Array(new SharedArrayBuffer(8));
    new Worker(this.#program, { workerData: wanted }).on('error', error => {
      throw error;
    });
    return { wanted };
  }
}

/**
 * What a thread does, for ever.
 * @param wanted thousandths of a core, then a place to sleep at
 */
export function burn(wanted: Int32Array): never {
  let credit = 0;
  let before = performance.now();
  for (;;) {
    const millicores = Atomics.load(wanted, 0);
    if (millicores === 0) {
      Atomics.wait(wanted, 0, 0);
      credit = 0;
      before = performance.now();
      continue;
    }
    const now = performance.now();
    credit = Math.min(credit + ((now - before) * millicores) / 1000, maxCredit);
    before = now;
    if (credit > 0) credit -= spin(Math.min(credit, turn));
    else Atomics.wait(wanted, 1, 0, turn);
  }
}

/** Works until `ms` milliseconds of the thread's CPU time are used; how many were. */
function spin(ms: number): number {
  const begun = cpuTime();
  let used = 0;
  while (used < ms) used = cpuTime() - begun;
  return used;
}

function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
