import type { LoadBalancerStatus, Service, ServiceSpec } from '../../generated/types.ts';
import { portNumberErrors } from '../../names.ts';
import { checkBalancerAddress, checkCidr, checkIp, checkNonSpecialIp } from '../addresses.ts';
import { checkOneOf, checkQualifiedName, checkSubdomain } from '../checks.ts';
import { type FieldPath, metadataPath, root, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabels } from '../metadata.ts';
import { dnsLabelName } from '../object-name.ts';
import { checkClusterIpFields, checkClusterIpUpdate, checkFamilyUpdate } from './service-addresses.ts';
import {
  dropTypeDependentFields,
  isExternallyAccessible,
  isHeadless,
  keepAllocated,
  needsHealthCheck,
  normalizeClusterIps,
} from './service-fields.ts';
import { checkServicePorts } from './service-ports.ts';

const maxAffinitySeconds = 86400;
const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";
const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

export const serviceRules: KindRules<Service> = {
  // Since 1.36 (KEP-5311) a name may begin with a digit.
  name: dnsLabelName,
  hasStatus: true,
  createOnUpdate: true,
  initialStatus: () => ({ loadBalancer: {} }),
  defaults: defaultService,
  prepareForCreate(service) {
    if (service.spec) normalizeClusterIps(service.spec);
  },
  prepareForUpdate(service, old) {
    if (!service.spec || !old.spec) return;
    normalizeClusterIps(service.spec, old.spec);
    dropTypeDependentFields(service, old);
    keepAllocated(service.spec, old.spec);
  },
  validate: checkService,
  validateUpdate(service, old, out) {
    const [now, was] = [specOf(service), specOf(old)];
    checkClusterIpUpdate(now, was, out);
    checkFamilyUpdate(now, was, out);
    checkClassUpdate(now, was, out);
    if (
      needsHealthCheck(was) &&
      needsHealthCheck(now) &&
      was.healthCheckNodePort !== now.healthCheckNodePort
    ) {
      out.forbidden(specPath.child('healthCheckNodePort'), 'field is immutable');
    }
    checkService(service, out);
  },
  validateStatusUpdate(service, _old, out) {
    checkLoadBalancerStatus(service.status?.loadBalancer ?? {}, specOf(service), out);
  },
};

function specOf(service: Service): ServiceSpec {
  return service.spec ?? {};
}

function defaultService(service: Service): void {
  service.spec ??= {};
  const spec = service.spec;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  else if (
    spec.sessionAffinity === 'ClientIP' &&
    spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
  ) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  }
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '')
      port.targetPort = port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

function checkService(service: Service, out: Findings): void {
  const spec = specOf(service);
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') {
    out.required(specPath.child('ports'));
  }
  checkTypeFields(spec, out);
  checkServicePorts(spec, specPath.child('ports'), out);
  checkLabels(spec.selector, specPath.child('selector'), out);
  checkAffinity(spec, out);
  checkClusterIpFields(spec, out);
  (spec.externalIPs ?? []).forEach((ip, i) => {
    const at = specPath.child('externalIPs').index(i);
    if (checkIp(ip, at, out)) checkNonSpecialIp(ip, at, out);
  });
  const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
  checkOneOf(spec.type, types, specPath.child('type'), out);
  checkSourceRanges(service, spec, out);
  if (spec.allocateLoadBalancerNodePorts !== undefined && spec.type !== 'LoadBalancer') {
    out.forbidden(specPath.child('allocateLoadBalancerNodePorts'), onlyLoadBalancer);
  }
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === undefined) {
    out.required(root('allocateLoadBalancerNodePorts'));
  }
  if (spec.loadBalancerClass !== undefined) checkClass(spec, out);
  checkTrafficPolicies(spec, out);
}

function checkTypeFields(spec: ServiceSpec, out: Findings): void {
  if (spec.type === 'LoadBalancer' || spec.type === 'NodePort') {
    if (!isHeadless(spec)) return;
    const why = `may not be set to 'None' for ${spec.type} services`;
    out.invalid(specPath.child('clusterIPs').index(0), 'None', why);
  }
  if (spec.type !== 'ExternalName') return;
  const never = 'may not be set for ExternalName services';
  if (spec.clusterIPs?.length) out.forbidden(specPath.child('clusterIPs'), never);
  if (spec.ipFamilies?.length) out.forbidden(specPath.child('ipFamilies'), never);
  if (spec.ipFamilyPolicy !== undefined) out.forbidden(specPath.child('ipFamilyPolicy'), never);
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name) checkSubdomain(name, specPath.child('externalName'), out);
  else out.required(specPath.child('externalName'));
}

