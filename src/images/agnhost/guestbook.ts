import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags, fail, log } from './flags.ts';
import { answer, type Handler, hostPort, routes, serve } from './http-server.ts';

/** Milliseconds a replica tries to reach its primary. */
const registerTimeout = 60_000;

/** The guestbook of the tutorials: a frontend, a primary that keeps the values, replicas that have them too. */
export async function guestbook(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const port = flags.number('http-port', 80);
  const backend = flags.number('backend-port', 6379);
  const primary = flags.text('replicaof');
  const values = new Map<string, string>();
  const replicas = new Set<string>();

  const register: Handler = (_request, response, { searchParams }) => {
    const host = searchParams.get('host') ?? '';
    replicas.add(host);
    log(`Node '${host}' registered.`);
    answer(response, 200, JSON.stringify({ data: Object.fromEntries(values) }));
  };
  const get: Handler = (_request, response, { searchParams }) => {
    const key = searchParams.get('key');
    const data = key ? (values.get(key) ?? '') : Object.fromEntries(values);
    answer(response, 200, JSON.stringify({ data }));
  };
  const set: Handler = async (_request, response, { searchParams }) => {
    const [key, value] = [searchParams.get('key') ?? '', searchParams.get('value') ?? ''];
    if (!key) return answer(response, 400, 'cannot set with empty key.\n');
    values.set(key, value);
    for (const replica of replicas) await ask(replica, backend, `set?${new URLSearchParams({ key, value })}`);
    answer(response, 200, JSON.stringify({ message: 'Updated' }));
  };
  const frontend: Handler = async (_request, response, { searchParams }) => {
    const command = (searchParams.get('cmd') ?? '').toLowerCase();
    if (command !== 'get' && command !== 'set')
      return answer(response, 400, `unsupported cmd: '${command}'\n`);
    const host = command === 'set' ? 'agnhost-primary' : 'agnhost-replica';
    try {
      answer(response, 200, await ask(host, backend, `${command}?${searchParams}`));
    } catch (error) {
      answer(response, 417, `encountered error: ${(error as Error).message}\n`);
    }
  };
  await serve(routes({ '/register': register, '/get': get, '/set': set, '/guestbook': frontend }), { port });
  if (primary) await registerAt(primary, backend, values);
}

async function registerAt(primary: string, port: number, values: Map<string, string>): Promise<void> {
  const end = Date.now() + registerTimeout;
  while (Date.now() < end) {
    try {
      await lookup(primary);
      const { data } = JSON.parse(await ask(primary, port, `register?host=${ownAddress()}`));
      for (const [key, value] of Object.entries(data)) values.set(key, value as string);
      log(`Registered to node: ${primary}`);
      return;
    } catch (error) {
      log(`encountered error while registering to primary: ${(error as Error).message}. Retrying in 1s.`);
      await sleep(1000);
    }
  }
  fail('Timed out while registering to primary.');
}

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? []);
  return addresses.find(({ internal }) => !internal)?.address ?? fail('this pod has no address');
}

async function ask(host: string, port: number, request: string): Promise<string> {
  const answered = await fetch(`http://${hostPort(host, port)}/${request}`, {
    signal: AbortSignal.timeout(5000),
  });
  return answered.text();
}
