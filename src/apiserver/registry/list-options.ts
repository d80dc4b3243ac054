import { type ApiError, badRequest, type FieldError, invalid } from '../../api/status.ts';
import { isTrue } from '../filters/request-info.ts';

/** The query of LIST and WATCH, checked. */
export interface ListOptions {
  limit: number;
  continueToken: string;
  /** Undefined where the client did not ask for one; 0 is "any". */
  resourceVersion: number | undefined;
  match: 'Exact' | 'NotOlderThan' | undefined;
  watch: boolean;
  bookmarks: boolean;
  sendInitialEvents: boolean | undefined;
  timeoutSeconds: number | undefined;
}

/** @throws ApiError 400 for what can't be read, 422 for what doesn't go together. */
export function readListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = query.get('sendInitialEvents');
  const options: ListOptions = {
    limit: integer(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    resourceVersion: revision(query.get('resourceVersion') ?? ''),
    match: undefined,
    watch,
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null || initial === '' ? undefined : isTrue(initial),
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
  checkMatch(options, match);
  if (match === 'Exact' || match === 'NotOlderThan') options.match = match;
  return options;
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

/** A resourceVersion of a query: undefined when empty. */
function revision(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    const message = `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw badRequest(`resourceVersion: ${message}`);
  }
  return Number(text);
}

/** After apimachinery's internalversion validation of ListOptions. */
function checkMatch(options: ListOptions, match: string): void {
  const found: FieldError[] = [];
  const forbid = (field: string, detail: string) =>
    found.push({ reason: 'FieldValueForbidden', field, message: `Forbidden: ${detail}` });
  if (options.watch && options.sendInitialEvents !== undefined) {
    if (match === '')
      forbid(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      );
    else if (match !== 'NotOlderThan') found.push(unsupported(match, ['NotOlderThan']));
  } else if (options.sendInitialEvents !== undefined) {
    forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  } else if (match !== '') checkListMatch(options, match, forbid, found);
  if (found.length > 0) throw invalidOptions(found);
}

function checkListMatch(
  options: ListOptions,
  match: string,
  forbid: (field: string, detail: string) => void,
  found: FieldError[],
): void {
  const field = 'resourceVersionMatch';
  if (options.watch)
    forbid(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  else if (options.resourceVersion === undefined) {
    forbid(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
  } else if (options.continueToken !== '') {
    forbid(field, 'resourceVersionMatch is forbidden when continue is provided');
  } else if (match !== 'Exact' && match !== 'NotOlderThan') {
    found.push(unsupported(match, ['Exact', 'NotOlderThan', '']));
  } else if (match === 'Exact' && options.resourceVersion === 0) {
    forbid(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
}

function unsupported(value: string, supported: string[]): FieldError {
  const list = supported.map(name => JSON.stringify(name)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', field: 'resourceVersionMatch', message };
}

function invalidOptions(causes: FieldError[]): ApiError {
  return invalid({ group: 'meta.k8s.io', resource: 'ListOptions' }, '', causes);
}
