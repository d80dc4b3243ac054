import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { criContract } from './cri.contract.ts';
import { testImage } from './test-image.ts';
import { inOwnNamespaces, provideTestImage, startTestRuntime } from './test-runtime.ts';

await provideTestImage();
if (await inOwnNamespaces(import.meta.url)) {
  const runtime = await startTestRuntime();
  const logDirectory = join(runtime.dir, 'log');
  mkdirSync(logDirectory);
  after(() => runtime.remove());
  criContract('GrpcCri on containerd', async () => ({
    cri: runtime.cri,
    image: testImage,
    logDirectory,
    cgroup: runtime.cgroup,
  }));
}
