import type { Container, LifecycleHandler, Probe, SELinuxOptions } from '../generated/types.ts';
import {
  allContainers,
  type Check,
  containersText,
  hasOwnUsers,
  namesOf,
  plural,
  quoted,
  settersText,
  sorted,
} from './check.ts';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const allowedProfiles = ['RuntimeDefault', 'Localhost'];

const appArmorProfile: Check = ({ metadata, spec }) => {
  const bad = (type: string | undefined) => type !== undefined && !allowedProfiles.includes(type);
  const podType = spec.securityContext?.appArmorProfile?.type;
  const typeOf = ({ securityContext }: Container) => securityContext?.appArmorProfile?.type;
  const containers = allContainers(spec).filter(each => bad(typeOf(each)));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !allowedAnnotation(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const types = sorted([podType, ...containers.map(typeOf)].filter(bad) as string[]);
  const values = [...types, ...annotations];
  if (values.length === 0) return undefined;
  const setters = [
    settersText(bad(podType), namesOf(containers)),
    annotations.length > 0 ? plural('annotation', annotations.length) : '',
  ];
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${setters.filter(Boolean).join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

function allowedAnnotation(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/');
}

const defaultCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const capabilities: Check = ({ spec }) => {
  const added = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter(name => !defaultCapabilities.has(name));
  const bad = allContainers(spec).filter(each => added(each).length > 0);
  if (bad.length === 0) return undefined;
  return {
    reason: 'non-default capabilities',
    detail: `${containersText(namesOf(bad))} must not include ${quoted(sorted(bad.flatMap(added)))} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(name => spec[name]);
  return used.length > 0
    ? { reason: 'host namespaces', detail: used.map(name => `${name}=true`).join(', ') }
    : undefined;
};

const hostPathVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(volume => volume.hostPath).map(volume => volume.name);
  if (bad.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', bad.length)} ${quoted(bad)}` };
};

const hostPorts: Check = ({ spec }) => {
  const portsOf = ({ ports }: Container) =>
    (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));
  const bad = allContainers(spec).filter(each => portsOf(each).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(bad.flatMap(portsOf));
  return {
    reason: 'hostPort',
    detail: `${containersText(namesOf(bad))} ${uses(bad.length)} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  };
};

function uses(count: number): string {
  return count === 1 ? 'uses' : 'use';
}

const hostProbes: Check = ({ spec }, minor) => {
  if (minor < 34) return undefined;
  const bad = allContainers(spec).filter(each => hostsOf(each).length > 0);
  if (bad.length === 0) return undefined;
  const hosts = sorted(bad.flatMap(hostsOf));
  const names = sorted(namesOf(bad));
  return {
    reason: 'probe or lifecycle host',
    detail: `${containersText(names)} ${uses(names.length)} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  };
};

function hostsOf({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  const handlers: (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers.flatMap(
    each => [each?.httpGet?.host, each?.tcpSocket?.host].filter(host => !!host) as string[],
  );
}

const privileged: Check = ({ spec }) => {
  const bad = allContainers(spec).filter(each => each.securityContext?.privileged);
  if (bad.length === 0) return undefined;
  const detail = `${containersText(namesOf(bad))} must not set securityContext.privileged=true`;
  return { reason: 'privileged', detail };
};

const procMount: Check = (pod, minor) => {
  if (hasOwnUsers(pod, minor)) return undefined;
  const typeOf = ({ securityContext }: Container) => securityContext?.procMount;
  const bad = allContainers(pod.spec).filter(each => (typeOf(each) ?? 'Default') !== 'Default');
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(each => typeOf(each)!));
  return {
    reason: 'procMount',
    detail: `${containersText(namesOf(bad))} must not set securityContext.procMount to ${quoted(types)}`,
  };
};

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptions: Check = ({ spec }, minor) => {
  const types = minor >= 31 ? [...seLinuxTypes, 'container_engine_t'] : seLinuxTypes;
  const bad = (options: SELinuxOptions | undefined) =>
    options !== undefined && (!types.includes(options.type ?? '') || !!options.user || !!options.role);
  const podOptions = spec.securityContext?.seLinuxOptions;
  const containers = allContainers(spec).filter(each => bad(each.securityContext?.seLinuxOptions));
  const setters = settersText(bad(podOptions), namesOf(containers));
  if (setters === '') return undefined;
  const all = [podOptions, ...containers.map(each => each.securityContext?.seLinuxOptions)];
  const badTypes = sorted(all.flatMap(each => (types.includes(each?.type ?? '') ? [] : [each!.type!])));
  const wrong = [
    badTypes.length > 0 ? `${plural('type', badTypes.length)} ${quoted(badTypes)}` : '',
    all.some(each => each?.user) ? 'user may not be set' : '',
    all.some(each => each?.role) ? 'role may not be set' : '',
  ];
  return {
    reason: 'seLinuxOptions',
    detail: `${setters} set forbidden securityContext.seLinuxOptions: ${wrong.filter(Boolean).join('; ')}`,
  };
};

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

const seccompProfile: Check = (pod, minor) => {
  const { metadata, spec } = pod;
  if (minor >= 19) return badSeccompTypes(pod);
  const keys = [seccompPod, ...allContainers(spec).map(({ name }) => seccompContainer + name)];
  const bad = sorted(
    keys.flatMap(key => {
      const value = metadata.annotations?.[key];
      const fine =
        value === undefined || value === 'docker/default' || (value !== '' && allowedAnnotation(value));
      return fine ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`,
  };
};

/** Profiles that are set to something else than what a runtime or a node confines with. */
export const badSeccompTypes = ({ spec }: Parameters<Check>[0]): ReturnType<Check> => {
  const bad = (type: string | undefined) => type !== undefined && !allowedProfiles.includes(type);
  const podType = spec.securityContext?.seccompProfile?.type;
  const typeOf = ({ securityContext }: Container) => securityContext?.seccompProfile?.type;
  const containers = allContainers(spec).filter(each => bad(typeOf(each)));
  const setters = settersText(bad(podType), namesOf(containers));
  if (setters === '') return undefined;
  const values = sorted([podType, ...containers.map(typeOf)].filter(bad) as string[]);
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
};

/** The sysctls that reach no further than the pod, by the minor version they are allowed from. */
const safeSysctls: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
};

const sysctls: Check = ({ spec }, minor) => {
  const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
  const bad = names.filter(
    name => minor < (safeSysctls[name] ?? Number.POSITIVE_INFINITY) || !(name in safeSysctls),
  );
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
};

const windowsHostProcess: Check = ({ spec }) => {
  const bad = allContainers(spec).filter(each => each.securityContext?.windowsOptions?.hostProcess);
  const setters = settersText(!!spec.securityContext?.windowsOptions?.hostProcess, namesOf(bad));
  if (setters === '') return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};

/** In upstream's order. */
export const baselineChecks: readonly Check[] = [
  appArmorProfile,
  hostNamespaces,
  hostPorts,
  hostProbes,
  privileged,
  procMount,
  seLinuxOptions,
  sysctls,
  windowsHostProcess,
];

/** Those whose place a stricter check takes at the level above. */
export const overlappingChecks: readonly Check[] = [capabilities, hostPathVolumes, seccompProfile];
