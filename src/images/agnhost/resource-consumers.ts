import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { Flags, fail, log } from './flags.ts';
import { answer, bodyOf, hostPort, serve } from './http-server.ts';

/** What of a request is split, and how the resource consumers call it. */
const functions: Record<string, { amount: string; size: string; unit: string }> = {
  '/ConsumeCPU': { amount: 'millicores', size: 'requestSizeMillicores', unit: 'millicores' },
  '/ConsumeMem': { amount: 'megabytes', size: 'requestSizeMegabytes', unit: 'MB' },
  '/BumpMetric': { amount: 'delta', size: 'requestSizeMetrics', unit: 'of the metric' },
};

interface Consumers {
  service: string;
  namespace: string;
  port: number;
  /** Of their containers. */
  targetPort: number;
}

interface Part {
  host: string;
  port: number;
  amount: number;
}

/** Milliseconds a consumer has to answer. */
const consumerTime = 30_000;

/** `resource-consumer-controller`: spreads what is to be consumed over the pods behind a Service. */
export async function resourceConsumerController(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const consumers: Consumers = {
    service: flags.text('consumer-service-name', 'resource-consumer'),
    namespace: flags.text('consumer-service-namespace', 'default'),
    port: flags.number('consumer-port', 8080),
    targetPort: flags.number('consumer-target-port', 8080),
  };
  await serve(
    async (request, response, url) => {
      if (request.method !== 'POST') return answer(response, 400, 'Bad request. Not a POST request\n');
      const parameters = new URLSearchParams((await bodyOf(request)).toString());
      for (const [name, value] of url.searchParams) parameters.append(name, value);
      const { code, text } = await spread(consumers, url.pathname, parameters);
      answer(response, code, text);
    },
    { port: flags.number('port', 8080) },
  );
  log('listening');
}

async function spread(
  consumers: Consumers,
  path: string,
  parameters: URLSearchParams,
): Promise<{ code: number; text: string }> {
  const asked = functions[path];
  if (!asked) return { code: 404, text: 'unknown function\n' };
  const names = [asked.amount, asked.size, 'durationSec', ...(path === '/BumpMetric' ? ['metric'] : [])];
  if (names.some(name => !parameters.get(name))) return { code: 400, text: 'not given function argument\n' };
  const [amount, size, seconds] = names.slice(0, 3).map(name => parameters.get(name)!);
  if (![amount, size, seconds].every(text => /^\d{1,9}$/.test(text!)) || Number(size) === 0) {
    return { code: 400, text: 'incorrect function argument\n' };
  }
  const { parts, plan } = await partsOf(consumers, path, Number(amount), Number(size), asked.unit);
  const fixed = {
    durationSec: seconds!,
    ...(path === '/BumpMetric' && { metric: parameters.get('metric')! }),
  };
  const results = await Promise.all(
    parts.map(part => consume(part, path, { ...fixed, [asked.amount]: String(part.amount) }, asked.unit)),
  );
  return { code: 200, text: [plan, ...results].join('') };
}

/** For CPU the same for each pod, where a headless Service tells them; else requests of a size, through the Service. */
async function partsOf(
  { service, namespace, port, targetPort }: Consumers,
  path: string,
  amount: number,
  size: number,
  unit: string,
): Promise<{ parts: Part[]; plan: string }> {
  const domain = clusterDomain();
  const pods =
    path === '/ConsumeCPU'
      ? await lookup(`${service}-headless.${namespace}.svc.${domain}`, { all: true }).catch(() => [])
      : [];
  if (pods.length > 0) {
    const each = Math.max(Math.floor(amount / pods.length), 1);
    const plan = `RC manager (per-pod): sending ${each} millicores to each of ${pods.length} pods via headless DNS\n`;
    return { parts: pods.map(({ address }) => ({ host: address, port: targetPort, amount: each })), plan };
  }
  const host = `${service}.${namespace}.svc.${domain}`;
  const count = Math.floor(amount / size);
  const rest = amount - count * size;
  const amounts = [...Array<number>(count).fill(size), ...(rest > 0 ? [rest] : [])];
  return {
    parts: amounts.map(each => ({ host, port, amount: each })),
    plan: `RC manager: sending ${count} requests to consume ${size} ${unit} each and 1 request to consume ${rest} ${unit}\n`,
  };
}

async function consume(
  { host, port, amount }: Part,
  path: string,
  parameters: Record<string, string>,
  unit: string,
): Promise<string> {
  try {
    // A connection each, so that the Service spreads them.
    const response = await fetch(`http://${hostPort(host, port)}${path}`, {
      method: 'POST',
      headers: { connection: 'close' },
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(consumerTime),
    });
    await response.text();
    return `Consumed ${amount} ${unit}\n`;
  } catch (error) {
    const { cause, message } = error as Error;
    return `Failed to connect to consumer: ${cause instanceof Error ? cause.message : message}\n`;
  }
}

/** What follows `svc.` in a search domain of the pod. */
function clusterDomain(): string {
  const search = readFileSync('/etc/resolv.conf', 'utf8').match(/^search .*$/m)?.[0] ?? '';
  const domain = search.split(/\s+/).find(each => each.startsWith('svc.'));
  return domain?.slice('svc.'.length) ?? fail("Could not find DNS suffix starting with 'svc.' substring");
}
