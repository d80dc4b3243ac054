import { randomBytes } from 'node:crypto';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { BlobStore, StoredBlob } from '../blob-store.ts';
import { digestOf, type Manifest, machineArchitecture, mediaTypes } from '../manifest.ts';
import type { ImageRecord, RecordStore } from '../record-store.ts';
import { fileLayer, type PackageLayer, packageLayer } from './layer.ts';
import type { DistributionPackage, PackageSource } from './packages.ts';
import { runProgram } from './program.ts';
import type { Recipe, RecipeContext } from './recipe.ts';
import { recipes as allRecipes } from './recipes.ts';

declare module '../../base/decisions.ts' {
  interface DecisionTypes {
    /** A stand-in was built; `milliseconds` it took. */
    'image.built': { image: string; digest: string; bytes: number; milliseconds: number };
  }
}

export interface CatalogDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  blobs: BlobStore;
  records: RecordStore;
  packages: PackageSource;
}

/** A stand-in that could not be built; the message says why. */
export class StandInError extends Error {
  override readonly name = 'StandInError';
}

/** Says what a build is at: `fetching packages`, `layer 2 of 4`. */
export type BuildProgress = (step: string) => void;

interface BuiltPackages {
  layers: StoredBlob[];
  packages: DistributionPackage[];
  collected: Map<string, Buffer>;
  newest: number;
}

/**
 * The images that can be built from the distribution's packages where an original cannot be reached. Each
 * says in its labels that it is a stand-in. A build that is asked for while it runs is joined.
 */
export class Catalog {
  readonly #deps: CatalogDeps;
  readonly #recipes: readonly Recipe[];
  readonly #building = new Map<string, Promise<ImageRecord>>();
  readonly #layers = new Map<string, Promise<PackageLayer>>();

  constructor(deps: CatalogDeps, options: { recipes?: readonly Recipe[] } = {}) {
    this.#deps = deps;
    this.#recipes = options.recipes ?? allRecipes;
  }

  /** The names of what can be built, with the repositories they stand in for. */
  get contents(): readonly Pick<Recipe, 'name' | 'repositories'>[] {
    return this.#recipes;
  }

