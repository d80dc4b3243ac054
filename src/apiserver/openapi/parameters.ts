/** The parameters of operations, in paths and in queries. */

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  type: 'string' | 'boolean' | 'integer';
  description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});
const path = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  type: 'string',
  description,
});

export const nameParameter = (kind: string) => path('name', `name of the ${kind}`);
export const namespaceParameter = path(
  'namespace',
  'object name and auth scope, such as for teams and projects',
);
export const pathParameter = path('path', 'path to the resource');
export const pretty = query('pretty', 'string', "'true' asks for indented output.");

const selectors = [
  query(
    'continue',
    'string',
    'The token of a list that was cut off by limit: the next part of it is returned.',
  ),
  query('fieldSelector', 'string', 'Returns objects only whose fields match; everything where not given.'),
  query('labelSelector', 'string', 'Returns objects only whose labels match; everything where not given.'),
  query('limit', 'integer', 'The most objects to return; the rest is reached with continue.'),
  query('resourceVersion', 'string', 'From which resourceVersion on, or at which, the request is answered.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is taken: Exact or NotOlderThan.'),
  query(
    'sendInitialEvents',
    'boolean',
    'A watch begins with the objects there are, and a bookmark behind them.',
  ),
  query('timeoutSeconds', 'integer', 'How long the call may last.'),
];

const byName = (a: Parameter, b: Parameter) => (a.name < b.name ? -1 : 1);

export const listParameters: readonly Parameter[] = [
  ...selectors,
  query('allowWatchBookmarks', 'boolean', 'The watch may send events of type BOOKMARK.'),
  query('watch', 'boolean', 'Changes are sent as events instead of a list being returned.'),
].sort(byName);

const dryRun = query('dryRun', 'string', 'All: everything happens except that the change is kept.');
const fieldManager = query('fieldManager', 'string', 'Who makes the change, for managedFields.');
const fieldValidation = query(
  'fieldValidation',
  'string',
  'What becomes of unknown and repeated fields: Ignore drops them, Warn drops them with a warning, Strict refuses the request. Warn where not given.',
);

export const writeParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation];

export const patchParameters: readonly Parameter[] = [
  ...writeParameters,
  query('force', 'boolean', 'Apply takes fields over that others manage.'),
];

export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'How long the object may take to end; 0 deletes it at once.'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean', 'Deletes what cannot be read.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];

export const deleteCollectionParameters: readonly Parameter[] = [...deleteParameters, ...selectors].sort(
  byName,
);

/** Query parameters of subresources that take some. */
export const subresourceParameters: Readonly<Record<string, readonly Parameter[]>> = {
  log: [
    query('container', 'string', 'Whose log; the only container where not given.'),
    query('follow', 'boolean', 'Goes on with what is logged from now on.'),
    query('insecureSkipTLSVerifyBackend', 'boolean', "Does not verify the node's certificate."),
    query('limitBytes', 'integer', 'The most bytes to return.'),
    query('previous', 'boolean', 'The log of the container that ended before this one.'),
    query('sinceSeconds', 'integer', 'Only what is younger.'),
    query('stream', 'string', 'All, Stdout or Stderr.'),
    query('tailLines', 'integer', 'The last lines only.'),
    query('timestamps', 'boolean', 'Each line begins with its time.'),
  ],
  exec: [
    query('command', 'string', 'The command and its arguments; not run in a shell.'),
    query('container', 'string', 'In which container; the only one where not given.'),
    query('stderr', 'boolean', 'Standard error is sent.'),
    query('stdin', 'boolean', 'Standard input is taken.'),
    query('stdout', 'boolean', 'Standard output is sent.'),
    query('tty', 'boolean', 'A terminal is made.'),
  ],
  attach: [
    query('container', 'string', 'To which container; the only one where not given.'),
    query('stderr', 'boolean', 'Standard error is sent.'),
    query('stdin', 'boolean', 'Standard input is taken.'),
    query('stdout', 'boolean', 'Standard output is sent.'),
    query('tty', 'boolean', 'A terminal is attached.'),
  ],
  portforward: [query('ports', 'integer', 'The ports to forward.')],
  proxy: [query('path', 'string', 'The path of the request that is passed on.')],
};
