import { cgroupsContract } from './contract.ts';
import { FakeCgroups } from './fake-cgroups.ts';

cgroupsContract(() => {
  const cgroups = new FakeCgroups();
  let pid = 100;
  const enter = async (path: string) => {
    cgroups.join(path, ++pid);
    return pid;
  };
  return { cgroups, path: 'causeway/test', enter };
});
