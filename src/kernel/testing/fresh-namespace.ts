import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const marker = 'CAUSEWAY_FRESH_NAMESPACE';

/**
 * Whether this process runs in network and mount namespaces made for this test file: nothing in them is
 * anybody else's, nothing leads out. Where it does not, the file is run once more inside such namespaces, as
 * one test that passes when all of it does; the caller declares its tests only where this returns true.
 * @param url `import.meta.url` of the test file.
 */
export function inFreshNamespace(url: string): boolean {
  if (process.env[marker] === url) return true;
  test(`in fresh namespaces: ${url.split('/').at(-1)}`, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, fileURLToPath(url)];
    const child = spawn('unshare', argv, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...env, [marker]: url },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const code = await new Promise(resolve => child.once('close', resolve));
    assert.equal(code, 0, output);
  });
  return false;
}
