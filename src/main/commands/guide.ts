import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import type { Guide } from '../../guide/document.ts';
import { GuidePlayer } from '../../guide/guide-player.ts';
import { GuideFailure, type Narrator } from '../../guide/session.ts';
import { CommandExit, SystemFailure, UsageFailure } from '../failure.ts';
import { BashSession } from '../guide/bash-session.ts';
import { CheckNarrator } from '../guide/check-narrator.ts';
import { guideNames, readGuide } from '../guide/library.ts';
import { TerminalNarrator } from '../guide/terminal-narrator.ts';
import { hostSidePrefix, userEnvironment } from '../host-side.ts';
import { renderTable } from '../text-table.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireRoot,
} from './context.ts';

interface GuideOptions extends ClusterOptions {
  check?: boolean;
}

/** `guide`: plays the study guide of `docs/guide`, or checks that it tells the truth. */
export function addGuideCommand(program: Command): void {
  clusterOptions(program.command('guide'))
    .description('learn how the network of a cluster works: play a guide, command by command')
    .argument('[name]', 'which guide; none lists them')
    .option('--check', 'run it, or all of them, unattended; fail where an output is not what the text says')
    .addHelpText(
      'after',
      examples('causeway guide', 'sudo causeway guide services', 'sudo causeway guide --check'),
    )
    .action(async (name: string | undefined, options: GuideOptions) => {
      const names = guideNames();
      if (name !== undefined && !names.includes(name)) {
        throw new UsageFailure(`there is no guide "${name}"; there are: ${names.join(', ')}`);
      }
      if (options.check) await check((name ? [name] : names).map(readGuide), options);
      else if (name) await play(readGuide(name), options);
      else list(names.map(readGuide));
    });
}

function list(guides: Guide[]): void {
  process.stdout.write(
    renderTable(
      ['NAME', 'WHAT'],
      guides.map(({ name, title }) => [name, title]),
    ),
  );
  process.stdout.write(`\nPlay one with: causeway guide ${guides[0]?.name}\n`);
}

/** Every guide is checked, also after one that failed. */
async function check(guides: Guide[], options: GuideOptions): Promise<void> {
  const context = opened(options);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new CommandExit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  const failures: string[] = [];
  for (const guide of guides) {
    process.stdout.write(`${guide.file}\n`);
    const narrator = new CheckNarrator({ clock: systemClock }, process.stdout);
    try {
      await playWith(context, options, guide, narrator, interrupted.signal);
    } catch (error) {
      if (!(error instanceof GuideFailure)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0)
    throw new SystemFailure(['the check of the guide failed', ...failures].join('\n\n'));
}

async function play(guide: Guide, options: GuideOptions): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageFailure('a guide is played in a terminal; run it unattended with: causeway guide --check');
  }
  const context = opened(options);
  const quit = new AbortController();
  const narrator = new TerminalNarrator(process.stdin, process.stdout, quit.signal);
  // While a command runs, the terminal sends Ctrl-C to it as well: it ends, and the guide goes on.
  const onInterrupt = () => {
    if (narrator.waiting) quit.abort();
  };
  process.on('SIGINT', onInterrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => quit.abort(new CommandExit(143)));
  try {
    await playWith(context, options, guide, narrator, quit.signal);
    process.stdout.write('\n');
  } catch (error) {
    if (error instanceof GuideFailure) throw new SystemFailure(error.message);
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

function opened(options: GuideOptions): ClusterContext {
  requireRoot('guide');
  return openCluster(options);
}

async function playWith(
  context: ClusterContext,
  options: GuideOptions,
  guide: Guide,
  narrator: Narrator,
  signal: AbortSignal,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-guide-'));
  const session = new BashSession(
    { clock: systemClock },
    {
      prefix: hostSidePrefix(context),
      env: { ...userEnvironment(context, options.dataDir), LC_ALL: 'C.UTF-8' },
      folder,
      terminal: !options.check,
    },
  );
  try {
    const player = new GuidePlayer(
      { clock: systemClock, session, narrator },
      { check: options.check ?? false },
    );
    await player.play(guide, signal);
  } finally {
    await session.end();
    rmSync(folder, { recursive: true, force: true });
  }
}
