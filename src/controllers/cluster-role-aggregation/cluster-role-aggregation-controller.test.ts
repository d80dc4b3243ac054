import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { ClusterRole } from '../../api/generated/types.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { ClusterRoleAggregationController } from './cluster-role-aggregation-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const role = (name: string, aggregate: boolean, ...verbs: string[]): ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels: aggregate ? { 'to-view': 'true' } : {} },
  rules: verbs.map(verb => ({ verbs: [verb], resources: ['widgets'], apiGroups: ['x.io'] })),
});
const verbs = () =>
  cluster.get<ClusterRole>(resources.clusterRoles, '', 'view')?.rules?.map(({ verbs }) => verbs.join()) ?? [];

it('puts the rules of selected roles together, each once', async () => {
  cluster = new TestCluster();
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { 'to-view': 'true' } }] };
  cluster.seed<ClusterRole>({ ...role('view', false), aggregationRule });
  cluster.seed(role('b', true, 'list', 'get'));
  cluster.seed(role('a', true, 'get'));
  cluster.seed(role('c', false, 'delete'));
  await cluster.run(new ClusterRoleAggregationController(cluster.deps));
  assert.deepEqual(verbs(), ['get', 'list']);
  cluster.transport.unseed(role('b', true));
  await cluster.rest();
  assert.deepEqual(verbs(), ['get']);
});
