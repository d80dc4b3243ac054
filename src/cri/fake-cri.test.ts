import { FakeClock } from '../base/fake-clock.ts';
import { criContract } from './cri.contract.ts';
import { FakeCri } from './fake-cri.ts';

criContract('FakeCri', async () => {
  const cri = new FakeCri(new FakeClock());
  cri.addImage('docker.io/library/busybox:1');
  return { cri, image: 'docker.io/library/busybox:1', logDirectory: '/var/log/pods/x', cgroup: '/test' };
});
