import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import type { Decision } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import type { Transport } from '../../client/transport.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { UsageFailure } from '../failure.ts';
import { silentProgress } from '../progress.ts';
import { type ClusterOptions, clusterOptions, examples, openCluster, requireRoot } from './context.ts';

interface EventsOptions extends ClusterOptions {
  since?: number;
  output: 'text' | 'json';
}

export function addEventsCommand(program: Command): void {
  clusterOptions(program.command('events'))
    .description('what the server and the nodes decided: placed, pulled, started, killed, changed')
    .option('--since <time>', 'only what is younger than this: 30s, 5m, 2h', parseDuration)
    .addOption(new Option('-o, --output <format>', 'how').choices(['text', 'json']).default('text'))
    .addHelpText('after', examples('causeway events --since 5m', 'causeway events -o json'))
    .action(async (options: EventsOptions) => {
      requireRoot('events');
      const context = openCluster(options);
      const transport = await new ClusterLifecycle(context, silentProgress).transport();
      try {
        const nodes = context.config.nodes.filter(node => !node.stopped).map(node => node.name);
        const decisions = await collect(transport, nodes);
        const from = options.since === undefined ? 0 : systemClock.now() - options.since;
        const shown = decisions.filter(decision => decision.time >= from);
        process.stdout.write(
          options.output === 'json'
            ? `${JSON.stringify(shown, null, 2)}\n`
            : shown.map(renderDecision).join(''),
        );
      } finally {
        transport.close();
      }
    });
}

/** The decisions of all processes in the order of their times. A node that does not answer is said. */
async function collect(transport: Transport, nodes: string[]): Promise<Decision[]> {
  const sources = [
    '/causeway/decisions',
    ...nodes.map(node => `/api/v1/nodes/${node}/proxy/causeway/decisions`),
  ];
  const answers = await Promise.all(
    sources.map(async path => {
      try {
        const { decisions } = await transport.request<{ decisions: Decision[] }>({ method: 'GET', path });
        return decisions;
      } catch (error) {
        process.stderr.write(`causeway: ${path} does not answer: ${errorChain(error)}\n`);
        return [];
      }
    }),
  );
  return answers.flat().sort((a, b) => a.time - b.time || a.sequence - b.sequence);
}

/** `12:00:01.250 causeway-1  container.started  Pod default/web  image=nginx` */
export function renderDecision({ time, source, type, object, detail }: Decision): string {
  const at = new Date(time).toISOString().slice(11, 23);
  const name = object?.namespace ? `${object.namespace}/${object.name}` : object?.name;
  const about = object ? `${object.kind} ${name}` : '';
  const words = Object.entries(detail as Record<string, unknown>).map(
    ([key, value]) =>
      `${key}=${typeof value === 'string' && /^\S*$/.test(value) ? value : JSON.stringify(value)}`,
  );
  return `${at}  ${source.padEnd(12)}  ${String(type).padEnd(20)}  ${about}  ${words.join(' ')}`
    .trimEnd()
    .concat('\n');
}

const unitMilliseconds = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseDuration(text: string): number {
  const match = /^(\d+)(s|m|h|d)$/.exec(text);
  if (!match) throw new UsageFailure(`"${text}" is no length of time: write 30s, 5m or 2h`);
  return Number(match[1]) * unitMilliseconds[match[2] as keyof typeof unitMilliseconds];
}
