/**
 * A client for a test that kills servers: creates ConfigMaps from eight writers until its standard input ends,
 * and follows them with one watch that goes on from the last version it saw, on whichever server it reaches.
 * Prints a line for each acknowledged name, at the end `seen` and what the watch told, as JSON.
 */
import { readFileSync, writeSync } from 'node:fs';
import { parse } from 'yaml';
import type { ConfigMap } from '../../src/api/generated/types.ts';
import type { KubeList, Stored } from '../../src/api/objects.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { HttpTransport } from '../../src/client/http-transport.ts';

const [, , kubeconfig = ''] = process.argv;
const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
const pem = (text: string) => Buffer.from(text, 'base64').toString();
const transport = new HttpTransport(
  { clock: systemClock, log: silentLogger },
  {
    server: clusters[0].cluster.server,
    ca: pem(clusters[0].cluster['certificate-authority-data']),
    cert: pem(users[0].user['client-certificate-data']),
    key: pem(users[0].user['client-key-data']),
  },
);
const path = '/api/v1/namespaces/default/configmaps';
const ended = new AbortController();
const acknowledged = new Set<string>();
const seen = new Map<string, number>();
const failures: string[] = [];

async function write(writer: number): Promise<void> {
  for (let n = 0; !ended.signal.aborted; n++) {
    const name = `load-${writer}-${n}`;
    try {
      await transport.request({ method: 'POST', path, body: { metadata: { name }, data: { n: `${n}` } } });
      acknowledged.add(name);
      writeSync(1, `${name}\n`);
    } catch {
      await systemClock.sleep(20);
    }
  }
}

async function follow(): Promise<void> {
  const list = await transport.request<KubeList<Stored<ConfigMap>>>({ method: 'GET', path });
  let version = list.metadata.resourceVersion!;
  while (!done()) {
    try {
      const watch = transport.watch<ConfigMap>({
        method: 'GET',
        path: `${path}?watch=1&timeoutSeconds=5&resourceVersion=${version}`,
      });
      for await (const { type, object } of watch) {
        const { name, resourceVersion } = (object as Stored<ConfigMap>).metadata;
        version = resourceVersion;
        if (type === 'ADDED') seen.set(name, (seen.get(name) ?? 0) + 1);
        if (done()) return;
      }
    } catch (error) {
      const code = (error as { code?: number }).code;
      if (code === 410) failures.push(`the watch from ${version} was refused: ${(error as Error).message}`);
      if (failures.length > 0) return;
      await systemClock.sleep(20);
    }
  }
}

const done = () => ended.signal.aborted && [...acknowledged].every(name => seen.has(name));

process.stdin.resume().once('end', () => ended.abort());
const limit = setTimeout(() => failures.push('the watch did not tell of all that was acknowledged'), 150_000);
await Promise.all([follow(), ...Array.from({ length: 8 }, (_, writer) => write(writer))]);
clearTimeout(limit);
const twice = [...seen].filter(([, times]) => times > 1).map(([name]) => name);
writeSync(1, `seen ${JSON.stringify({ count: seen.size, twice, failures })}\n`);
transport.close();
