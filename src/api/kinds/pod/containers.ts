import type { Container, ContainerRestartRule, EphemeralContainer } from '../../generated/types.ts';
import { checkLabelName, checkOneOf, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { isSidecar } from '../pod-resources.ts';
import type { PodContext } from './context.ts';
import { checkEnv, checkEnvFrom } from './env.ts';
import { checkLifecycle, checkProbe, type ProbeKind } from './handlers.ts';
import { checkVolumeDevices, checkVolumeMounts } from './mounts.ts';
import { checkContainerPorts, checkHostPortConflicts } from './ports.ts';
import { checkContainerResources, checkResizePolicy } from './resources.ts';
import { checkContainerSecurity } from './security.ts';

const probeKinds: readonly ProbeKind[] = ['livenessProbe', 'readinessProbe', 'startupProbe'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const restartPolicies = ['Always', 'Never', 'OnFailure'];
const notSidecar = 'may not be set for init containers without restartPolicy=Always';
const notEphemeral = 'cannot be set for an Ephemeral Container';

export function checkContainers(pod: PodContext, at: FieldPath, out: Findings): void {
  const containers = pod.spec.containers ?? [];
  if (containers.length === 0) {
    out.required(at);
    return;
  }
  const names = new Unique();
  containers.forEach((container, i) => {
    const here = at.index(i);
    checkCommon(container, pod, here, out);
    if (!names.add(container.name)) out.duplicate(here.child('name'), container.name);
    checkHooks(container, pod, here, out);
    checkRestartPolicy(container, here, out);
  });
  checkHostPortConflicts(containers, at, out);
}

export function checkInitContainers(pod: PodContext, at: FieldPath, out: Findings): void {
  const names = namesOf(pod.spec.containers);
  (pod.spec.initContainers ?? []).forEach((container, i) => {
    const here = at.index(i);
    checkCommon(container, pod, here, out);
    checkRestartPolicy(container, here, out);
    if (!names.add(container.name)) out.duplicate(here.child('name'), container.name);
    // Init containers run one by one: each conflicts with itself only.
    checkHostPortConflicts([container], at, out);
    if (isSidecar(container)) {
      checkHooks(container, pod, here, out);
      return;
    }
    for (const field of ['lifecycle', ...probeKinds] as const) {
      if (container[field]) out.forbidden(here.child(field), notSidecar);
    }
    if (container.resizePolicy?.length) {
      out.invalid(here.child('resizePolicy'), container.resizePolicy, 'must not be set for init containers');
    }
  });
}

export function checkEphemeralContainers(pod: PodContext, at: FieldPath, out: Findings): void {
  const names = namesOf([...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])]);
  const others = new Set(
    [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])].map(c => c.name),
  );
  (pod.spec.ephemeralContainers ?? []).forEach((container, i) => {
    const here = at.index(i);
    checkCommon(container, pod, here, out);
    checkImageSpaces(container, here, out);
    if (!names.add(container.name)) out.duplicate(here.child('name'), container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) out.notFound(here.child('targetContainerName'), target);
    checkEphemeralFields(container, here, out);
  });
}

/** Nothing of the pod may depend on a debugging container. */
function checkEphemeralFields(container: EphemeralContainer, at: FieldPath, out: Findings): void {
  for (const field of [
    'ports',
    'resources',
    ...probeKinds,
    'lifecycle',
    'restartPolicy',
    'resizePolicy',
  ] as const) {
    const value = container[field];
    const empty = value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
    if (!empty) out.forbidden(at.child(field), notEphemeral);
  }
  (container.volumeMounts ?? []).forEach((mount, i) => {
    const here = at.child('volumeMounts').index(i);
    if (mount.subPath) out.forbidden(here.child('subPath'), notEphemeral);
    if (mount.subPathExpr) out.forbidden(here.child('subPathExpr'), notEphemeral);
  });
}

