import type { KubeObject } from '../../api/objects.ts';
import { addQuantity, formatQuantity, parseQuantity } from '../../api/quantity.ts';
import { nameColumn } from './columns.ts';
import type { Printer, TableColumn } from './table.ts';

interface Measured extends KubeObject {
  window?: string;
  usage?: Record<string, string>;
  containers?: { usage: Record<string, string> }[];
}

const usageColumn = (name: string, format: string): TableColumn => ({
  name,
  type: 'string',
  format,
  description: '',
  priority: 0,
});

/** Of NodeMetrics and PodMetrics (metrics-server: pkg/api/table.go). */
export const metricsPrinter: Printer<Measured> = {
  columns: [
    { ...nameColumn, description: 'Name of the resource' },
    usageColumn('cpu', 'quantity'),
    usageColumn('memory', 'quantity'),
    usageColumn('Window', 'duration'),
  ],
  cells({ metadata, window = '', usage, containers = [] }) {
    const all = usage ? [usage] : containers.map(each => each.usage);
    return [metadata?.name ?? '', total(all, 'cpu'), total(all, 'memory'), window];
  },
};

function total(usages: readonly Record<string, string>[], resource: string): string {
  const amounts = usages.map(usage => parseQuantity(usage[resource] ?? '0'));
  return formatQuantity(amounts.reduce(addQuantity, parseQuantity('0')));
}
