import type {
  ComponentStatus,
  ConfigMap,
  CoreEvent,
  EventsEvent,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from '../../api/generated/types.ts';
import { ageOf, since } from './age.ts';
import { ageColumn, column, count, nameColumn, wide } from './columns.ts';
import { none, unknown } from './format.ts';
import type { Cell, Printer } from './table.ts';

export const namespacePrinter: Printer<Namespace> = {
  columns: [nameColumn, column('Status', 'The status of the namespace'), ageColumn],
  cells: (object, now) => [object.metadata?.name ?? '', object.status?.phase ?? '', ageOf(object, now)],
};

export const configMapPrinter: Printer<ConfigMap> = {
  columns: [nameColumn, column('Data', 'The number of entries.'), ageColumn],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    sizeOf(object.data) + sizeOf(object.binaryData),
    ageOf(object, now),
  ],
};

export const secretPrinter: Printer<Secret> = {
  columns: [
    nameColumn,
    column('Type', 'What the data is for.'),
    column('Data', 'The number of entries.'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.type ?? '',
    sizeOf(object.data),
    ageOf(object, now),
  ],
};

function sizeOf(data: object | undefined): number {
  let size = 0;
  for (const _ in data) size++;
  return size;
}

export const serviceAccountPrinter: Printer<ServiceAccount> = {
  columns: [nameColumn, column('Secrets', 'The number of secrets pods of this account may use.'), ageColumn],
  cells: (object, now) => [object.metadata?.name ?? '', object.secrets?.length ?? 0, ageOf(object, now)],
};

export const nodePrinter: Printer<Node> = {
  columns: [
    nameColumn,
    column('Status', 'The status of the node'),
    column('Roles', 'The roles of the node'),
    ageColumn,
    column('Version', 'The version the node agent reports.'),
    wide(column('Internal-IP', 'The address other nodes use.')),
    wide(column('External-IP', 'The address from outside.')),
    wide(column('OS-Image', 'The operating system of the node.')),
    wide(column('Kernel-Version', 'The kernel of the node.')),
    wide(column('Container-Runtime', 'The container runtime of the node.')),
  ],
  cells(node, now) {
    const info = node.status?.nodeInfo;
    return [
      node.metadata?.name ?? '',
      nodeStatus(node),
      nodeRoles(node),
      ageOf(node, now),
      info?.kubeletVersion ?? '',
      nodeAddress(node, 'InternalIP'),
      nodeAddress(node, 'ExternalIP'),
      info?.osImage || unknown,
      info?.kernelVersion || unknown,
      info?.containerRuntimeVersion || unknown,
    ];
  },
};

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(c => c.type === 'Ready');
  const status = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${status},SchedulingDisabled` : status;
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value) roles.add(value);
  }
  return roles.size > 0 ? [...roles].sort().join(',') : none;
}

function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find(address => address.type === type)?.address ?? none;
}

const eventColumns = [
  column('Last Seen', 'When the event was last observed.'),
  column('Type', 'Normal or Warning.'),
  column('Reason', 'The reason in one word.'),
  column('Object', 'The object that this event is about.'),
  wide(column('Subobject', 'The part of the object that this event is about.')),
  wide(column('Source', 'The component reporting this event.')),
  column('Message', 'What happened.'),
  wide(column('First Seen', 'When the event was first observed.')),
  wide(count('Count', 'The number of times this event has occurred.')),
  wide(nameColumn),
];

export const eventPrinter: Printer<CoreEvent> = { columns: eventColumns, cells: eventCells };

function eventCells(event: CoreEvent, now: number): Cell[] {
  const first = since(event.firstTimestamp || event.eventTime, now);
  const last = event.series
    ? since(event.series.lastObservedTime, now)
    : event.lastTimestamp
      ? since(event.lastTimestamp, now)
      : first;
  const { kind = '', name, fieldPath = '' } = event.involvedObject ?? {};
  const component = event.source?.component || event.reportingComponent || '';
  const host = event.source?.host || event.reportingInstance || '';
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
    fieldPath,
    host ? `${component}, ${host}` : component,
    (event.message ?? '').trim(),
    first,
    event.series?.count || event.count || 1,
    event.metadata?.name ?? '',
  ];
}

/** The same events as the events.k8s.io group shows them. */
export const newEventPrinter: Printer<EventsEvent> = {
  columns: eventColumns,
  cells(event, now) {
    const { deprecatedCount, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedSource } = event;
    return eventCells(
      {
        metadata: event.metadata ?? {},
        involvedObject: event.regarding ?? {},
        count: deprecatedCount,
        firstTimestamp: deprecatedFirstTimestamp,
        lastTimestamp: deprecatedLastTimestamp,
        eventTime: event.eventTime,
        source: deprecatedSource,
        message: event.note,
        reason: event.reason,
        type: event.type,
        series: event.series,
        reportingComponent: event.reportingController,
        reportingInstance: event.reportingInstance,
      },
      now,
    );
  },
};

export const resourceQuotaPrinter: Printer<ResourceQuota> = {
  columns: [
    nameColumn,
    column('Request', 'Request represents a minimum amount of cpu/memory that a container may consume.'),
    column(
      'Limit',
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
    ),
    ageColumn,
  ],
  cells(quota, now) {
    const names = Object.keys(quota.status?.hard ?? {}).sort();
    const text = (name: string) =>
      `${name}: ${quota.status?.used?.[name] ?? '0'}/${quota.status?.hard?.[name] ?? '0'}`;
    const isLimit = (name: string) => name.startsWith('limits');
    return [
      quota.metadata?.name ?? '',
      names
        .filter(name => !isLimit(name))
        .map(text)
        .join(', '),
      names.filter(isLimit).map(text).join(', '),
      ageOf(quota, now),
    ];
  },
};

export const componentStatusPrinter: Printer<ComponentStatus> = {
  columns: [
    nameColumn,
    column('Status', 'Status of the component conditions'),
    column('Message', 'Message of the component conditions'),
    column('Error', 'Error of the component conditions'),
  ],
  cells(object) {
    const healthy = object.conditions?.find(c => c.type === 'Healthy');
    const status = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown';
    return [object.metadata?.name ?? '', status, healthy?.message ?? '', healthy?.error ?? ''];
  },
};
