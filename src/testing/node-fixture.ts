import { TestAuthority } from '../apiserver/testing/pki.ts';
import type { MachineInfo } from '../node/registration/machine-info.ts';

export const testMachine: MachineInfo = {
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
  storageBytes: 100 * 2 ** 30,
  cgroupVersion: 1,
  architecture: 'amd64',
  kernelVersion: '6.1.0',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  bootId: 'boot',
  machineId: 'machine',
  systemUuid: 'system',
};

let authority: Promise<TestAuthority> | undefined;

/** The test's certificate authority, one a process. */
export function testAuthority(): Promise<TestAuthority> {
  authority ??= TestAuthority.create();
  return authority;
}

export async function testTls(): Promise<{ ca: string; cert: string; key: string }> {
  const ca = await testAuthority();
  const pair = await ca.issue('O=system:nodes, CN=system:node:n1', ['127.0.0.1']);
  return { ca: ca.cert, ...pair };
}
