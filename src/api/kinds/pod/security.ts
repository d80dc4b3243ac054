import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import { checkOptionalOneOf } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { PodContext } from './context.ts';
import { checkLocalDescendingPath } from './paths.ts';

const maxId = 0xffffffff;
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

function checkId(id: number | undefined, at: FieldPath, out: Findings): void {
  if (id !== undefined && (id < 0 || id > maxId)) out.invalid(at, id, inclusiveRangeMessage(0, maxId));
}

export function checkContainerSecurity(
  context: SecurityContext,
  pod: PodContext,
  at: FieldPath,
  out: Findings,
): void {
  checkId(context.runAsUser, at.child('runAsUser'), out);
  checkId(context.runAsGroup, at.child('runAsGroup'), out);
  checkOptionalOneOf(context.procMount, ['Default', 'Unmasked'], at.child('procMount'), out);
  if (context.procMount === 'Unmasked' && pod.hostUsers) {
    out.invalid(at.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`');
  }
  checkSeccomp(context.seccompProfile, at.child('seccompProfile'), out);
  if (context.allowPrivilegeEscalation === false) {
    const cannot = (what: string) => `cannot set \`allowPrivilegeEscalation\` to false and ${what}`;
    if (context.privileged) out.invalid(at, context, cannot('`privileged` to true'));
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      out.invalid(at, context, cannot('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  checkAppArmor(context.appArmorProfile, at.child('appArmorProfile'), out);
}

export function checkPodSecurity(
  context: PodSecurityContext,
  spec: PodSpec,
  at: FieldPath,
  out: Findings,
): void {
  checkId(context.fsGroup, at.child('fsGroup'), out);
  checkId(context.runAsUser, at.child('runAsUser'), out);
  checkId(context.runAsGroup, at.child('runAsGroup'), out);
  (context.supplementalGroups ?? []).forEach((id, i) => {
    checkId(id, at.child('supplementalGroups').index(i), out);
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
    out.invalid(at.child('shareProcessNamespace'), true, why);
  }
  checkSysctls(context, spec, at.child('sysctls'), out);
  const policies = ['Always', 'OnRootMismatch'];
  checkOptionalOneOf(context.fsGroupChangePolicy, policies, at.child('fsGroupChangePolicy'), out);
  checkSeccomp(context.seccompProfile, at.child('seccompProfile'), out);
  checkAppArmor(context.appArmorProfile, at.child('appArmorProfile'), out);
  const groups = ['Merge', 'Strict'];
  checkOptionalOneOf(context.supplementalGroupsPolicy, groups, at.child('supplementalGroupsPolicy'), out);
  const linux = ['MountOption', 'Recursive'];
  checkOptionalOneOf(context.seLinuxChangePolicy, linux, at.child('seLinuxChangePolicy'), out);
}

function checkSysctls(context: PodSecurityContext, spec: PodSpec, at: FieldPath, out: Findings): void {
  const seen = new Set<string>();
  (context.sysctls ?? []).forEach(({ name }, i) => {
    const here = at.index(i).child('name');
    if (!name) out.required(here);
    else if (name.length > 253 || !sysctlName.test(name)) {
      out.invalid(here, name, `must have at most 253 characters and match regex ${sysctlName.source}`);
    } else if (seen.has(name)) out.duplicate(here, name);
    seen.add(name);
    const dotted = (name ?? '').replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.')) {
      out.invalid(here, name, "may not be specified when 'hostNetwork' is true");
    }
    if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
      out.invalid(here, name, "may not be specified when 'hostIPC' is true");
    }
  });
}

function checkSeccomp(profile: SeccompProfile | undefined, at: FieldPath, out: Findings): void {
  if (!profile) return;
  if (!profile.type) out.required(at.child('type'), 'type is required when seccompProfile is set');
  else if (!profileTypes.includes(profile.type)) {
    out.notSupported(at.child('type'), profile.type, profileTypes);
  }
  const here = at.child('localhostProfile');
  if (profile.type !== 'Localhost') {
    if (profile.localhostProfile !== undefined) {
      out.invalid(here, profile, 'can only be set when seccomp type is Localhost');
    }
  } else if (profile.localhostProfile === undefined) {
    out.required(here, 'must be set when seccomp type is Localhost');
  } else checkLocalDescendingPath(profile.localhostProfile, here, out);
}

function checkAppArmor(profile: AppArmorProfile | undefined, at: FieldPath, out: Findings): void {
  if (!profile) return;
  if (!profile.type) out.required(at.child('type'), 'type is required when appArmorProfile is set');
  else if (!profileTypes.includes(profile.type)) {
    out.notSupported(at.child('type'), profile.type, profileTypes);
  }
  const here = at.child('localhostProfile');
  const name = profile.localhostProfile;
  if (profile.type !== 'Localhost') {
    if (name !== undefined && profileTypes.includes(profile.type)) {
      out.invalid(here, name, 'can only be set when AppArmor type is Localhost');
    }
    return;
  }
  if (!name?.trim()) out.required(here, 'must be set when AppArmor type is Localhost');
  else if (name.trim() !== name) out.invalid(here, name, 'must not be padded with whitespace');
  if (Buffer.byteLength(name ?? '') > 4095) out.tooLong(here, 4095);
}

/** A pod with a user namespace of its own shares no other namespace with the host. */
export function checkHostUsers(spec: PodSpec, at: FieldPath, out: Findings): void {
  if (spec.hostUsers !== false) return;
  const why = 'when `hostUsers` is false';
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[field]) out.forbidden(at.child(field), why);
  }
}
