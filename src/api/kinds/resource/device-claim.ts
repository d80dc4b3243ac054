import type {
  DeviceClaim,
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
} from '../../generated/types.ts';
import { checkLabelName, checkSubdomain } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { canonicalize } from '../quantities.ts';
import { checkConfiguration } from './configuration.ts';
import { checkItems, checkSet } from './lists.ts';
import { checkFullDeviceName } from './names.ts';
import { checkSelectors } from './selectors.ts';
import { checkToleration } from './taints.ts';

export const maxRequests = 32;
export const maxConfigurations = 32;
const maxConstraints = 32;
const maxAlternatives = 8;
const maxTolerations = 16;

export function defaultDeviceClaim(claim: DeviceClaim | undefined): void {
  for (const { exactly, firstAvailable } of claim?.requests ?? []) {
    if (exactly) defaultRequest(exactly);
    firstAvailable?.forEach(defaultRequest);
  }
}

function defaultRequest(request: ExactDeviceRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  for (const toleration of request.tolerations ?? []) toleration.operator ||= 'Equal';
  canonicalize(request.capacity?.requests);
}

/** `spec.devices` of a claim or a template of claims (upstream: pkg/apis/resource/validation). */
export function checkDeviceClaim(claim: DeviceClaim, at: FieldPath, out: Findings): void {
  const names = new RequestNames(claim);
  checkSet(claim.requests, maxRequests, checkRequest, ({ name }) => name ?? '', at.child('requests'), out);
  const constraint = (item: DeviceConstraint, here: FieldPath) => checkConstraint(item, names, here, out);
  checkItems(claim.constraints, maxConstraints, constraint, at.child('constraints'), out);
  const configuration = (item: DeviceClaimConfiguration, here: FieldPath) => {
    checkRequestNames(item.requests, names, here.child('requests'), out);
    checkConfiguration(item, false, here, out);
  };
  checkItems(claim.config, maxConfigurations, configuration, at.child('config'), out);
}

const oneOfBoth = 'exactly one of `exactly` or `firstAvailable` is required';

function checkRequest({ name, exactly, firstAvailable }: DeviceRequest, at: FieldPath, out: Findings): void {
  checkLabelName(name ?? '', at.child('name'), out);
  const several = (firstAvailable ?? []).length > 0;
  if (!exactly && !several) out.required(at, oneOfBoth);
  else if (exactly && several) out.invalid(at, undefined, `${oneOfBoth}, but multiple fields are set`);
  else if (exactly) checkExactRequest(exactly, at.child('exactly'), out);
  else {
    const here = at.child('firstAvailable');
    checkSet(firstAvailable, maxAlternatives, checkSubRequest, request => request.name ?? '', here, out);
  }
}

function checkSubRequest(request: DeviceSubRequest, at: FieldPath, out: Findings): void {
  checkLabelName(request.name ?? '', at.child('name'), out);
  checkExactRequest(request, at, out);
}

function checkExactRequest(request: ExactDeviceRequest, at: FieldPath, out: Findings): void {
  const classAt = at.child('deviceClassName');
  if (request.deviceClassName) checkSubdomain(request.deviceClassName, classAt, out);
  else out.required(classAt);
  checkSelectors(request.selectors, false, at.child('selectors'), out);
  checkCount(request, at, out);
  checkItems(request.tolerations, maxTolerations, checkToleration, at.child('tolerations'), out);
}

function checkCount({ allocationMode, count = 0 }: ExactDeviceRequest, at: FieldPath, out: Findings): void {
  if (allocationMode === 'All') {
    if (count === 0) return;
    out.invalid(at.child('count'), count, "must not be specified when allocationMode is 'All'");
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) out.invalid(at.child('count'), count, 'must be greater than zero');
  } else out.notSupported(at.child('allocationMode'), allocationMode ?? '', ['All', 'ExactCount']);
}

function checkConstraint(
  constraint: DeviceConstraint,
  names: RequestNames,
  at: FieldPath,
  out: Findings,
): void {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  checkRequestNames(requests, names, at.child('requests'), out);
  if (matchAttribute !== undefined) checkFullDeviceName(matchAttribute, at.child('matchAttribute'), out);
  else if (distinctAttribute !== undefined) {
    checkFullDeviceName(distinctAttribute, at.child('distinctAttribute'), out);
  } else {
    const why =
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    out.required(at, why);
  }
}

export function checkRequestNames(
  references: readonly string[] | undefined,
  names: RequestNames,
  at: FieldPath,
  out: Findings,
): void {
  const check = (name: string, here: FieldPath) => checkRequestName(name, names, here, out);
  checkSet(references, maxRequests, check, name => name, at, out);
}

const noRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function checkRequestName(name: string, names: RequestNames, at: FieldPath, out: Findings): void {
  const parts = name.split('/');
  if (parts.length <= 2) for (const part of parts) checkLabelName(part, at, out);
  if (!names.has(name)) out.invalid(at, name, noRequest);
}

/** The names of a claim's requests: `request`, and `request/alternative` where there are some. */
export class RequestNames {
  readonly #names = new Set<string>();

  constructor(claim: DeviceClaim | undefined) {
    for (const { name, firstAvailable } of claim?.requests ?? []) {
      this.#names.add(name ?? '');
      for (const alternative of firstAvailable ?? []) {
        this.#names.add(`${name ?? ''}/${alternative.name ?? ''}`);
      }
    }
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
