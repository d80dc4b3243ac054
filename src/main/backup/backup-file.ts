import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { SystemFailure, UsageFailure } from '../failure.ts';

/** All that a cluster had stored at one revision. */
export interface Backup {
  /** Name of the cluster it is of. */
  cluster: string;
  createdAt: string;
  revision: number;
  /** Key and value (a JSON text) of every entry. */
  entries: readonly (readonly [key: string, value: string])[];
}

const format = 'causeway-backup';
const version = 1;

/**
 * Writes a backup: a line of JSON about it, one for each entry, and one with the SHA-256 of all before. It is
 * there as a whole or not at all, and readable by its owner only, for it holds the cluster's secrets.
 */
export function writeBackup(path: string, { entries, ...about }: Backup): void {
  const head = JSON.stringify({ format, version, ...about, entries: entries.length });
  const body = `${[head, ...entries.map(entry => JSON.stringify(entry))].join('\n')}\n`;
  writeDurably(path, `${body}${JSON.stringify({ sha256: digest(body) })}\n`);
}

/** @throws SystemFailure when there is no room or the folder cannot be written to. */
function writeDurably(path: string, text: string): void {
  const fresh = `${path}.${process.pid}`;
  try {
    const file = openSync(fresh, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (cause) {
    rmSync(fresh, { force: true });
    throw new SystemFailure(`${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** @throws UsageFailure when it is no backup, of a later version, cut off or changed. */
export function readBackup(path: string): Backup {
  const text = readText(path);
  const bodyEnd = text.lastIndexOf('\n', text.length - 2) + 1;
  const lines = text.slice(0, bodyEnd).split('\n').slice(0, -1);
  const head = parse(lines[0] ?? '');
  if (head?.format !== format) throw new UsageFailure(`${path} is no backup that causeway made`);
  if (Number(head.version) > version) {
    throw new UsageFailure(`${path} was made by a later version of causeway: restore it with that`);
  }
  const { sha256 } = parse(text.slice(bodyEnd)) ?? {};
  if (sha256 !== digest(text.slice(0, bodyEnd)) || head.entries !== lines.length - 1) {
    throw new UsageFailure(`${path} is damaged: its checksum is not that of its content; use another backup`);
  }
  const entries = lines.slice(1).map(line => JSON.parse(line) as [string, string]);
  const { cluster, createdAt, revision } = head as unknown as Backup;
  return { cluster, createdAt, revision, entries };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const words = missing ? `there is no file ${path}` : `${path} cannot be read`;
    throw new UsageFailure(words, { cause });
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
