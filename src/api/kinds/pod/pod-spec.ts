import type { ObjectMeta, PodResourceClaim, PodSpec } from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import { checkLabelName, checkOneOf, checkQualifiedName, checkSubdomain, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLabels } from '../metadata.ts';
import { checkAffinity } from './affinity.ts';
import { checkContainers, checkEphemeralContainers, checkInitContainers } from './containers.ts';
import { type PodContext, podContext } from './context.ts';
import { checkDns, checkHostAliases } from './dns.ts';
import { checkHostNetworkPorts } from './ports.ts';
import { checkContainerResources, checkPodResources } from './resources.ts';
import { checkGates, checkSpreadConstraints, checkTolerations } from './scheduling.ts';
import { checkHostUsers, checkPodSecurity } from './security.ts';
import { checkVolumes } from './volumes.ts';

type Fields = Record<string, unknown>;

const containerKinds = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const linuxOfPods = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
];
const linuxOfContainers = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];
const maxInt32 = 2 ** 31 - 1;

/**
 * The spec of a Pod (`metadata` given) or of a template's pods, after defaults. The order of the findings is
 * upstream's.
 */
export function checkPodSpec(
  spec: PodSpec,
  metadata: ObjectMeta | undefined,
  at: FieldPath,
  out: Findings,
): void {
  const pod = podContext(spec, metadata !== undefined, metadata);
  if (spec.terminationGracePeriodSeconds === undefined) {
    out.required(at.child('terminationGracePeriodSeconds'));
  }
  checkVolumes(spec.volumes ?? [], pod, at.child('volumes'), out);
  checkResourceClaims(spec.resourceClaims ?? [], at.child('resourceClaims'), out);
  checkContainers(pod, at.child('containers'), out);
  checkInitContainers(pod, at.child('initContainers'), out);
  checkEphemeralContainers(pod, at.child('ephemeralContainers'), out);
  checkPodResources(spec, at.child('resources'), out);
  if (spec.hostNetwork) checkHostNetworkPorts(spec.containers ?? [], pod.isPod, at.child('containers'), out);
  checkOneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], at.child('restartPolicy'), out);
  checkLabels(spec.nodeSelector, at.child('nodeSelector'), out);
  if (spec.securityContext) checkPodSecurity(spec.securityContext, spec, at.child('securityContext'), out);
  if (spec.affinity) checkAffinity(spec.affinity, at.child('affinity'), out);
  checkDns(spec, at, out);
  (spec.readinessGates ?? []).forEach((gate, i) => {
    checkQualifiedName(
      gate.conditionType ?? '',
      at.child('readinessGates').index(i).child('conditionType'),
      out,
    );
  });
  checkGates(spec.schedulingGates ?? [], at.child('schedulingGates'), out);
  const spread = spec.topologySpreadConstraints ?? [];
  checkSpreadConstraints(spread, at.child('topologySpreadConstraints'), out);
  checkHostUsers(spec, at, out);
  checkNames(pod, at, out);
  checkTolerations(spec.tolerations ?? [], at.child('tolerations'), out);
  checkHostAliases(spec.hostAliases ?? [], at.child('hostAliases'), out);
  checkRest(spec, at, out);
}

function checkNames({ spec }: PodContext, at: FieldPath, out: Findings): void {
  const { serviceAccountName, nodeName, hostname, subdomain, hostnameOverride } = spec;
  if (serviceAccountName) checkSubdomain(serviceAccountName, at.child('serviceAccountName'), out);
  if (nodeName) checkSubdomain(nodeName, at.child('nodeName'), out);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    out.invalid(at.child('activeDeadlineSeconds'), deadline, inclusiveRangeMessage(1, maxInt32));
  }
  if (hostname) checkLabelName(hostname, at.child('hostname'), out);
  if (subdomain) checkLabelName(subdomain, at.child('subdomain'), out);
  if (hostnameOverride === undefined) return;
  checkSubdomain(hostnameOverride, at.child('hostnameOverride'), out);
  if (hostnameOverride.length > 64) {
    out.invalid(at.child('hostnameOverride'), hostnameOverride, 'must be no more than 64 characters');
  }
  if (spec.hostNetwork) {
    const why = 'may not be specified when hostNetwork is true';
    out.invalid(at.child('hostnameOverride'), hostnameOverride, why);
  }
}

