import { readFileSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { EtcdClient } from '../store/etcd-client.ts';
import { EtcdLayout } from '../store/etcd-layout.ts';
import type { EtcdConfig } from './cluster-config.ts';
import { SystemFailure } from './failure.ts';
import { commandLog } from './linux-machines-port.ts';

/** Milliseconds a command waits for an etcd that does not answer. */
const patience = 3000;

/** @throws SystemFailure when none of the members answers. */
export async function reachEtcd(config: EtcdConfig): Promise<void> {
  await withEtcd(config, client => client.range({ key: new EtcdLayout(config.prefix).cluster }));
}

/**
 * Removes what a cluster has in etcd; what is another's is left.
 * @throws SystemFailure when etcd does not answer.
 */
export async function removeFromEtcd(config: EtcdConfig): Promise<void> {
  const layout = new EtcdLayout(config.prefix);
  await withEtcd(config, async client => {
    const { kvs } = await client.range({ key: layout.cluster });
    const owner = Buffer.from(kvs[0]?.value ?? '').toString();
    if (owner === config.id) await client.deleteRange(layout.all);
  });
}

async function withEtcd(config: EtcdConfig, work: (client: EtcdClient) => Promise<unknown>): Promise<void> {
  const { endpoints } = config;
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));
  const [ca, cert, key] = [config.ca, config.cert, config.key].map(pem);
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const client = new EtcdClient({ clock: systemClock, log: commandLog() }, { endpoints, tls, patience });
  try {
    await work(client);
  } catch (cause) {
    throw new SystemFailure(
      `etcd at ${endpoints.join(', ')} cannot be used: start it, or name its members with --etcd-endpoints`,
      { cause },
    );
  } finally {
    client.close();
  }
}
