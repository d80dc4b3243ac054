import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { storeContract } from './contract.ts';
import { EtcdStore } from './etcd-store.ts';
import type { Store } from './store.ts';
import { TestEtcd } from './testing/etcd-process.ts';

const etcds = new Map<Store, TestEtcd>();

async function openOn(etcd: TestEtcd): Promise<EtcdStore> {
  const lost = (reason: Error) => {
    throw reason;
  };
  const store = new EtcdStore(
    { clock: systemClock, log: silentLogger, lost },
    { endpoints: etcd.endpoints, prefix: '/causeway/test' },
  );
  etcds.set(store, etcd);
  await store.start(new AbortController().signal);
  return store;
}

storeContract('etcd', {
  open: async () => openOn(await new TestEtcd().start()),
  async close(store) {
    await store.stop();
    await etcds.get(store)?.stop();
  },
  async reopen(store) {
    await store.stop();
    return openOn(etcds.get(store)!);
  },
});