function checkRest(spec: PodSpec, at: FieldPath, out: Findings): void {
  if (spec.priorityClassName) checkSubdomain(spec.priorityClassName, at.child('priorityClassName'), out);
  if (spec.runtimeClassName !== undefined) {
    checkSubdomain(spec.runtimeClassName, at.child('runtimeClassName'), out);
  }
  if (spec.preemptionPolicy !== undefined) {
    const policies = ['PreemptLowerPriority', 'Never'];
    checkOneOf(spec.preemptionPolicy, policies, at.child('preemptionPolicy'), out);
  }
  if (spec.overhead) {
    checkContainerResources({ limits: spec.overhead }, new Set(), at.child('overhead'), out);
  }
  if (!spec.os) return;
  if (!spec.os.name) out.required(at.child('os', 'name'), 'cannot be empty');
  else if (!['linux', 'windows'].includes(spec.os.name)) {
    out.notSupported(at.child('os'), spec.os.name, ['linux', 'windows']);
  } else if (spec.os.name === 'linux') checkLinux(spec, at, out);
  else checkWindows(spec, at, out);
}

function checkLinux(spec: PodSpec, at: FieldPath, out: Findings): void {
  const why = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions) {
    out.forbidden(at.child('securityContext', 'windowsOptions'), why);
  }
  for (const kind of containerKinds) {
    (spec[kind] ?? []).forEach((container, i) => {
      if (!container.securityContext?.windowsOptions) return;
      out.forbidden(at.child(kind).index(i).child('securityContext', 'windowsOptions'), why);
    });
  }
}

function checkWindows(spec: PodSpec, at: FieldPath, out: Findings): void {
  const why = 'cannot be set for a windows pod';
  const context = spec.securityContext as Fields | undefined;
  const contextAt = at.child('securityContext');
  const present = (value: unknown) => value !== undefined && (!Array.isArray(value) || value.length > 0);
  if (spec.hostUsers !== undefined) out.forbidden(at.child('hostUsers'), why);
  for (const field of ['hostPID', 'hostIPC', 'shareProcessNamespace'] as const) {
    if (spec[field]) out.forbidden(at.child(field), why);
  }
  for (const field of linuxOfPods) if (present(context?.[field])) out.forbidden(contextAt.child(field), why);
  for (const kind of containerKinds) {
    (spec[kind] ?? []).forEach(({ securityContext }, i) => {
      const here = at.child(kind).index(i).child('securityContext');
      const own = securityContext as Fields | undefined;
      for (const field of linuxOfContainers)
        if (own?.[field] !== undefined) out.forbidden(here.child(field), why);
    });
  }
}

function checkResourceClaims(claims: PodResourceClaim[], at: FieldPath, out: Findings): void {
  const names = new Unique();
  claims.forEach((claim, i) => {
    const here = at.index(i);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    if (!name) out.required(here.child('name'));
    else if (!names.add(name)) out.duplicate(here.child('name'), name);
    else checkLabelName(name, here.child('name'), out);
    const kinds = '`resourceClaimName` or `resourceClaimTemplateName`';
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      out.invalid(here, claim, `at most one of ${kinds} may be specified`);
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      out.invalid(here, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
    if (resourceClaimName !== undefined)
      checkSubdomain(resourceClaimName, here.child('resourceClaimName'), out);
    if (resourceClaimTemplateName !== undefined) {
      checkSubdomain(resourceClaimTemplateName, here.child('resourceClaimTemplateName'), out);
    }
  });
}
