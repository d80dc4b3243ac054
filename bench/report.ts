import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** One figure of the bench, beside the one that was asked for. */
export interface Row {
  /** The sub-bench: `api`. */
  bench: string;
  what: string;
  unit: string;
  reached: number;
  asked?: number;
  /** Whether reaching more or less than `asked` is good. */
  better: 'higher' | 'lower';
  /** How it was measured, or the single runs. */
  note?: string;
}

export function met(row: Row): boolean | undefined {
  if (row.asked === undefined) return undefined;
  return row.better === 'higher' ? row.reached >= row.asked : row.reached <= row.asked;
}

/** A table of text, one line a row. */
export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map(row => {
    const reached = met(row);
    const verdict = reached === undefined ? '' : reached ? 'yes' : 'NO';
    return [
      row.bench,
      row.what,
      formatFigure(row.reached),
      askedText(row),
      row.unit,
      verdict,
      row.note ?? '',
    ];
  });
  const lines = [['bench', 'what', 'reached', 'asked', 'unit', 'met', 'note'], ...cells];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map(line => line[column]!.length)));
  const pad = (cell: string, column: number) =>
    column === 2 || column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return lines.map(line => line.map(pad).join('  ').trimEnd()).join('\n');
}

function askedText(row: Row): string {
  if (row.asked === undefined) return '';
  return `${row.better === 'higher' ? '≥' : '≤'} ${formatFigure(row.asked)}`;
}

function formatFigure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Writes `<folder>/<time>.json` and `<folder>/latest.json`; returns the first. */
export function writeResults(folder: string, rows: readonly Row[], problems: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const time = new Date().toISOString();
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    memory: totalmem(),
    kernel: release(),
    node: process.version,
  };
  const results = { time, machine, rows: rows.map(row => ({ ...row, met: met(row) })), problems };
  const text = `${JSON.stringify(results, null, 2)}\n`;
  const path = join(folder, `${time.replaceAll(':', '-')}.json`);
  writeFileSync(path, text);
  writeFileSync(join(folder, 'latest.json'), text);
  return path;
}