function namesOf(containers: Container[] | undefined): Unique {
  const names = new Unique();
  for (const container of containers ?? []) names.add(container.name);
  return names;
}

/** What is asked of containers of all sorts. */
function checkCommon(
  container: Container | EphemeralContainer,
  pod: PodContext,
  at: FieldPath,
  out: Findings,
): void {
  if (!container.name) out.required(at.child('name'));
  else checkLabelName(container.name, at.child('name'), out);
  if (!container.image) out.required(at.child('image'));
  const policies = ['File', 'FallbackToLogsOnError'];
  checkOneOf(container.terminationMessagePolicy, policies, at.child('terminationMessagePolicy'), out);
  checkContainerPorts(container.ports ?? [], at.child('ports'), out);
  checkEnv(container.env ?? [], pod, at.child('env'), out);
  checkEnvFrom(container.envFrom ?? [], at.child('envFrom'), out);
  checkVolumeMounts(container, pod, at.child('volumeMounts'), out);
  checkVolumeDevices(container, pod, at.child('volumeDevices'), out);
  checkOneOf(container.imagePullPolicy, pullPolicies, at.child('imagePullPolicy'), out);
  if (container.resources) {
    checkContainerResources(container.resources, pod.claimNames, at.child('resources'), out);
  }
  const policy = pod.spec.restartPolicy ?? '';
  checkResizePolicy(container.resizePolicy ?? [], policy, at.child('resizePolicy'), out);
  if (container.securityContext) {
    checkContainerSecurity(container.securityContext, pod, at.child('securityContext'), out);
  }
}

function checkHooks(container: Container, pod: PodContext, at: FieldPath, out: Findings): void {
  const gracePeriod = pod.spec.terminationGracePeriodSeconds;
  if (container.lifecycle) checkLifecycle(container.lifecycle, gracePeriod, at.child('lifecycle'), out);
  for (const kind of probeKinds) {
    const probe = container[kind];
    if (probe) checkProbe(probe, kind, gracePeriod, at.child(kind), out);
  }
}

function checkRestartPolicy(container: Container, at: FieldPath, out: Findings): void {
  const { restartPolicy, restartPolicyRules = [] } = container;
  const here = at.child('restartPolicy');
  if (restartPolicy === undefined) {
    if (restartPolicyRules.length > 0) {
      out.required(here, 'must specify restartPolicy when restart rules are used');
    }
    return;
  }
  if (!restartPolicies.includes(restartPolicy)) out.notSupported(here, restartPolicy, restartPolicies);
  const rulesAt = at.child('restartPolicyRules');
  if (restartPolicyRules.length > 20) out.tooMany(rulesAt, restartPolicyRules.length, 20);
  restartPolicyRules.forEach((rule, i) => {
    checkRestartRule(rule, rulesAt.index(i), out);
  });
}

function checkRestartRule(rule: ContainerRestartRule, at: FieldPath, out: Findings): void {
  const actions = ['Restart', 'RestartAllContainers'];
  if (!actions.includes(rule.action)) out.notSupported(at.child('action'), rule.action ?? '', actions);
  const codes = rule.exitCodes;
  if (!codes) {
    out.required(at.child('exitCodes'), 'must be specified');
    return;
  }
  const operators = ['In', 'NotIn'];
  const here = at.child('exitCodes');
  if (!operators.includes(codes.operator))
    out.notSupported(here.child('operator'), codes.operator ?? '', operators);
  if (!codes.values?.length) out.required(here.child('values'));
  else if (codes.values.length > 255) out.tooMany(here.child('values'), codes.values.length, 255);
}

/** Templates may hold `" "` as a placeholder; a pod's image may not. */
export function checkImageSpaces(
  container: Container | EphemeralContainer,
  at: FieldPath,
  out: Findings,
): void {
  const image = container.image ?? '';
  if (image.trim() !== image) {
    out.invalid(at.child('image'), image, 'must not have leading or trailing whitespace');
  }
}
