import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../generated/types.ts';
import { checkIp, isDualStack } from '../addresses.ts';
import { checkQualifiedName, checkSubdomain, Unique } from '../checks.ts';
import { type FieldPath, metadataPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkImmutable } from '../metadata.ts';
import { checkPodAnnotationUpdates } from './annotations.ts';
import { podSpecOf } from './pod-update.ts';
import { mayRestartAll } from './restart-all.ts';

const oneEach = 'may specify no more than one IP for each IP family';

/** A status a node (or controller) may write: no container comes back from the dead. */
export function checkPodStatusUpdate(pod: Pod, old: Pod, out: Findings): void {
  const annotationsAt = metadataPath.child('annotations');
  checkPodAnnotationUpdates(
    pod.metadata?.annotations ?? {},
    old.metadata?.annotations ?? {},
    annotationsAt,
    out,
  );
  const status = pod.status ?? {};
  const before = old.status ?? {};
  (status.conditions ?? []).forEach((condition, i) => {
    if (['PodScheduled', 'Ready', 'Initialized'].includes(condition.type)) return;
    checkQualifiedName(condition.type ?? '', metadataPath.child('conditions').index(i).child('Type'), out);
  });
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    checkSubdomain(nominated, statusPath.child('nominatedNodeName'), out);
  }
  checkImmutable(status.qosClass, before.qosClass, statusPath.child('qosClass'), out);
  checkTransitions(status, before, podSpecOf(old), out);
  checkClaimStatuses(status, podSpecOf(pod), out);
  checkAddresses(status, out);
}

/** The claims made for the pod: each for one its spec names. */
function checkClaimStatuses(status: PodStatus, spec: PodSpec, out: Findings): void {
  const known = new Set((spec.resourceClaims ?? []).map(claim => claim.name));
  const seen = new Unique();
  (status.resourceClaimStatuses ?? []).forEach(({ name, resourceClaimName }, i) => {
    const at = statusPath.child('resourceClaimStatuses').index(i).child('name');
    if (!known.has(name)) {
      out.invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`');
    }
    if (!seen.add(name)) out.duplicate(at, name);
    if (resourceClaimName !== undefined) checkSubdomain(resourceClaimName, at, out);
  });
}

function checkTransitions(status: PodStatus, before: PodStatus, spec: PodSpec, out: Findings): void {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(c => c.restartPolicy === 'Always').map(c => c.name),
  );
  const own = new Map([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(c => [c.name, c]));
  const policy = spec.restartPolicy ?? 'Always';
  // A container with a restart policy or rules of its own may come back whatever the pod's policy says.
  const all = mayRestartAll(spec);
  const restarts = (name: string) => all || own.get(name)?.restartPolicy !== undefined;
  for (const kind of ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const) {
    const ephemeral = kind === 'ephemeralContainerStatuses';
    (before[kind] ?? []).forEach((was, i) => {
      if (!ephemeral && (sidecars.has(was.name) || restarts(was.name))) return;
      if (mayRestart(was, ephemeral ? 'Never' : policy)) return;
      const now = (status[kind] ?? []).find(s => s.name === was.name);
      if (!now || now.state?.terminated) return;
      const why = 'may not be transitioned to non-terminated state';
      out.forbidden(statusPath.child(kind).index(i).child('state'), why);
    });
  }
}

function mayRestart(was: ContainerStatus, policy: string): boolean {
  const ended = was.state?.terminated;
  if (!ended || policy === 'Always') return true;
  return policy === 'OnFailure' && ended.exitCode !== 0;
}

function checkAddresses(status: PodStatus, out: Findings): void {
  checkIpList(
    (status.podIPs ?? []).map(p => p.ip ?? ''),
    status.podIPs,
    statusPath.child('podIPs'),
    out,
  );
  const hostIPs = status.hostIPs ?? [];
  const at = statusPath.child('hostIPs');
  if (hostIPs.length > 0 && hostIPs[0]!.ip !== status.hostIP) {
    out.invalid(at.index(0).child('ip'), hostIPs[0]!.ip, 'must be equal to `hostIP`');
  }
  checkIpList(
    hostIPs.map(p => p.ip ?? ''),
    hostIPs,
    at,
    out,
  );
}

function checkIpList(addresses: string[], value: unknown, at: FieldPath, out: Findings): void {
  const seen = new Unique();
  const right = addresses.map((address, i) => checkIp(address, at.index(i), out)).every(Boolean);
  if (!right || addresses.length < 2) return;
  if (!isDualStack(addresses) || addresses.length > 2) out.invalid(at, value, oneEach);
  addresses.forEach((address, i) => {
    if (!seen.add(address)) out.duplicate(at.index(i), { ip: address });
  });
}
