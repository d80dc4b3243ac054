import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../generated/types.ts';
import { httpHeaderNameErrors } from '../../names.ts';
import { checkNonNegative, checkPortNumberOrName } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

/** Exactly one way to act, and that one right. */
function checkHandler(handler: Handler, gracePeriod: number | undefined, at: FieldPath, out: Findings): void {
  const checks: Partial<Record<keyof Handler, () => void>> = {
    exec: () => {
      if (!handler.exec?.command?.length) out.required(at.child('exec', 'command'));
    },
    httpGet: () => checkHttpGet(handler.httpGet!, at.child('httpGet'), out),
    tcpSocket: () => checkPortNumberOrName(handler.tcpSocket!.port, at.child('tcpSocket', 'port'), out),
    grpc: () => checkPortNumberOrName(handler.grpc!.port, at.child('grpc', 'port'), out),
    sleep: () => checkSleep(handler.sleep!.seconds, gracePeriod, at.child('sleep'), out),
  };
  let found = false;
  for (const [kind, check] of Object.entries(checks) as [keyof Handler, () => void][]) {
    if (!handler[kind]) continue;
    if (found) out.forbidden(at.child(kind), 'may not specify more than 1 handler type');
    else check();
    found = true;
  }
  if (!found) out.required(at, 'must specify a handler type');
}

function checkHttpGet(action: HTTPGetAction, at: FieldPath, out: Findings): void {
  if (!action.path) out.required(at.child('path'));
  checkPortNumberOrName(action.port, at.child('port'), out);
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    out.notSupported(at.child('scheme'), action.scheme ?? '', ['HTTP', 'HTTPS']);
  }
  for (const header of action.httpHeaders ?? []) {
    out.invalidAll(at.child('httpHeaders'), header.name, httpHeaderNameErrors(header.name ?? ''));
  }
}

function checkSleep(seconds: number, gracePeriod: number | undefined, at: FieldPath, out: Findings): void {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return;
  out.invalid(
    at,
    seconds,
    `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`,
  );
}

export function checkLifecycle(
  lifecycle: Lifecycle,
  gracePeriod: number | undefined,
  at: FieldPath,
  out: Findings,
): void {
  if (lifecycle.postStart) checkHandler(lifecycle.postStart, gracePeriod, at.child('postStart'), out);
  if (lifecycle.preStop) checkHandler(lifecycle.preStop, gracePeriod, at.child('preStop'), out);
}

export type ProbeKind = 'livenessProbe' | 'readinessProbe' | 'startupProbe';

export function checkProbe(
  probe: Probe,
  kind: ProbeKind,
  gracePeriod: number | undefined,
  at: FieldPath,
  out: Findings,
): void {
  checkHandler(probe, gracePeriod, at, out);
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    checkNonNegative(probe[field], at.child(field), out);
  }
  const own = probe.terminationGracePeriodSeconds;
  const ownAt = at.child('terminationGracePeriodSeconds');
  if (own !== undefined && own <= 0) out.invalid(ownAt, own, 'must be greater than 0');
  if (kind === 'readinessProbe') {
    if (own !== undefined) out.invalid(ownAt, own, 'must not be set for readinessProbes');
  } else if (probe.successThreshold !== 1) {
    out.invalid(at.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1');
  }
}
