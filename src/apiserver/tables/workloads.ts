import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../api/generated/types.ts';
import { ageOf, humanDuration, since } from './age.ts';
import {
  ageColumn,
  column,
  containersColumn,
  count,
  flag,
  imagesColumn,
  nameColumn,
  selectorColumn,
} from './columns.ts';
import { containerCells, controllerName, formatLabels, formatSelector, none, truth } from './format.ts';
import type { Printer } from './table.ts';

const templateColumns = [containersColumn, imagesColumn, selectorColumn];

export const deploymentPrinter: Printer<Deployment> = {
  columns: [
    nameColumn,
    column('Ready', 'Number of the pod with ready state'),
    column('Up-to-date', 'Number of pods that have the current template.'),
    column('Available', 'Number of pods that have been ready for at least minReadySeconds.'),
    ageColumn,
    ...templateColumns,
  ],
  cells({ metadata, spec, status }, now) {
    return [
      metadata?.name ?? '',
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf({ metadata }, now),
      ...containerCells(spec?.template?.spec?.containers),
      formatSelector(spec?.selector),
    ];
  },
};

const replicaColumns = [
  nameColumn,
  count('Desired', 'The number of replicas asked for.'),
  count('Current', 'The number of replicas there are.'),
  count('Ready', 'The number of replicas that are ready.'),
  ageColumn,
  ...templateColumns,
];

export const replicaSetPrinter: Printer<ReplicaSet> = {
  columns: replicaColumns,
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    ageOf({ metadata }, now),
    ...containerCells(spec?.template?.spec?.containers),
    formatSelector(spec?.selector),
  ],
};

export const replicationControllerPrinter: Printer<ReplicationController> = {
  columns: replicaColumns,
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    ageOf({ metadata }, now),
    ...containerCells(spec?.template?.spec?.containers),
    formatLabels(spec?.selector),
  ],
};

export const statefulSetPrinter: Printer<StatefulSet> = {
  columns: [
    nameColumn,
    column('Ready', 'Number of the pod with ready state'),
    ageColumn,
    containersColumn,
    imagesColumn,
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ageOf({ metadata }, now),
    ...containerCells(spec?.template?.spec?.containers),
  ],
};

export const daemonSetPrinter: Printer<DaemonSet> = {
  columns: [
    nameColumn,
    count('Desired', 'The number of nodes that should run the pod.'),
    count('Current', 'The number of nodes that run the pod and should.'),
    count('Ready', 'The number of nodes whose pod is ready.'),
    count('Up-to-date', 'The number of nodes that run the current template.'),
    count('Available', 'The number of nodes whose pod has been ready for at least minReadySeconds.'),
    column('Node Selector', 'The labels of the nodes the pods run on.'),
    ageColumn,
    ...templateColumns,
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    formatLabels(spec?.template?.spec?.nodeSelector),
    ageOf({ metadata }, now),
    ...containerCells(spec?.template?.spec?.containers),
    formatSelector(spec?.selector),
  ],
};

export const jobPrinter: Printer<Job> = {
  columns: [
    nameColumn,
    column('Status', 'Status of the job.'),
    column('Completions', 'Number of pods that have completed, of those that have to.'),
    column('Duration', 'Time required to complete the job.'),
    ageColumn,
    ...templateColumns,
  ],
  cells: (job, now) => [
    job.metadata?.name ?? '',
    jobStatus(job),
    completions(job),
    jobDuration(job, now),
    ageOf(job, now),
    ...containerCells(job.spec?.template?.spec?.containers),
    formatSelector(job.spec?.selector),
  ],
};

function jobStatus(job: Job): string {
  const has = (type: string) => job.status?.conditions?.some(c => c.type === type && c.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata?.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completions({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`;
  const parallel = spec?.parallelism ?? 0;
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`;
}

function jobDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}

export const cronJobPrinter: Printer<CronJob> = {
  columns: [
    nameColumn,
    column('Schedule', 'When the jobs start, in cron format.'),
    column('Timezone', 'The time zone the schedule is in.'),
    flag('Suspend', 'No further job is started.'),
    count('Active', 'The jobs that run now.'),
    column('Last Schedule', 'When a job was last started.'),
    ageColumn,
    ...templateColumns,
  ],
  cells: ({ metadata, spec, status }, now) => [
    metadata?.name ?? '',
    spec?.schedule ?? '',
    spec?.timeZone ?? none,
    truth(spec?.suspend),
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? since(status.lastScheduleTime, now) : none,
    ageOf({ metadata }, now),
    ...containerCells(spec?.jobTemplate?.spec?.template?.spec?.containers),
    formatSelector(spec?.jobTemplate?.spec?.selector),
  ],
};

export const controllerRevisionPrinter: Printer<ControllerRevision> = {
  columns: [
    nameColumn,
    column('Controller', 'Controller of the object'),
    column('Revision', 'The number of the revision.'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    controllerName(object.metadata?.ownerReferences),
    object.revision ?? 0,
    ageOf(object, now),
  ],
};
