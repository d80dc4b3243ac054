import type { Container, EphemeralContainer, Pod, PodSpec, Probe, Volume } from '../../generated/types.ts';
import { aggregateContainerLimits, aggregateContainerRequests, formatAmounts } from '../pod-resources.ts';
import { canonicalize, canonicalText } from '../quantities.ts';
import { isOvercommitAllowed, isPodLevelResource } from '../resource-names.ts';
import { defaultClaimSpec } from '../storage/claim-defaults.ts';

type AnyContainer = Container | EphemeralContainer;

const secretMode = 0o644;

/** What upstream's pkg/apis/core/v1/defaults.go sets in any PodSpec: those in templates too. In place. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  syncServiceAccount(spec);
  canonicalize(spec.overhead);
  canonicalize(spec.resources?.requests);
  canonicalize(spec.resources?.limits);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of allContainers(spec)) defaultContainer(container);
}

/** What only a Pod gets, not a template: requests from limits, service links, host ports. In place. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec;
  if (!spec) return;
  defaultPodSpec(spec);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  for (const container of containers) requestsFromLimits(container);
  if (spec.resources) defaultPodResources(spec);
  spec.enableServiceLinks ??= true;
  if (!spec.hostNetwork) return;
  for (const container of containers) {
    for (const port of container.ports ?? []) if (!port.hostPort) port.hostPort = port.containerPort;
  }
}

/** The deprecated name of the field is kept equal to the current one, as upstream's conversion does. */
function syncServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount;
  if (!name) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function allContainers(spec: PodSpec): AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])];
}

function defaultContainer(container: AnyContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  canonicalize(container.resources.requests);
  canonicalize(container.resources.limits);
  if (container.securityContext?.procMount === '') delete container.securityContext.procMount;
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    const { fieldRef, resourceFieldRef, fileKeyRef } = variable.valueFrom ?? {};
    if (fieldRef) fieldRef.apiVersion ||= 'v1';
    if (resourceFieldRef) resourceFieldRef.divisor = canonicalText(resourceFieldRef.divisor ?? '0');
    if (fileKeyRef) fileKeyRef.optional ??= false;
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe);
  }
  defaultHttpGet(container.lifecycle?.postStart);
  defaultHttpGet(container.lifecycle?.preStop);
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.grpc) probe.grpc.service ??= '';
  defaultHttpGet(probe);
}

function defaultHttpGet(handler: Pick<Probe, 'httpGet'> | undefined): void {
  if (!handler?.httpGet) return;
  handler.httpGet.path ||= '/';
  handler.httpGet.scheme ||= 'HTTP';
}

/** Always for `:latest` and for an image without tag or digest, IfNotPresent otherwise. */
function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  if (name.includes('@')) {
    return colon >= 0 && name.slice(colon + 1, name.indexOf('@')) === 'latest' ? 'Always' : 'IfNotPresent';
  }
  return colon < 0 || name.slice(colon + 1) === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every(key => key === 'name')) volume.emptyDir = {};
  if (volume.emptyDir?.sizeLimit) volume.emptyDir.sizeLimit = canonicalText(volume.emptyDir.sizeLimit);
  if (volume.secret) volume.secret.defaultMode ??= secretMode;
  if (volume.configMap) volume.configMap.defaultMode ??= secretMode;
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= secretMode;
    for (const file of volume.downwardAPI.items ?? []) defaultDownwardFile(file);
  }
  if (volume.projected) defaultProjected(volume.projected);
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
  if (claim) defaultClaimSpec(claim);
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned';
    volume.scaleIO.fsType ||= 'xfs';
  }
  if (volume.azureDisk) {
    volume.azureDisk.cachingMode ??= 'ReadWrite';
    volume.azureDisk.kind ??= 'Shared';
    volume.azureDisk.fsType ??= 'ext4';
    volume.azureDisk.readOnly ??= false;
  }
}

function defaultProjected(projected: NonNullable<Volume['projected']>): void {
  projected.defaultMode ??= secretMode;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
    if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86400;
    for (const file of source.downwardAPI?.items ?? []) defaultDownwardFile(file);
  }
}

type DownwardFile = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function defaultDownwardFile(file: DownwardFile): void {
  if (file.fieldRef) file.fieldRef.apiVersion ||= 'v1';
  if (file.resourceFieldRef)
    file.resourceFieldRef.divisor = canonicalText(file.resourceFieldRef.divisor ?? '0');
}

function requestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (!limits || !container.resources) return;
  container.resources.requests = { ...limits, ...container.resources.requests };
}

/** Pod-level requests and limits fill each other and take the containers' sum where one side is given (KEP-2837). */
function defaultPodResources(spec: PodSpec): void {
  const resources = spec.resources!;
  if (Object.keys(resources.limits ?? {}).length > 0) {
    const requests = { ...resources.requests };
    for (const [name, text] of Object.entries(formatAmounts(aggregateContainerRequests(spec)))) {
      if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= text;
    }
    for (const [name, text] of Object.entries(resources.limits ?? {})) {
      if (isPodLevelResource(name)) requests[name] ??= text;
    }
    resources.requests = requests;
    return;
  }
  if (Object.keys(resources.requests ?? {}).length === 0) return;
  const sums = formatAmounts(aggregateContainerLimits(spec));
  for (const name of ['cpu', 'memory']) {
    const all = (spec.containers ?? []).every(c => c.resources?.limits?.[name] !== undefined);
    if (all && resources.requests?.[name] && sums[name]) {
      resources.limits = { ...resources.limits, [name]: sums[name] };
    }
  }
}
