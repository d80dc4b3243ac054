import type { Node } from '../../generated/types.ts';
import { checkCidr, familyOfCidr } from '../addresses.ts';
import { Unique } from '../checks.ts';
import { metadataPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkAmount } from '../pod/resources.ts';
import { checkTaints } from '../pod/scheduling.ts';
import { canonicalize } from '../quantities.ts';

/** A node registers itself with its status; afterwards only `nodes/status` changes that. */
export const nodeRules: KindRules<Node> = {
  defaults(node) {
    const spec = node.spec;
    if (spec?.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
    else if (spec?.podCIDR) spec.podCIDRs = [spec.podCIDR];
    const status = node.status;
    if (!status) return;
    canonicalize(status.capacity);
    canonicalize(status.allocatable);
    if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity };
  },
  prepareForUpdate(node, old) {
    if (old.status) node.status = old.status;
    else delete node.status;
  },
  validate(node, out) {
    checkTaints(node.spec?.taints ?? [], metadataPath.child('taints'), out);
    checkResources(node, out);
    checkPodCidrs(node, out);
  },
  validateUpdate(node, old, out) {
    checkChange(node, old, out);
  },
  validateStatusUpdate(node, old, out) {
    checkChange(node, old, out);
  },
};

function checkResources(node: Node, out: Findings): void {
  for (const side of ['capacity', 'allocatable'] as const) {
    for (const [name, text] of Object.entries(node.status?.[side] ?? {})) {
      checkAmount(name, text, statusPath.child(side, name), out);
    }
  }
}

function checkPodCidrs(node: Node, out: Findings): void {
  const cidrs = node.spec?.podCIDRs ?? [];
  const at = specPath.child('podCIDRs');
  cidrs.forEach((cidr, i) => {
    checkCidr(cidr, at.index(i), out);
  });
  if (cidrs.length < 2) return;
  const families = new Set(cidrs.map(familyOfCidr));
  if (families.size < 2 || cidrs.length > 2) {
    out.invalid(at, cidrs, 'may specify no more than one CIDR for each IP family');
  }
  const seen = new Unique();
  cidrs.forEach((cidr, i) => {
    if (!seen.add(cidr)) out.duplicate(at.index(i), cidr);
  });
}

function checkChange(node: Node, old: Node, out: Findings): void {
  checkResources(node, out);
  const seen = new Unique();
  (node.status?.addresses ?? []).forEach((address, i) => {
    if (seen.add(`${address.type} ${address.address}`)) return;
    out.duplicate(statusPath.child('addresses').index(i), address);
  });
  const before = old.spec?.podCIDRs ?? [];
  const now = node.spec?.podCIDRs ?? [];
  if (before.length > 0 && before.join() !== now.join()) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    out.forbidden(specPath.child('podCIDRs'), why);
  } else if (before.length === 0) checkPodCidrs(node, out);
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    out.forbidden(specPath.child('providerID'), why);
  }
  if (old.spec?.externalID !== node.spec?.externalID) {
    out.forbidden(specPath.child('externalID'), 'may not be updated');
  }
  checkTaints(node.spec?.taints ?? [], metadataPath.child('taints'), out);
}
