import type {
  DiscoveryEndpointPort,
  Endpoint,
  EndpointSlice,
  EndpointSubset,
  Endpoints,
} from '../../generated/types.ts';
import { fullyQualifiedDomainErrors, labelValueErrors, subdomainErrors } from '../../names.ts';
import { checkIp, checkNonSpecialIp, familyOf } from '../addresses.ts';
import {
  checkLabelName,
  checkOneOf,
  checkPortNumber,
  checkQualifiedName,
  checkSubdomain,
  supportedProtocols,
  Unique,
} from '../checks.ts';
import { type FieldPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabels } from '../metadata.ts';

export const endpointsRules: KindRules<Endpoints> = {
  createOnUpdate: true,
  defaults(endpoints) {
    for (const subset of endpoints.subsets ?? [])
      for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate(endpoints, out) {
    (endpoints.subsets ?? []).forEach((subset, i) => {
      checkSubset(subset, root('subsets').index(i), out);
    });
  },
};

function checkSubset(subset: EndpointSubset, at: FieldPath, out: Findings): void {
  if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
    out.required(at, 'must specify `addresses` or `notReadyAddresses`');
  }
  for (const kind of ['addresses', 'notReadyAddresses'] as const) {
    (subset[kind] ?? []).forEach((address, i) => {
      const here = at.child(kind).index(i);
      const valid = checkIp(address.ip ?? '', here.child('ip'), out);
      if (address.hostname) checkLabelName(address.hostname, here.child('hostname'), out);
      if (address.nodeName !== undefined) checkSubdomain(address.nodeName, here.child('nodeName'), out);
      if (valid) checkNonSpecialIp(address.ip, here.child('ip'), out);
    });
  }
  const ports = subset.ports ?? [];
  ports.forEach((port, i) => {
    const here = at.child('ports').index(i);
    if (port.name) checkLabelName(port.name, here.child('name'), out);
    else if (ports.length > 1) out.required(here.child('name'));
    checkPortNumber(port.port ?? 0, here.child('port'), out);
    checkOneOf(port.protocol, supportedProtocols, here.child('protocol'), out);
    if (port.appProtocol !== undefined) checkQualifiedName(port.appProtocol, here.child('appProtocol'), out);
  });
}

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxHints = 8;
const maxTopology = 16;

export const endpointSliceRules: KindRules<EndpointSlice> = {
  createOnUpdate: true,
  hasGeneration: true,
  generationOf: slice => [slice.addressType, slice.endpoints, slice.ports, slice.metadata?.labels],
  defaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: checkSlice,
  validateUpdate(slice, old, out) {
    checkImmutable(slice.addressType, old.addressType, root('addressType'), out);
    checkSlice(slice, out);
  },
};

function checkSlice(slice: EndpointSlice, out: Findings): void {
  checkOneOf(slice.addressType, addressTypes, root('addressType'), out);
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > maxEndpoints) {
    out.tooMany(root('endpoints'), endpoints.length, maxEndpoints);
  } else {
    endpoints.forEach((endpoint, i) => {
      checkEndpoint(endpoint, slice.addressType, root('endpoints').index(i), out);
    });
  }
  checkSlicePorts(slice.ports ?? [], out);
}

function checkEndpoint(endpoint: Endpoint, type: string, at: FieldPath, out: Findings): void {
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) out.required(at.child('addresses'), 'must contain at least 1 address');
  else if (addresses.length > maxAddresses)
    out.tooMany(at.child('addresses'), addresses.length, maxAddresses);
  addresses.slice(0, maxAddresses).forEach((address, i) => {
    checkAddress(address, type, at.child('addresses').index(i), out);
  });
  if (endpoint.nodeName !== undefined) checkSubdomain(endpoint.nodeName, at.child('nodeName'), out);
  const topology = endpoint.deprecatedTopology ?? {};
  const topologyAt = at.child('deprecatedTopology');
  const labels = Object.keys(topology).length;
  if (labels > maxTopology) out.tooMany(topologyAt, labels, maxTopology);
  else checkLabels(topology, topologyAt, out);
  if (endpoint.hostname !== undefined) checkLabelName(endpoint.hostname, at.child('hostname'), out);
  const { forZones = [], forNodes = [] } = endpoint.hints ?? {};
  checkHints(forZones, labelValueErrors, at.child('hints', 'forZones'), out);
  checkHints(forNodes, subdomainErrors, at.child('hints', 'forNodes'), out);
}

function checkHints(
  hints: readonly { name?: string }[],
  errors: (name: string) => string[],
  at: FieldPath,
  out: Findings,
): void {
  if (hints.length > maxHints) {
    out.tooMany(at, hints.length, maxHints);
    return;
  }
  const names = new Unique();
  hints.forEach(({ name = '' }, i) => {
    const here = at.index(i).child('name');
    if (!names.add(name)) out.duplicate(here, name);
    out.invalidAll(here, name, errors(name));
  });
}

function checkAddress(address: string, type: string, at: FieldPath, out: Findings): void {
  if (type === 'FQDN') {
    out.invalidAll(at, address, fullyQualifiedDomainErrors(address));
    return;
  }
  const family = familyOf(address);
  if (type === `IPv${family}`) checkNonSpecialIp(address, at, out);
  else if (type === 'IPv4' || type === 'IPv6') out.invalid(at, address, `must be a valid ${type} address`);
}

function checkSlicePorts(ports: DiscoveryEndpointPort[], out: Findings): void {
  if (ports.length > maxPorts) {
    out.tooMany(root('ports'), ports.length, maxPorts);
    return;
  }
  const names = new Unique();
  ports.forEach((port, i) => {
    const here = root('ports').index(i);
    const name = port.name ?? '';
    if (name) checkLabelName(name, here.child('name'), out);
    if (!names.add(name)) out.duplicate(here.child('name'), name);
    checkOneOf(port.protocol, supportedProtocols, here.child('protocol'), out);
    if (port.appProtocol !== undefined) checkQualifiedName(port.appProtocol, here.child('appProtocol'), out);
  });
}
