import { request } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags, log } from './flags.ts';
import { answer, bodyOf, hostPort, routes, serve } from './http-server.ts';
import { askServer } from './in-cluster.ts';

/** What `/read` tells, word for word. */
interface State {
  Hostname: string;
  Sent: Record<string, number>;
  Received: Record<string, number>;
  Errors: string[];
  Log: string[];
  StillContactingPeers: boolean;
}

/** How many lines of the log are kept; those of errors, too. */
const keptLines = 500;

/**
 * Counts who writes to it, and writes to every endpoint of a Service itself: `/write` is told `{Source}`, `/read`
 * shows the counts, `/status` is `pass`, `running` or `fail`, `/quit` ends it.
 */
export async function nettest(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const peers = flags.number('peers', 8);
  const service = flags.text('service', 'nettest');
  const namespace = flags.text('namespace', 'default');
  const delay = flags.number('delay-shutdown', 0);
  const state: State = {
    ...{ Hostname: hostname(), Sent: {}, Received: {}, Errors: [], Log: [] },
    StillContactingPeers: true,
  };
  if (delay > 0) {
    process.on('SIGTERM', () => {
      log(`Sleeping ${delay} seconds before exit ...`);
      setTimeout(() => process.exit(0), delay * 1000);
    });
  }
  const handler = routes({
    '/quit': () => process.exit(0),
    '/read': (_, response) => answer(response, 200, JSON.stringify(state, undefined, '\t')),
    '/status': (_, response) => answer(response, 200, statusOf(state, peers)),
    '/write': async (message, response) => {
      received(state, (await bodyOf(message)).toString());
      answer(response, 200, `${JSON.stringify({ Hostname: state.Hostname })}\n`);
    },
  });
  const { port } = await serve(handler, { port: flags.number('port', 8080) });
  log(`Started HTTP server on port ${port}`);
  await contactPeers(state, `/api/v1/namespaces/${namespace}/endpoints/${service}`, peers);
  state.StillContactingPeers = false;
}

function statusOf({ Sent, Received, StillContactingPeers }: State, peers: number): string {
  if (Object.keys(Sent).length >= peers && Object.keys(Received).length >= peers) return 'pass';
  return StillContactingPeers ? 'running' : 'fail';
}

function received(state: State, body: string): void {
  let source: unknown;
  try {
    source = JSON.parse(body).Source;
  } catch (error) {
    keep(state.Errors, (error as Error).message);
  }
  if (typeof source === 'string' && source) state.Received[source] = (state.Received[source] ?? 0) + 1;
  else keep(state.Errors, `${state.Hostname}: Got request with no source`);
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > keptLines) lines.shift();
}

/** Waits up to 5 min for the endpoints, then writes to all of them 15 times, as some may come late. */
async function contactPeers(state: State, endpoints: string, peers: number): Promise<void> {
  const pause = Math.max(5_000, Math.floor(peers / 10) * 1000);
  const end = Date.now() + Math.max(300_000, peers * 1000);
  while (Date.now() < end) {
    const found = await addresses(state, endpoints);
    if (found.length >= peers) break;
    keep(state.Log, `${endpoints} has ${found.length} endpoints (${found}), which is less than ${peers}.`);
    await sleep(pause);
  }
  for (let round = 0; round < 15; round++) {
    await Promise.all((await addresses(state, endpoints)).map(address => write(state, address)));
    await sleep(pause);
  }
}

async function addresses(state: State, endpoints: string): Promise<string[]> {
  try {
    const { subsets = [] } = JSON.parse(await askServer(endpoints));
    return subsets.flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }) => `http://${hostPort(ip, String(port))}`)),
    );
  } catch (error) {
    keep(state.Log, `Unable to read the endpoints ${endpoints}: ${(error as Error).message}.`);
    return [];
  }
}

async function write(state: State, address: string): Promise<void> {
  try {
    const { Hostname } = JSON.parse(
      await post(`${address}/write`, { Dest: address, Source: state.Hostname }),
    );
    state.Sent[Hostname] = (state.Sent[Hostname] ?? 0) + 1;
  } catch (error) {
    keep(state.Log, `Warning: unable to contact the endpoint "${address}": ${(error as Error).message}`);
  }
}

function post(url: string, body: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(url, { method: 'POST', headers, timeout: 10_000 }, response => {
      bodyOf(response).then(text => resolve(text.toString()), reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}
