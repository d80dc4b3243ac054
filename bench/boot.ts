import type { Bench } from './context.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

/** From nothing, and from a stopped cluster, to two nodes Ready; packages and images in place. */
export const boot: Bench = {
  name: 'boot',
  needsCluster: false,
  async run({ cluster, runs, say }) {
    // The first one may install, build and fetch.
    await cluster.delete();
    await cluster.up();
    const fresh: number[] = [];
    const again: number[] = [];
    for (let n = 0; n < runs; n++) {
      await cluster.delete();
      fresh.push(await cluster.up());
      await cluster.down();
      again.push(await cluster.up());
      say(`up after delete ${fresh.at(-1)?.toFixed(2)} s, after down ${again.at(-1)?.toFixed(2)} s`);
    }
    return [
      row('up of a new cluster → two nodes Ready, median', fresh),
      row('up of a stopped cluster → two nodes Ready, median', again),
    ];
  },
};

function row(what: string, seconds: readonly number[]): Row {
  const note = seconds.map(value => value.toFixed(2)).join(' ');
  return { bench: 'boot', what, unit: 's', reached: median(seconds), asked: 2.5, better: 'lower', note };
}
