import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressRule,
} from '../../generated/types.ts';
import {
  labelErrors,
  pathSegmentErrors,
  portNameErrors,
  portNumberErrors,
  subdomainErrors,
  wildcardSubdomainErrors,
} from '../../names.ts';
import { checkBalancerAddress, familyOf } from '../addresses.ts';
import { checkDomainPrefixedPath, checkLabelName, checkSubdomain } from '../checks.ts';
import { type FieldPath, root, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const absolute = 'must be an absolute path';

export const ingressRules: KindRules<Ingress> = {
  hasStatus: true,
  hasGeneration: true,
  initialStatus: () => ({ loadBalancer: {} }),
  validate(ingress, out) {
    const annotation = ingress.metadata?.annotations?.[classAnnotation];
    const className = ingress.spec?.ingressClassName;
    if (annotation !== undefined && className !== undefined && annotation !== className) {
      const why = 'must match `ingressClassName` when both are specified';
      out.invalid(root('annotations').child(classAnnotation), annotation, why);
    }
    checkIngress(ingress, out);
  },
  validateUpdate: (ingress, _old, out) => checkIngress(ingress, out),
  validateStatusUpdate({ status }, _old, out) {
    (status?.loadBalancer?.ingress ?? []).forEach((address, i) => {
      checkBalancerAddress(address, statusPath.child('loadBalancer', 'ingress').index(i), out);
    });
  },
};

function checkIngress({ spec = {} }: Ingress, out: Findings): void {
  const rules = spec.rules ?? [];
  if (rules.length === 0 && !spec.defaultBackend) {
    out.invalid(specPath, rules, 'either `defaultBackend` or `rules` must be specified');
  }
  if (spec.defaultBackend) checkBackend(spec.defaultBackend, specPath.child('defaultBackend'), out);
  rules.forEach((rule, i) => {
    checkRule(rule, specPath.child('rules').index(i), out);
  });
  (spec.tls ?? []).forEach((tls, i) => {
    const at = specPath.child('tls').index(i);
    (tls.hosts ?? []).forEach((host, j) => {
      checkHost(host, at.child('hosts').index(j), out);
    });
    if (tls.secretName) checkSubdomain(tls.secretName, at.child('secretName'), out);
  });
  if (spec.ingressClassName !== undefined) {
    checkSubdomain(spec.ingressClassName, specPath.child('ingressClassName'), out);
  }
}

function checkHost(host: string, at: FieldPath, out: Findings): void {
  out.invalidAll(at, host, host.includes('*') ? wildcardSubdomainErrors(host) : subdomainErrors(host));
}

function checkRule(rule: IngressRule, at: FieldPath, out: Findings): void {
  if (rule.host) {
    if (familyOf(rule.host)) {
      out.invalid(at.child('host'), rule.host, 'must be a DNS name, not an IP address');
    }
    checkHost(rule.host, at.child('host'), out);
  }
  if (!rule.http) return;
  const here = at.child('http', 'paths');
  if (!rule.http.paths?.length) out.required(here);
  (rule.http.paths ?? []).forEach((path, i) => {
    checkPath(path, here.index(i), out);
  });
}

const neverInPath = ['//', '/./', '/../', '%2f', '%2F'];
const neverAtEnd = ['/..', '/.'];

function checkPath(rule: HTTPIngressPath, at: FieldPath, out: Findings): void {
  const path = rule.path ?? '';
  const here = at.child('path');
  if (rule.pathType === undefined) {
    out.required(at.child('pathType'), 'pathType must be specified');
    return;
  }
  if (rule.pathType === 'Exact' || rule.pathType === 'Prefix') {
    if (!path.startsWith('/')) out.invalid(here, path, absolute);
    for (const part of neverInPath)
      if (path.includes(part)) out.invalid(here, path, `must not contain '${part}'`);
    for (const end of neverAtEnd) if (path.endsWith(end)) out.invalid(here, path, `cannot end with '${end}'`);
  } else if (rule.pathType === 'ImplementationSpecific') {
    if (path && !path.startsWith('/')) out.invalid(here, path, absolute);
  } else {
    out.notSupported(at.child('pathType'), rule.pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
  }
  checkBackend(rule.backend ?? {}, at.child('backend'), out);
}

function checkBackend({ service, resource }: IngressBackend, at: FieldPath, out: Findings): void {
  if (service && resource) out.invalid(at, '', 'cannot set both resource and service backends');
  else if (resource) checkReference(resource, at.child('resource'), out);
  else if (!service) out.invalid(at, '', 'resource or service backend is required');
  else {
    const here = at.child('service');
    if (!service.name) out.required(here.child('name'));
    else out.invalidAll(here.child('name'), service.name, labelErrors(service.name));
    const { name, number } = service.port ?? {};
    if (name && number) out.invalid(at, '', 'cannot set both port name & port number');
    else if (name) out.invalidAll(here.child('port', 'name'), name, portNameErrors(name));
    else if (number) out.invalidAll(here.child('port', 'number'), number, portNumberErrors(number));
    else out.required(at, 'port name or number is required');
  }
}

interface Reference {
  apiGroup?: string;
  kind?: string;
  name?: string;
}

function checkReference(reference: Reference, at: FieldPath, out: Findings): void {
  if (reference.apiGroup !== undefined) checkSubdomain(reference.apiGroup, at.child('apiGroup'), out);
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field];
    if (!value) out.required(at.child(field), `${field} is required`);
    else out.invalidAll(at.child(field), value, pathSegmentErrors(value));
  }
}

export const ingressClassRules: KindRules<IngressClass> = {
  hasGeneration: true,
  defaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate: checkIngressClass,
  validateUpdate(fresh, old, out) {
    checkImmutable(fresh.spec?.controller, old.spec?.controller, specPath.child('controller'), out);
    checkIngressClass(fresh, out);
  },
};

function checkIngressClass({ spec = {} }: IngressClass, out: Findings): void {
  const controller = spec.controller ?? '';
  const at = specPath.child('controller');
  if (controller.length > 250) out.tooLong(at, 250);
  checkDomainPrefixedPath(controller, at, out);
  if (!spec.parameters) return;
  const { scope, namespace } = spec.parameters;
  const here = specPath.child('parameters');
  checkReference(spec.parameters, here, out);
  if (scope !== 'Cluster' && scope !== 'Namespace') {
    out.notSupported(here.child('scope'), scope ?? '', ['Cluster', 'Namespace']);
  } else if (scope === 'Namespace') {
    if (namespace !== undefined) checkLabelName(namespace, here.child('namespace'), out);
    else out.required(here.child('namespace'), "`parameters.scope` is set to 'Namespace'");
  } else if (scope === 'Cluster' && namespace !== undefined) {
    out.forbidden(here.child('namespace'), "`parameters.scope` is set to 'Cluster'");
  }
}