function checkAffinity(spec: ServiceSpec, out: Findings): void {
  const affinity = spec.sessionAffinity;
  checkOneOf(affinity, ['ClientIP', 'None'], specPath.child('sessionAffinity'), out);
  const at = specPath.child('sessionAffinityConfig');
  if (affinity === 'None') {
    if (spec.sessionAffinityConfig) out.forbidden(at, 'must not be set when session affinity is None');
    return;
  }
  if (affinity !== 'ClientIP') return;
  const needed = 'when session affinity type is ClientIP';
  const timeoutAt = at.child('clientIP', 'timeoutSeconds');
  const config = spec.sessionAffinityConfig;
  const timeout = config?.clientIP?.timeoutSeconds;
  if (!config) out.required(at, needed);
  else if (!config.clientIP) out.required(at.child('clientIP'), needed);
  else if (timeout === undefined) out.required(timeoutAt, needed);
  else if (timeout <= 0 || timeout > maxAffinitySeconds) {
    out.invalid(timeoutAt, timeout, `must be greater than 0 and less than ${maxAffinitySeconds}`);
  }
}

function checkSourceRanges(service: Service, spec: ServiceSpec, out: Findings): void {
  const annotation = service.metadata?.annotations?.[sourceRanges];
  const check = (at: FieldPath, ranges: string[], where: (i: number) => FieldPath) => {
    if (spec.type !== 'LoadBalancer') out.forbidden(at, onlyLoadBalancer);
    ranges.forEach((range, i) => {
      checkCidr(range.trim(), where(i), out);
    });
  };
  if (spec.loadBalancerSourceRanges?.length) {
    const at = specPath.child('LoadBalancerSourceRanges');
    check(at, spec.loadBalancerSourceRanges, i => at.index(i));
  } else if (annotation !== undefined) {
    const at = metadataPath.child('annotations').key(sourceRanges);
    check(at, annotation.trim() === '' ? [] : annotation.split(','), () => at);
  }
}

function checkClass(spec: ServiceSpec, out: Findings): void {
  const at = specPath.child('loadBalancerClass');
  if (spec.type !== 'LoadBalancer') out.forbidden(at, onlyLoadBalancer);
  else checkQualifiedName(spec.loadBalancerClass ?? '', at, out);
}

function checkClassUpdate(now: ServiceSpec, was: ServiceSpec, out: Findings): void {
  if (now.type !== 'LoadBalancer' || was.type !== 'LoadBalancer') return;
  if (now.loadBalancerClass === was.loadBalancerClass) return;
  out.invalid(specPath.child('loadBalancerClass'), now.loadBalancerClass, 'may not change once set');
}

function checkTrafficPolicies(spec: ServiceSpec, out: Findings): void {
  const external = specPath.child('externalTrafficPolicy');
  if (isExternallyAccessible(spec))
    checkOneOf(spec.externalTrafficPolicy, ['Cluster', 'Local'], external, out);
  else if (spec.externalTrafficPolicy) {
    const why = 'may only be set for externally-accessible services';
    out.invalid(external, spec.externalTrafficPolicy, why);
  }
  const port = spec.healthCheckNodePort ?? 0;
  const portAt = specPath.child('healthCheckNodePort');
  if (needsHealthCheck(spec)) {
    if (port === 0) out.required(portAt);
    else out.invalidAll(portAt, port, portNumberErrors(port));
  } else if (port !== 0) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    out.invalid(portAt, port, why);
  }
  const internal = specPath.child('internalTrafficPolicy');
  if (spec.internalTrafficPolicy !== undefined) {
    checkOneOf(spec.internalTrafficPolicy, ['Cluster', 'Local'], internal, out);
  } else if (spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    out.required(internal);
  }
  const distribution = spec.trafficDistribution;
  if (distribution !== undefined && !distributions.includes(distribution)) {
    out.notSupported(specPath.child('trafficDistribution'), distribution, distributions);
  }
}

/** `status.loadBalancer` of a Service. */
function checkLoadBalancerStatus(status: LoadBalancerStatus, spec: ServiceSpec, out: Findings): void {
  const at = statusPath.child('loadBalancer', 'ingress');
  const ingresses = status.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && ingresses.length > 0) {
    out.forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  ingresses.forEach(({ ip, ipMode, hostname }, i) => {
    const here = at.index(i);
    if (ip) checkIp(ip, here.child('ip'), out);
    if (ipMode === undefined) {
      if (ip) out.required(here.child('ipMode'), 'must be specified when `ip` is set');
    } else if (!ip) out.forbidden(here.child('ipMode'), 'may not be specified when `ip` is not set');
    else if (ipMode !== 'VIP' && ipMode !== 'Proxy') {
      out.notSupported(here.child('ipMode'), ipMode, ['Proxy', 'VIP']);
    }
    checkBalancerAddress({ hostname }, here, out);
  });
}
