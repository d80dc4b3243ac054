import type { ListMeta, ObjectMeta } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { customColumns, type PrinterColumn } from './custom-columns.ts';
import { createdAtPrinter, printers } from './printers.ts';

/** meta.k8s.io/v1 Table: what `kubectl get` prints. */
export interface Table {
  kind: 'Table';
  apiVersion: 'meta.k8s.io/v1';
  metadata: ListMeta;
  columnDefinitions: readonly TableColumn[];
  rows: TableRow[];
}

export interface TableColumn {
  name: string;
  /** OpenAPI type: `string`, `integer`, `boolean`, `date`. */
  type: string;
  /** `name` marks the column that identifies the object. */
  format: string;
  description: string;
  /** 0: always shown; above: with `-o wide`. */
  priority: number;
}

export type Cell = string | number | boolean | null;

interface TableRow {
  cells: Cell[];
  conditions?: TableRowCondition[];
  object?: object;
}

export interface TableRowCondition {
  type: 'Completed';
  status: 'True';
  reason: string;
  message: string;
}

/** What a kind prints. `now` in milliseconds since the epoch. */
export interface Printer<T extends KubeObject = KubeObject> {
  columns: readonly TableColumn[];
  cells(object: T, now: number): Cell[];
  conditions?(object: T): TableRowCondition[] | undefined;
}

export interface TableOptions {
  /** Milliseconds since the epoch; ages count from it. */
  now: number;
  /** What each row carries of its object. Default `Metadata`. */
  includeObject?: 'None' | 'Metadata' | 'Object';
  /** A custom resource's `additionalPrinterColumns`; none gives Name and Age. */
  columns?: readonly PrinterColumn[];
  /** The list's metadata: resourceVersion, continue, remainingItemCount. */
  metadata?: ListMeta;
  /** Later events of a watch leave the columns out. */
  noHeaders?: boolean;
}

/** The table of `objects`, all of `resource`'s kind, with the columns of 1.36. */
export function tableFor(
  resource: Pick<ResourceInfo, 'group' | 'version' | 'kind'>,
  objects: readonly KubeObject[],
  options: TableOptions,
): Table {
  const printer = options.columns ? customColumns(options.columns) : printerFor(resource);
  const include = options.includeObject ?? 'Metadata';
  const rows = objects.map(object => rowOf(object, printer, include, options.now));
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: options.metadata ?? {},
    columnDefinitions: options.noHeaders ? [] : printer.columns,
    rows,
  };
}

function printerFor({ group, version, kind }: Pick<ResourceInfo, 'group' | 'version' | 'kind'>): Printer {
  return printers[`${group}/${version}/${kind}`] ?? printers[`${group}/${kind}`] ?? createdAtPrinter;
}

function rowOf(object: KubeObject, printer: Printer, include: string, now: number): TableRow {
  const row: TableRow = { cells: printer.cells(object, now) };
  const conditions = printer.conditions?.(object);
  if (conditions) row.conditions = conditions;
  if (include === 'Metadata') row.object = partialMetadata(object.metadata);
  else if (include === 'Object') row.object = object;
  return row;
}

function partialMetadata(metadata: ObjectMeta | undefined): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: metadata ?? {} };
}
