import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { type Backup, readBackup, writeBackup } from '../backup/backup-file.ts';
import { restoreStore } from '../backup/restore-store.ts';
import { nameFlag } from '../cluster-config.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { confirm } from '../confirm.ts';
import { SystemFailure, UsageFailure } from '../failure.ts';
import { commandLog } from '../linux-machines-port.ts';
import { takeLock } from '../lock.ts';
import { silentProgress, streamProgress } from '../progress.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireRoot,
} from './context.ts';

type Options = ClusterOptions & { yes?: boolean };

/** `backup FILE` and `restore FILE`: everything the API has stored, while the cluster runs. */
export function addBackupCommands(program: Command): void {
  clusterOptions(program.command('backup'))
    .description('write everything the API has stored, as of one moment, into a file')
    .argument('<file>', 'readable by root only: it holds the Secrets')
    .option('-y, --yes', 'replace the file where there is one')
    .addHelpText('after', examples('sudo causeway backup cluster.backup'))
    .action(async (file: string, options: Options) => {
      requireRoot('backup');
      const { revision, entries } = await backup(openCluster(options), resolve(file), options.yes ?? false);
      process.stdout.write(`${entries.length} objects, as of revision ${revision}, are in ${file}\n`);
    });

  clusterOptions(program.command('restore'))
    .description('put a backup in the place of everything the API has stored; nodes and pods follow')
    .argument('<file>', 'what causeway backup wrote')
    .option('-y, --yes', 'without asking')
    .addHelpText('after', examples('sudo causeway restore cluster.backup'))
    .action(async (file: string, options: Options) => {
      requireRoot('restore');
      const context = openCluster(options);
      const content = readBackup(resolve(file));
      const { name } = context.config;
      const of = content.cluster === name ? '' : ` of the cluster "${content.cluster}"`;
      const question = `Replace everything stored in the cluster "${name}" by the ${content.entries.length} objects${of} of ${content.createdAt}?`;
      if (!options.yes && !(await confirm(question))) {
        throw new UsageFailure(
          `nothing was changed: add --yes to replace what the cluster "${name}" has stored`,
        );
      }
      const revision = await restore(context, content);
      process.stdout.write(`${content.entries.length} objects are restored, at revision ${revision}\n`);
    });
}

async function backup(context: ClusterContext, path: string, replace: boolean): Promise<Backup> {
  if (existsSync(path) && !replace)
    throw new UsageFailure(`${path} is there already: add --yes to replace it`);
  if (!existsSync(dirname(path))) throw new UsageFailure(`there is no folder ${dirname(path)}`);
  const transport = await new ClusterLifecycle(context, silentProgress).transport();
  const createdAt = new Date(systemClock.now()).toISOString();
  const cluster = context.config.name;
  try {
    const stored = await transport
      .request<Pick<Backup, 'revision' | 'entries'>>({ method: 'GET', path: '/causeway/backup' })
      .catch(cause => {
        const start = `causeway up${nameFlag(cluster)}`;
        throw new SystemFailure(`the API server does not answer: start it with: ${start}`, { cause });
      });
    const content = { cluster, createdAt, ...stored };
    writeBackup(path, content);
    return content;
  } finally {
    transport.close();
  }
}

async function restore(context: ClusterContext, content: Backup): Promise<number> {
  const { name } = context.config;
  const busy = `another command works on the cluster "${name}": wait for it to end`;
  const release = await takeLock(context.paths.lock, busy);
  try {
    const progress = streamProgress(systemClock, process.stderr);
    const lifecycle = new ClusterLifecycle(context, progress);
    return await lifecycle.withoutServers(config =>
      progress.step('Restoring what is stored', () => restoreStore(config, content, commandLog())),
    );
  } finally {
    release();
  }
}
