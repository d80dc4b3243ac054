import type { EtcdClient } from './etcd-client.ts';
import type { EtcdLayout } from './etcd-layout.ts';

/**
 * Marks a prefix as a cluster's.
 * @throws Error when it is another's.
 */
export async function claimPrefix(client: EtcdClient, layout: EtcdLayout, cluster: string): Promise<void> {
  const { cluster: key } = layout;
  await client.txn({
    compare: [{ target: 'MOD', key, modRevision: 0 }],
    success: [{ requestPut: { key, value: Buffer.from(cluster) } }],
  });
  const { kvs } = await client.range({ key });
  const owner = Buffer.from(kvs[0]?.value ?? '').toString();
  if (owner === cluster) return;
  throw new Error(
    `etcd holds another cluster (${owner}) below ${layout.prefix}: choose another --etcd-prefix, or remove that one`,
  );
}

/** @throws Error where a restore was begun and not finished. */
export async function refuseHalfRestored(client: EtcdClient, layout: EtcdLayout): Promise<void> {
  const { kvs } = await client.range({ key: layout.restore });
  if (kvs.length === 0) return;
  throw new Error('a restore into etcd did not finish: run causeway restore FILE again');
}
