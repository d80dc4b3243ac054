import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const networkName = 'causeway';
export const conflistName = '10-causeway.conflist';

/** The network configuration list as container runtimes read it. */
export function conflist(socket: string): string {
  const plugin = { type: 'causeway-cni', socket, capabilities: { portMappings: true } };
  return `${JSON.stringify({ cniVersion: '1.0.0', name: networkName, plugins: [plugin] }, null, 2)}\n`;
}

/** Puts the plugins where the runtime looks for them: `causeway-cni` and `loopback`. */
export async function installPlugin(binDir: string): Promise<void> {
  const sources = {
    'causeway-cni': new URL('./causeway-cni', import.meta.url),
    loopback: new URL('./loopback', import.meta.url),
  };
  await mkdir(binDir, { recursive: true });
  for (const [name, source] of Object.entries(sources)) {
    const path = join(binDir, name);
    // Beside and renamed: a runtime may run it at this moment.
    await copyFile(fileURLToPath(source), `${path}.new`);
    await chmod(`${path}.new`, 0o755);
    await rename(`${path}.new`, path);
  }
}

/** Writes the conflist unless it is there as it should be. Runtimes take its presence for a ready network. */
export async function installConflist(confDir: string, socket: string): Promise<void> {
  const path = join(confDir, conflistName);
  const wanted = conflist(socket);
  if ((await readFile(path, 'utf8').catch(() => '')) === wanted) return;
  await mkdir(confDir, { recursive: true });
  await writeFile(`${path}.new`, wanted, { mode: 0o644 });
  await rename(`${path}.new`, path);
}
