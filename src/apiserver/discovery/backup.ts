import { setImmediate as nextRound } from 'node:timers/promises';
import type { Store } from '../../store/store.ts';
import type { ServerResponse } from '../exchange.ts';
import { asBuffer } from '../objects/encoding.ts';

/** Entries encoded in one go, so that a large store never holds the event loop. */
const sliceSize = 500;

/**
 * Everything stored, as it is at one revision: `{"revision":7,"entries":[["KEY","VALUE"],…]}`, the values
 * being JSON texts. What is written meanwhile is not in it.
 */
export async function backupResponse(store: Store): Promise<ServerResponse> {
  await store.shared?.current();
  const { entries, revision } = store.list('');
  const chunks: Uint8Array[] = [Buffer.from(`{"revision":${revision},"entries":[`)];
  for (let at = 0; at < entries.length; at += sliceSize) {
    const rows = entries
      .slice(at, at + sliceSize)
      .map(({ key, value }) => JSON.stringify([key, asBuffer(value).toString()]));
    chunks.push(Buffer.from(`${at > 0 ? ',' : ''}${rows.join(',\n')}`));
    await nextRound();
  }
  chunks.push(Buffer.from(']}\n'));
  return { status: 200, headers: { 'content-type': 'application/json' }, body: { kind: 'bytes', chunks } };
}
