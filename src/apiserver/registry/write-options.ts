import { badRequest } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { isTrue } from '../filters/request-info.ts';
import type { RequestOptions, WriteOptions } from './create.ts';
import { fieldManagerOf } from './field-ownership.ts';

/** @throws ApiError 422 for a dryRun other than All. */
export function writeOptions(call: Call): WriteOptions {
  const asked = call.request.query.getAll('dryRun').filter(value => value !== '');
  const manager = fieldManagerOf(call);
  const { user, warnings, trail } = call;
  return {
    user,
    dryRun: isDryRun(asked),
    warnings,
    manager,
    requestOptions: requestOptions(call, asked),
    ...(trail && { annotate: (key, value) => trail.annotate(key, value) }),
  };
}

const optionsKinds: Record<string, string> = { create: 'CreateOptions', patch: 'PatchOptions' };

function requestOptions({ info, request: { query } }: Call, dryRun: string[]): RequestOptions {
  const fieldManager = query.get('fieldManager');
  const fieldValidation = query.get('fieldValidation');
  const force = query.get('force');
  return {
    kind: optionsKinds[info.verb] ?? 'UpdateOptions',
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun.length > 0 && { dryRun }),
    ...(fieldManager && { fieldManager }),
    ...(fieldValidation && { fieldValidation }),
    ...(force !== null && { force: isTrue(force) }),
  };
}

export function isDryRun(asked: readonly string[]): boolean {
  if (asked.some(value => value !== 'All')) {
    throw badRequest(`Invalid value: ${JSON.stringify(asked)}: supported values: "All"`);
  }
  return asked.length > 0;
}
