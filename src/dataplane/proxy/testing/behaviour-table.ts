import type { IpFamily } from '../../../base/ip-address.ts';
import type { LiveTable } from '../../../kernel/nft/walker.ts';
import { compileService } from '../../model/compile-service.ts';
import {
  type BehaviourRow,
  clusterSubnet,
  inFamily,
  type NodeName,
  nodeObject,
  serviceOf,
  serviceSubnet,
  sliceOf,
  world,
} from '../behaviour-world.ts';
import { DesiredElements } from '../desired-elements.ts';
import { tableLayout } from '../layout.ts';
import { nodeElements } from '../node-elements.ts';
import { planService } from '../plan.ts';

/** The service table of one of `nodes`, with the row's Service. */
export function behaviourTable(
  row: BehaviourRow,
  nodeName: NodeName,
  nodes: readonly NodeName[],
  family: IpFamily,
): LiveTable {
  const node = { name: nodeName, zone: world.zones[nodeName] };
  const model = compileService(inFamily(serviceOf(row), family), [inFamily(sliceOf(row), family)], node)!;
  const plan = planService(model);
  const options = inFamily(
    { nodeName, podSubnets: [clusterSubnet], serviceSubnets: [serviceSubnet] },
    family,
  );
  const desired = new DesiredElements();
  desired.set('*node*', nodeElements(inFamily(nodes.map(nodeObject), family), options));
  desired.set('default/web', plan.elements);
  const picks = plan.picks.map(({ pick }) => pick);
  return { layout: tableLayout(family, picks), elements: desired.all(family) };
}
