import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../generated/types.ts';
import { portNameErrors, portNumberErrors } from '../../names.ts';
import { checkCidr, expandIp, isCidr } from '../addresses.ts';
import { checkOptionalOneOf } from '../checks.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkLabelSelector } from '../metadata.ts';

/** In the order upstream lists them here. */
const protocols = ['TCP', 'UDP', 'SCTP'];

export const networkPolicyRules: KindRules<NetworkPolicy> = {
  hasGeneration: true,
  defaults({ spec }) {
    if (!spec) return;
    spec.podSelector ??= {};
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
    }
    if (!spec.policyTypes?.length) {
      spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
    }
  },
  validate: checkPolicy,
};

function checkPolicy({ spec = {} }: NetworkPolicy, out: Findings): void {
  checkLabelSelector(spec.podSelector, specPath.child('podSelector'), out);
  (spec.ingress ?? []).forEach((rule, i) => {
    const at = specPath.child('ingress').index(i);
    checkRule(rule.ports ?? [], rule.from ?? [], at, 'from', out);
  });
  (spec.egress ?? []).forEach((rule, i) => {
    const at = specPath.child('egress').index(i);
    checkRule(rule.ports ?? [], rule.to ?? [], at, 'to', out);
  });
  const types = spec.policyTypes ?? [];
  if (types.length > 2) {
    out.invalid(specPath.child('policyTypes'), types, 'may not specify more than two policyTypes');
    return;
  }
  types.forEach((type, i) => {
    checkOptionalOneOf(type, ['Ingress', 'Egress'], specPath.child('policyTypes').index(i), out);
  });
}

function checkRule(
  ports: NetworkPolicyPort[],
  peers: NetworkPolicyPeer[],
  at: FieldPath,
  peersField: 'from' | 'to',
  out: Findings,
): void {
  ports.forEach((port, i) => {
    checkPort(port, at.child('ports').index(i), out);
  });
  peers.forEach((peer, i) => {
    checkPeer(peer, at.child(peersField).index(i), out);
  });
}

function checkPort({ protocol, port, endPort }: NetworkPolicyPort, at: FieldPath, out: Findings): void {
  checkOptionalOneOf(protocol, protocols, at.child('protocol'), out);
  const endAt = at.child('endPort');
  if (typeof port === 'number') {
    out.invalidAll(at.child('port'), port, portNumberErrors(port));
    if (endPort === undefined) return;
    if (endPort < port) out.invalid(endAt, port, 'must be greater than or equal to `port`');
    out.invalidAll(endAt, endPort, portNumberErrors(endPort));
    return;
  }
  if (port !== undefined) out.invalidAll(at.child('port'), port, portNameErrors(port));
  if (endPort === undefined) return;
  const why = port === undefined ? 'not specified' : 'non-numeric';
  out.invalid(endAt, endPort, `may not be specified when \`port\` is ${why}`);
}

function checkPeer(peer: NetworkPolicyPeer, at: FieldPath, out: Findings): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  checkLabelSelector(podSelector, at.child('podSelector'), out);
  checkLabelSelector(namespaceSelector, at.child('namespaceSelector'), out);
  if (ipBlock) checkBlock(ipBlock, at.child('ipBlock'), out);
  if (ipBlock && (podSelector || namespaceSelector)) {
    out.forbidden(at, 'may not specify both ipBlock and another peer');
  }
  if (!ipBlock && !podSelector && !namespaceSelector) out.required(at, 'must specify a peer');
}

function checkBlock(block: IPBlock, at: FieldPath, out: Findings): void {
  if (!block.cidr) {
    out.required(at.child('cidr'));
    return;
  }
  if (!checkCidr(block.cidr, at.child('cidr'), out)) return;
  (block.except ?? []).forEach((except, i) => {
    const here = at.child('except').index(i);
    if (!checkCidr(except, here, out)) return;
    if (!isStrictSubset(except, block.cidr)) out.invalid(here, except, 'must be a strict subset of `cidr`');
  });
}

/** Whether the range `inner` lies within `outer` and is smaller. */
function isStrictSubset(inner: string, outer: string): boolean {
  if (!isCidr(inner) || !isCidr(outer)) return false;
  const [innerIp = '', innerBits] = inner.split('/');
  const [outerIp = '', outerBits] = outer.split('/');
  const [a, b] = [expandIp(innerIp), expandIp(outerIp)];
  const bits = Number(outerBits);
  if (a.length !== b.length || Number(innerBits) <= bits) return false;
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((a[bit >> 3]! & mask) !== (b[bit >> 3]! & mask)) return false;
  }
  return true;
}
