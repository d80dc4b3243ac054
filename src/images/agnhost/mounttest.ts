import { readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from './flags.ts';

const initialContent = 'mount-tester new file\n';

/** Makes and shows files as a test wants to see them in a volume. The order of the steps is part of the contract. */
export async function mounttest(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, ['break_on_expected_content']);
  process.umask(0);
  const step = (flag: string, work: (path: string) => void) => {
    const path = flags.text(flag);
    if (!path) return;
    try {
      work(path);
    } catch (error) {
      print(`error with ${flag} of ${JSON.stringify(path)}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  };
  step('fs_type', path => {
    const type = statfsSync(path).type;
    print(type === 0x01021994 ? `mount type of "${path}": tmpfs` : `mount type of "${path}": ${type}`);
  });
  for (const mode of [0o644, 0o666, 0o660, 0o777]) {
    step(`new_file_0${mode.toString(8)}`, path => {
      writeFileSync(path, initialContent, { mode });
      showContent(path);
    });
  }
  step('file_mode', path => print(`mode of file "${path}": ${goMode(statSync(path).mode)}`));
  step('file_perm', path => print(`perms of file "${path}": ${permissions(statSync(path).mode, '-')}`));
  step('file_owner', path => {
    const { uid, gid } = statSync(path);
    print(`owner UID of "${path}": ${uid}`);
    print(`owner GID of "${path}": ${gid}`);
  });
  step('file_content', showContent);
  const looped = flags.text('file_content_in_loop');
  if (looped) {
    const untilExpected = flags.boolean('break_on_expected_content', true);
    await showInLoop(looped, flags.number('retry_time', 180) * 1000, untilExpected);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function showContent(path: string): void {
  print(`content of file "${path}": ${readFileSync(path, 'utf8')}`);
}

async function showInLoop(path: string, milliseconds: number, untilExpected: boolean): Promise<void> {
  const end = Date.now() + milliseconds;
  let readable = false;
  while (Date.now() < end) {
    try {
      showContent(path);
      readable = true;
      if (untilExpected && readFileSync(path, 'utf8') === initialContent) break;
      if (untilExpected) print(`Unexpected content. Expected: ${initialContent}. Retrying`);
    } catch (error) {
      readable = false;
      print(`Error reading file ${path}: ${(error as Error).message}, retrying`);
    }
    await sleep(2000);
  }
  if (!readable) process.exitCode = 1;
}

/** What stands before the permissions, in the order of Go's bits. */
const prefixes: [mask: number, bits: number, letter: string][] = [
  [0o170000, 0o040000, 'd'],
  [0o170000, 0o120000, 'L'],
  [0o170000, 0o060000, 'D'],
  [0o170000, 0o020000, 'D'],
  [0o170000, 0o010000, 'p'],
  [0o170000, 0o140000, 'S'],
  [0o4000, 0o4000, 'u'],
  [0o2000, 0o2000, 'g'],
  [0o170000, 0o020000, 'c'],
  [0o1000, 0o1000, 't'],
];

/** As Go's FileMode prints itself: `-rw-r--r--`, `drwxrwxrwx`, `dgrwxrwxrwx` with the group bit. */
export function goMode(mode: number): string {
  const letters = prefixes.filter(([mask, bits]) => (mode & mask) === bits).map(([, , letter]) => letter);
  return permissions(mode, letters.join('') || '-');
}

function permissions(mode: number, prefix: string): string {
  let text = prefix;
  for (let bit = 8; bit >= 0; bit--) text += mode & (1 << bit) ? 'xwr'[bit % 3] : '-';
  return text;
}
