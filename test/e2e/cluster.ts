import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const causeway = join(root, 'causeway');

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where the files of a cluster lie. */
export function clusterFolder(name: string): string {
  return join('/var/lib/causeway/clusters', name);
}

/** The numbers of the processes of a control group, `CLUSTER/…`, and below it. */
export function processesIn(group: string): number[] {
  const pids = listOf('/sys/fs/cgroup').flatMap(controller => {
    const folder = `/sys/fs/cgroup/${controller}/causeway/${group}`;
    return [folder, ...below(folder)].flatMap(each => {
      try {
        return readFileSync(join(each, 'cgroup.procs'), 'utf8').split('\n').map(Number);
      } catch {
        return [];
      }
    });
  });
  return [...new Set(pids)].filter(pid => pid > 0);
}

function below(folder: string): string[] {
  return listOf(folder)
    .map(name => join(folder, name))
    .filter(path => statSync(path, { throwIfNoEntry: false })?.isDirectory())
    .flatMap(path => [path, ...below(path)]);
}

/** A command that goes on while the test does other things. In a process group of its own, as a terminal's. */
export function start(words: string[]) {
  const child = spawn(causeway, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  let changed = () => {};
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
    changed();
  });
  const code = new Promise<number>(resolve => {
    child.once('close', (number, signal) => resolve(number ?? 128 + constants.signals[signal!]));
  });
  return {
    code,
    get stderr() {
      return stderr;
    },
    /** Resolves when its standard error has the text, or has ended. */
    async said(text: RegExp): Promise<void> {
      while (!text.test(stderr) && child.exitCode === null) {
        await Promise.race([code, new Promise<void>(resolve => (changed = resolve))]);
      }
    },
    /** As a key of the terminal would. */
    kill: (signal: NodeJS.Signals) => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, signal);
    },
  };
}

/** `e2e-life` → `e2e-life-2fk`: with the number of this process, in few letters. */
export function uniqueName(name: string): string {
  return `${name}-${process.pid.toString(36)}`;
}

/** Clusters of this name that a run left behind which was killed. */
async function removeLeftovers(name: string): Promise<void> {
  const base = name.slice(0, name.lastIndexOf('-') + 1);
  for (const other of listOf('/var/lib/causeway/clusters')) {
    const owner = other.startsWith(base) ? Number.parseInt(other.slice(base.length), 36) : Number.NaN;
    if (other === name || Number.isNaN(owner) || other !== `${base}${owner.toString(36)}`) continue;
    if (statSync(`/proc/${owner}`, { throwIfNoEntry: false })) continue;
    await run([causeway, 'delete', '--yes', '--name', other]);
  }
}

/** A cluster as a user has it: everything goes through the command line. Always isolated. */
export class TestCluster {
  readonly name: string;
  /** The file a user starts. */
  readonly program = causeway;
  readonly scratch = mkdtempSync(join(tmpdir(), 'causeway-e2e-'));

  /** `name` becomes one of this run alone, so that two runs on a machine do not disturb each other. */
  constructor(name: string) {
    this.name = uniqueName(name);
  }

  /** The name of its first, second, … node. */
  node(number: number): string {
    return `${this.name}-${number}`;
  }

  async up(...options: string[]): Promise<Result> {
    await removeLeftovers(this.name);
    return this.causeway('up', '--isolated', '--yes', ...options);
  }

  /** Removes the cluster and the scratch folder. */
  async delete(): Promise<Result> {
    const result = await this.causeway('delete', '--yes');
    rmSync(this.scratch, { recursive: true, force: true });
    return result;
  }

  /** `causeway COMMAND --name … WORDS`; never rejects. */
  causeway(command: string, ...words: string[]): Promise<Result> {
    return run([causeway, ...command.split(' '), '--name', this.name, ...words]);
  }

  /** A command on the host side. */
  exec(words: string[], input?: string): Promise<Result> {
    return run([causeway, 'exec', '--name', this.name, '--', ...words], input);
  }

  /** kubectl with these words; `input` goes to its standard input. */
  kubectl(words: string, input?: string): Promise<Result> {
    return this.exec(['kubectl', ...words.split(/\s+/)], input);
  }

  /** What kubectl prints with these words, where it succeeds. @throws AssertionError where it does not */
  async succeed(words: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(words, input);
    assert.equal(code, 0, `${words}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Applies these objects; what kubectl prints of it. */
  apply(...items: object[]): Promise<string> {
    return this.succeed('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  /** Asks kubectl again and again until it prints what fits: what follows something else, such as its events. */
  async until(words: string, wanted: RegExp): Promise<string> {
    const end = Date.now() + 60_000;
    for (;;) {
      const found = await this.succeed(words);
      if (wanted.test(found)) return found;
      if (Date.now() > end) assert.match(found, wanted, words);
    }
  }

  /** A line of shell on the host side, as a reader of the guide types it, with `k` as kubectl. */
  shell(line: string): Promise<Result> {
    return this.exec(['bash', '-c', line]);
  }

  /** The same in a terminal of its own: standard input and output are a pseudo-terminal. */
  terminal(line: string): Promise<Result> {
    const inner = [causeway, 'exec', '--name', this.name, '--', 'bash', '-c', line].map(quote).join(' ');
    // Nobody types, and nobody hangs up: at the end of its input `script` would send an end of file.
    return run(['script', '--quiet', '--return', '--command', inner, '/dev/null'], 'left open');
  }

  /** kubectl that is left running; the caller ends it. */
  follow(words: string) {
    return spawn(causeway, ['exec', '--name', this.name, '--', 'kubectl', ...words.split(/\s+/)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** @param input to its standard input, which ends then; or that it does not end. */
export function run(command: string[], input: string | 'left open' = ''): Promise<Result> {
  return new Promise(resolve => {
    const options = { maxBuffer: 64 * 2 ** 20, timeout: 180_000, encoding: 'utf8' as const };
    const child = execFile(command[0]!, command.slice(1), options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, stdout, stderr });
    });
    // A command may end without reading it.
    child.stdin?.on('error', () => {});
    if (input !== 'left open') child.stdin?.end(input);
  });
}

/** `script` runs its command through a shell: every word is quoted for it. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What of this machine the cluster `name` could leave behind. Other clusters may come and go meanwhile. */
export function machineState(name: string) {
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
  const ours = (entry: string) => entry === name || entry === `${name}.lock`;
  return {
    links: ip('-o', 'link').replaceAll(/^\d+: /gm, ''),
    routes: ip('route'),
    rules: execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter(line => line.includes(`/${name}/`)),
    cgroups: listOf('/sys/fs/cgroup').flatMap(controller =>
      listOf(`/sys/fs/cgroup/${controller}/causeway`).filter(ours),
    ),
    run: listOf('/run/causeway').filter(ours),
    clusters: listOf('/var/lib/causeway/clusters').filter(ours),
    processes: processesNaming(`/${name}/`),
  };
}

/** Command lines of running processes that name a path of the cluster. */
function processesNaming(path: string): string[] {
  return listOf('/proc').flatMap(pid => {
    try {
      const words = readFileSync(`/proc/${Number(pid)}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.includes(`/causeway/clusters${path}`) || words.includes(`/run/causeway${path}`)
        ? [words]
        : [];
    } catch {
      return [];
    }
  });
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
