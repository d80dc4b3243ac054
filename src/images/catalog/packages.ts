import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/log.ts';
import { ProgramError, programOutput, runProgram } from './program.ts';

/** One package of the distribution, ready to be unpacked. */
export interface DistributionPackage {
  name: string;
  version: string;
  /** Names the package's content: the file name with version and architecture. */
  id: string;
  /** The package's files as a tar stream. */
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where the files of stand-ins come from. */
export interface PackageSource {
  /**
   * The named packages and all they depend on, sorted by name, present on this machine afterwards.
   * @throws Error that says why they cannot be had.
   */
  fetch(names: readonly string[], signal?: AbortSignal): Promise<DistributionPackage[]>;
}

/**
 * Packages whose files only installation scripts need: taken as installed already, so that apt leaves them
 * and what only they depend on out.
 */
const assumedInstalled = ['debconf', 'iproute2', 'dpkg'];

/**
 * Packages through the machine's apt: its sources, keys and proxies as they are; folders of our own for all
 * that apt writes, so that the machine stays as it is. Where the machine's package lists are missing or too
 * old, lists of our own are fetched. The packages are kept: a later build needs no network.
 */
export class AptPackages implements PackageSource {
  readonly #log: Logger;
  readonly #folder: string;
  readonly #outside: readonly string[];
  readonly #closures = new Map<string, Promise<string[]>>();
  #ownLists = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param options.outside argv prefix that puts a command where the network is: `nsenter --net=<path> --`. */
  constructor(deps: { log: Logger }, options: { path: string; outside?: readonly string[] }) {
    this.#log = deps.log;
    this.#folder = options.path;
    this.#outside = options.outside ?? [];
  }

  async fetch(names: readonly string[], signal?: AbortSignal): Promise<DistributionPackage[]> {
    const key = [...names].sort().join(' ');
    let closure = this.#closures.get(key);
    if (!closure) {
      closure = this.#inTurn(() => this.#fetchOnce(names, signal));
      this.#closures.set(key, closure);
      closure.catch(() => this.#closures.delete(key));
    }
    const files = await closure;
    return files.map(file => this.#package(file)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #fetchOnce(names: readonly string[], signal?: AbortSignal): Promise<string[]> {
    await this.#prepare();
    try {
      return await this.#resolveAndDownload(names, signal);
    } catch (error) {
      if (this.#ownLists || !(error instanceof ProgramError)) throw error;
      this.#log.info('fetching package lists', { because: error.message });
    }
    this.#ownLists = true;
    await this.#apt(['update', '-qq'], 'archives', signal);
    return this.#resolveAndDownload(names, signal);
  }

  async #resolveAndDownload(names: readonly string[], signal?: AbortSignal): Promise<string[]> {
    // With an empty folder for archives every package is listed, also those downloaded already.
    const uris = await this.#apt(['install', '-qq', '--print-uris', ...names], 'none', signal);
    const files = uris.split('\n').flatMap(line => line.split(' ')[1] ?? []);
    const present = new Set(await readdir(join(this.#folder, 'archives')));
    if (files.some(file => !present.has(file))) {
      await this.#apt(['install', '-qq', '--yes', '--download-only', ...names], 'archives', signal);
    }
    return files;
  }

  #package(file: string): DistributionPackage {
    const [name = '', version = ''] = file.replace(/\.deb$/, '').split('_');
    const path = join(this.#folder, 'archives', file);
    return {
      name,
      version: decodeURIComponent(version),
      id: file,
      open: signal => programOutput(['dpkg-deb', '--fsys-tarfile', path], signal),
    };
  }

  #apt(args: string[], archives: string, signal?: AbortSignal): Promise<string> {
    const at = (name: string) => join(this.#folder, name);
    const settings = {
      'Dir::State::status': at('status'),
      'Dir::Cache::archives': at(archives),
      'Dir::Cache::pkgcache': at('pkgcache.bin'),
      'Dir::Cache::srcpkgcache': at('srcpkgcache.bin'),
      ...(this.#ownLists && { 'Dir::State::lists': at('lists') }),
      'APT::Install-Recommends': 'false',
      'APT::Keep-Downloaded-Packages': 'true',
      'APT::Sandbox::User': 'root',
      // Else a mirror that cannot be reached is a mere warning of `update`.
      'APT::Update::Error-Mode': 'any',
      'Acquire::Retries': '1',
      'Acquire::http::Timeout': '15',
      'Acquire::https::Timeout': '15',
      // Our folders have a lock of their own; the machine's are only read.
      'Debug::NoLocking': 'true',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return runProgram(
      [...this.#outside, 'flock', at('lock'), 'apt-get', ...flags, ...args],
      signal,
      'apt-get',
    );
  }

  async #prepare(): Promise<void> {
    for (const name of ['archives/partial', 'none/partial', 'lists/partial']) {
      await mkdir(join(this.#folder, name), { recursive: true });
    }
    const status = join(this.#folder, 'status');
    if (await stat(status).catch(() => undefined)) return;
    await writeFile(status, assumedInstalled.map(statusEntry).join('\n'));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

function statusEntry(name: string): string {
  return `Package: ${name}\nStatus: install ok installed\nVersion: 999\nArchitecture: all\nMulti-Arch: foreign\nMaintainer: causeway\nDescription: taken as installed\n`;
}
