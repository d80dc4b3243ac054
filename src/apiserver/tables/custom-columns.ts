import type { KubeObject } from '../../api/objects.ts';
import { ageOf, since } from './age.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { evaluateJsonPath, type JsonPath, parseJsonPath } from './json-path.ts';
import type { Cell, Printer, TableColumn } from './table.ts';

/** One of a custom resource definition's `additionalPrinterColumns`. */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
}

/** Made once for a definition's list of columns, which must not change. */
const made = new WeakMap<readonly PrinterColumn[], Printer>();

/** What a custom resource prints: its name and its columns, or its age where it has none. */
export function customColumns(columns: readonly PrinterColumn[]): Printer {
  const known = made.get(columns);
  if (known) return known;
  const printer = columns.length === 0 ? nameAndAge : fromColumns(columns);
  made.set(columns, printer);
  return printer;
}

const nameAndAge: Printer = {
  columns: [nameColumn, { ...ageColumn, type: 'date' }],
  cells: (object, now) => [object.metadata?.name ?? '', ageOf(object, now)],
};

function fromColumns(columns: readonly PrinterColumn[]): Printer {
  const readers = columns.map(column => ({ type: column.type, path: pathOf(column.jsonPath) }));
  return {
    columns: [nameColumn, ...columns.map(definitionOf)],
    cells(object, now) {
      return [
        object.metadata?.name ?? '',
        ...readers.map(({ type, path }) => cellOf(object, path, type, now)),
      ];
    },
  };
}

function definitionOf(column: PrinterColumn): TableColumn {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description:
      column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
  };
}

/** A definition is validated before it is served; a path that can't be read shows nothing. */
function pathOf(text: string): JsonPath | undefined {
  try {
    return parseJsonPath(text);
  } catch {
    return undefined;
  }
}

function cellOf(object: KubeObject, path: JsonPath | undefined, type: string, now: number): Cell {
  const values = path ? evaluateJsonPath(path, object) : [];
  const value = values[0];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateText(value, now) : null;
    default:
      return values.map(text).join(' ');
  }
}

function dateText(value: string, now: number): string {
  return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, now);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
