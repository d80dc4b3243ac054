import { isMainThread, workerData } from 'node:worker_threads';
import { Flags, log } from '../agnhost/flags.ts';
import { answer, bodyOf, type Handler, serve } from '../agnhost/http-server.ts';
import { Burner, burn } from './burner.ts';

const notGiven = 'not given function argument\n';
const incorrect = 'incorrect function argument\n';

/** Numbers shown at `/metrics`. */
const metrics = new Map<string, number>();

const functions: Record<string, (parameters: URLSearchParams) => { code: number; text: string }> = {
  '/ConsumeCPU': parameters =>
    done('ConsumeCPU', parameters, 'millicores', ({ amount, seconds }) => burner.add(amount, seconds * 1000)),
  '/ConsumeMem': parameters =>
    done('ConsumeMem', parameters, 'megabytes', ({ amount, seconds }) => holdMemory(amount, seconds * 1000)),
  '/BumpMetric'(parameters) {
    const name = parameters.get('metric') ?? '';
    if (name === '') return { code: 400, text: notGiven };
    return done('BumpMetric', parameters, 'delta', ({ amount, seconds }) => {
      bump(name, amount);
      setTimeout(() => bump(name, -amount), seconds * 1000);
    });
  },
  // What the original answers, too.
  '/GetCurrentStatus': () => ({ code: 200, text: 'Warning: not implemented!\nGetCurrentStatus' }),
};

/** Does what is asked if both numbers are given. */
function done(
  name: string,
  parameters: URLSearchParams,
  unit: string,
  work: (asked: { amount: number; seconds: number }) => void,
): { code: number; text: string } {
  const [amount, seconds] = [parameters.get(unit), parameters.get('durationSec')];
  if (!amount || !seconds) return { code: 400, text: notGiven };
  const isNumber = unit === 'delta' ? /^-?\d+(\.\d+)?$/ : /^\d{1,9}$/;
  if (!isNumber.test(amount) || !/^\d{1,6}$/.test(seconds)) return { code: 400, text: incorrect };
  log(`${name} ${unit}: ${amount}, durationSec: ${seconds}`);
  work({ amount: Number(amount), seconds: Number(seconds) });
  return { code: 200, text: `${name}\n${amount} ${unit}\n${seconds} durationSec\n` };
}

function bump(name: string, by: number): void {
  metrics.set(name, (metrics.get(name) ?? 0) + by);
}

/** Memory that is written to, so that it is there; given back to the system at once when the time is over. */
function holdMemory(megabytes: number, ms: number): void {
  let held = new ArrayBuffer(megabytes * 2 ** 20);
  new Uint8Array(held).fill(1);
  setTimeout(() => {
    held = held.transfer(0);
  }, ms);
}

const handle: Handler = async (request, response, url) => {
  if (url.pathname === '/metrics') {
    const lines = [...metrics].map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`);
    answer(response, 200, lines.join(''));
    return;
  }
  if (request.method !== 'POST') return answer(response, 400, 'Bad request. Not a POST request\n');
  const body = (await bodyOf(request)).toString();
  const parameters = new URLSearchParams(body);
  for (const [name, value] of url.searchParams) if (!parameters.has(name)) parameters.append(name, value);
  const { code, text } = functions[url.pathname]?.(parameters) ?? { code: 404, text: 'unknown function\n' };
  answer(response, code, text);
};

/** Its threads begin here, too. */
const burner = new Burner(process.argv[1]!);

async function main(): Promise<void> {
  const port = new Flags(process.argv.slice(2)).number('port', 8080);
  // As the first process of a pod it is not ended by a signal that it has no handler for.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
  await serve(handle, { port });
  log(`resource consumer on port ${port}`);
}

if (isMainThread) void main();
else burn(workerData);
