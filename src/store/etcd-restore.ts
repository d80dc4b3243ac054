import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { EtcdClient, type EtcdClientOptions } from './etcd-client.ts';
import { EtcdLayout, packValue } from './etcd-layout.ts';
import { claimPrefix } from './etcd-owner.ts';
import type { ValueAt } from './store.ts';

const writers = 64;

/**
 * Puts `contents` in the place of everything below the prefix. While that goes on, and until it is done again
 * where it failed, servers refuse to start on it. Revisions go on above `revision` and etcd's own.
 * Resolves with the newest.
 */
export async function restoreEtcd(
  deps: { clock: Clock; log: Logger },
  { prefix, cluster, ...options }: EtcdClientOptions & { prefix: string; cluster: string },
  contents: readonly (readonly [key: string, value: Uint8Array | ValueAt])[],
  revision: number,
): Promise<number> {
  const client = new EtcdClient(deps, options);
  const layout = new EtcdLayout(prefix);
  try {
    await claimPrefix(client, layout, cluster);
    const begun = await client.put({ key: layout.restore, value: Buffer.from('under way') });
    const missing = Math.max(0, revision - begun.header!.revision);
    await inParallel(missing, () => client.put({ key: layout.tick, value: new Uint8Array(0) }));
    await client.deleteRange(layout.entries);
    await inParallel(contents.length, at => {
      const [key, value] = contents[at]!;
      return client.put({ key: layout.entry(key), value: packValue(value) });
    });
    // The marker goes last, so that what is compacted is all of it.
    const last = await client.put({ key: layout.tick, value: new Uint8Array(0) });
    await client.compact(last.header!.revision);
    const done = await client.deleteRange({ key: layout.restore });
    return done.header!.revision;
  } finally {
    client.close();
  }
}

async function inParallel(count: number, write: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await write(next++);
  };
  await Promise.all(Array.from({ length: writers }, work));
}
