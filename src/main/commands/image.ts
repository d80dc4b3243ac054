import { createReadStream, existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { ImportError } from '../../images/archive-import.ts';
import { type ImageLibrary, ImageNotFoundError, openImageLibrary } from '../../images/image-library.ts';
import { ClusterPaths, defaultDataDir } from '../cluster-config.ts';
import { SystemFailure, UsageFailure } from '../failure.ts';
import { commandLog } from '../linux-machines-port.ts';
import { streamProgress } from '../progress.ts';
import { renderTable } from '../text-table.ts';
import { examples, requireRoot } from './context.ts';

interface ImageOptions {
  dataDir: string;
}

/** `image list|import|build|remove`: the images all clusters of a data folder share. */
export function addImageCommands(program: Command): void {
  const image = program
    .command('image')
    .description('list, import, build and remove images')
    .addHelpText('after', examples('sudo causeway image list', 'sudo causeway image build nginx'));

  withDataDir(image.command('list'))
    .description('list the images: name, size and where each is from')
    .addOption(new Option('-o, --output <format>', 'how').choices(['text', 'json']).default('text'))
    .addHelpText('after', examples('sudo causeway image list', 'sudo causeway image list -o json'))
    .action(async (options: ImageOptions & { output: string }) => {
      requireRoot('image list');
      const images = await library(options).list();
      if (options.output === 'json') {
        process.stdout.write(`${JSON.stringify(images, null, 2)}\n`);
        return;
      }
      const rows = images.map(({ reference, digest, size, origin }) => [
        reference,
        digest.slice('sha256:'.length, 'sha256:'.length + 12),
        `${(size / 2 ** 20).toFixed(1)}MB`,
        origin,
      ]);
      process.stdout.write(renderTable(['IMAGE', 'DIGEST', 'SIZE', 'ORIGIN'], rows));
    });

  withDataDir(image.command('import'))
    .description('take the images of an archive: docker save, or the OCI layout')
    .argument('<file>', 'the archive, plain or gzipped; - for standard input')
    .option('--as <name>', 'call the image so, where the archive has no name for it')
    .addHelpText(
      'after',
      examples('docker save app:1 | causeway image import -', 'causeway image import app.tar'),
    )
    .action(async (file: string, options: ImageOptions & { as?: string }) => {
      requireRoot('image import');
      if (file !== '-' && !existsSync(file)) throw new UsageFailure(`there is no file ${file}`);
      const archive = file === '-' ? process.stdin : createReadStream(file);
      const images = await wording(() =>
        library(options).import(archive, { ...(options.as && { name: options.as }) }),
      );
      for (const { reference } of images) process.stdout.write(`imported ${reference}\n`);
    });

  withDataDir(image.command('build'))
    .description("build the catalog's stand-in for an image from the distribution's packages")
    .argument('[name]', 'which image; without it, what the catalog has is listed')
    .addHelpText('after', examples('causeway image build', 'sudo causeway image build nginx'))
    .action(async (name: string | undefined, options: ImageOptions) => {
      const images = library(options);
      if (name === undefined) {
        const rows = images.catalog.contents.map(entry => [entry.name]);
        process.stdout.write(renderTable(['NAME'], rows));
        return;
      }
      requireRoot('image build');
      const progress = streamProgress(systemClock, process.stderr);
      await progress.step(`Building ${name}`, () => wording(() => images.build(name)));
    });

  withDataDir(image.command('remove'))
    .description('forget an image; pods that run it are not touched')
    .argument('<name>', 'which image')
    .addHelpText('after', examples('sudo causeway image remove app:1'))
    .action(async (name: string, options: ImageOptions) => {
      requireRoot('image remove');
      await wording(() => library(options).remove(name));
      process.stdout.write(`removed ${name}\n`);
    });
}

function withDataDir(command: Command): Command {
  return command.option(
    '--data-dir <folder>',
    'where images are kept',
    process.env.CAUSEWAY_DATA_DIR ?? defaultDataDir,
  );
}

/** The machine's images, seen from the machine's own network: no outside to go to. */
function library({ dataDir }: ImageOptions): ImageLibrary {
  const decisions = new DecisionLog(systemClock, 'cli');
  const path = new ClusterPaths(dataDir, '').images;
  return openImageLibrary({ clock: systemClock, log: commandLog(), decisions }, { path, upstream: false });
}

/** A user's mistake is told as one; everything else is the system's. */
async function wording<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ImportError || error instanceof ImageNotFoundError)
      throw new UsageFailure(error.message);
    if (error instanceof Error) throw new SystemFailure(error.message, { cause: error.cause });
    throw error;
  }
}