  /** The recipe of a normalised repository (`docker.io/library/nginx`) or of a catalog name (`nginx`). */
  find(repositoryOrName: string): Recipe | undefined {
    return this.#recipes.find(
      ({ name, repositories }) => name === repositoryOrName || repositories.includes(repositoryOrName),
    );
  }

  /** The stand-in of `recipe` as it was built before, where it is whole and of today's revision. */
  async built(recipe: Recipe): Promise<ImageRecord | undefined> {
    const record = await this.#deps.records.get('stand-in', recipe.repositories[0]!);
    const current = record?.builtFrom?.[0] === revisionOf(recipe);
    return record && current && (await this.#deps.blobs.has(record.digest)) ? record : undefined;
  }

  /** The stand-in of `recipe`, built where it is not there yet. */
  async build(recipe: Recipe, progress: BuildProgress = () => {}): Promise<ImageRecord> {
    const present = await this.built(recipe);
    if (present) return present;
    const running = this.#building.get(recipe.name);
    if (running) return running;
    const build = this.#build(recipe, progress)
      .catch(cause => {
        throw new StandInError(`the stand-in of ${recipe.name} cannot be built: ${errorChain(cause)}`, {
          cause,
        });
      })
      .finally(() => this.#building.delete(recipe.name));
    this.#building.set(recipe.name, build);
    return build;
  }

  async #build(recipe: Recipe, progress: BuildProgress): Promise<ImageRecord> {
    const { clock, log, decisions, blobs, records } = this.#deps;
    const started = clock.monotonic();
    const base = await this.#packageLayers(recipe, progress);
    const files = await recipe.files(this.#context(recipe, base));
    const layers = [...base.layers, await fileLayer(blobs, files, base.newest)];
    const builtFrom = [revisionOf(recipe), ...base.packages.map(({ name, version }) => `${name}=${version}`)];
    const { manifest, size } = await this.#writeManifest(recipe, layers, builtFrom, base.newest);
    const record: ImageRecord = {
      reference: recipe.repositories[0]!,
      origin: 'stand-in',
      digest: manifest.digest,
      mediaType: mediaTypes.manifest,
      size,
      time: clock.now(),
      builtFrom,
    };
    await records.put(record);
    const milliseconds = Math.round(clock.monotonic() - started);
    decisions.record('image.built', undefined, {
      image: recipe.name,
      digest: manifest.digest,
      bytes: size,
      milliseconds,
    });
    log.info('built a stand-in', { image: recipe.name, bytes: size, milliseconds });
    return record;
  }

  async #packageLayers(recipe: Recipe, progress: BuildProgress): Promise<BuiltPackages> {
    const built: BuiltPackages = { layers: [], packages: [], collected: new Map(), newest: 0 };
    const below = new Set<string>();
    const wanted: string[] = [];
    for (const [index, names] of recipe.packages.entries()) {
      wanted.push(...names);
      progress(`packages of layer ${index + 1}: ${names.join(', ')}`);
      const all = await this.#deps.packages.fetch(wanted);
      const packages = all.filter(({ id }) => !below.has(id));
      for (const { id } of packages) below.add(id);
      progress(`layer ${index + 1} of ${recipe.packages.length + 1}`);
      // Only the first layer makes the links of the merged /usr.
      const layer = await this.#packageLayer(packages, recipe.mergedUsr ?? true, recipe.collect);
      built.layers.push({ digest: layer.digest, size: layer.size });
      built.packages.push(...packages);
      built.newest = Math.max(built.newest, layer.newest);
      for (const [path, content] of layer.collected) built.collected.set(path, content);
    }
    return built;
  }

  /** Layers of the same packages are the same: built once. */
  async #packageLayer(
    packages: readonly DistributionPackage[],
    mergedUsr: boolean,
    collect: RegExp | undefined,
  ): Promise<PackageLayer> {
    const key = `${mergedUsr} ${collect?.source ?? ''} ${packages.map(({ id }) => id).join(' ')}`;
    const known = await this.#layers.get(key)?.catch(() => undefined);
    if (known && (await this.#deps.blobs.has(known.digest))) return known;
    const layer = packageLayer(this.#deps.blobs, packages, { mergedUsr, ...(collect && { collect }) });
    this.#layers.set(key, layer);
    return layer;
  }

  async #writeManifest(recipe: Recipe, layers: StoredBlob[], builtFrom: string[], newest: number) {
    const labels = {
      'io.causeway.stand-in': 'true',
      'io.causeway.stand-in-for': recipe.repositories.join(' '),
      'io.causeway.built-from': builtFrom.join(' '),
    };
    const created = new Date(newest).toISOString();
    const config = JSON.stringify({
      created,
      architecture: machineArchitecture(),
      os: 'linux',
      config: { ...recipe.config, Labels: { ...recipe.config.Labels, ...labels } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      history: layers.map((_, index) => ({
        created,
        created_by: `causeway image build ${recipe.name} (layer ${index + 1})`,
      })),
    });
    const configBlob = await this.#deps.blobs.put(config);
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...configBlob },
      layers: layers.map(({ digest, size }) => ({ mediaType: mediaTypes.layer, digest, size })),
      annotations: { 'io.causeway.stand-in': 'true' },
    };
    const blob = await this.#deps.blobs.put(JSON.stringify(manifest));
    const size = layers.reduce((sum, layer) => sum + layer.size, configBlob.size + blob.size);
    return { manifest: blob, size };
  }

  #context(recipe: Recipe, { collected, packages }: BuiltPackages): RecipeContext {
    return {
      collected,
      version: name => {
        const found = packages.find(candidate => candidate.name === name);
        if (!found) throw new Error(`the package ${name} is not in the image ${recipe.name}`);
        return found.version;
      },
      execute: executeProgram,
      machineProgram: readMachineProgram,
    };
  }
}

function revisionOf(recipe: Recipe): string {
  // What the image says of itself is part of it: a change of the configuration alone is seen too.
  return `recipe=${recipe.name}:${recipe.revision}:${digestOf(JSON.stringify([recipe.packages, recipe.config])).slice(7, 19)}`;
}

async function executeProgram(name: string, program: Buffer, args: readonly string[]): Promise<string> {
  const path = join(tmpdir(), `${name}-${randomBytes(8).toString('hex')}`);
  await writeFile(path, program, { mode: 0o700, flag: 'wx' });
  try {
    await chmod(path, 0o700);
    return await runProgram([path, ...args]);
  } finally {
    await rm(path, { force: true });
  }
}

async function readMachineProgram(name: string): Promise<Buffer> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  for (const folder of folders) {
    const content = folder && (await readFile(join(folder, name)).catch(() => undefined));
    if (content) return content;
  }
  throw new Error(`${name} is not installed: run: apt-get install ${name}`);
}
