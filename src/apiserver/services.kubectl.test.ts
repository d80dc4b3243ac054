import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

/** What kubectl shows of Services that are wrong, in the real API server's words, or of no use. */

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
  const ports = [{ port: 80, nodePort: 30_080 }];
  await apply('taken', { type: 'NodePort', clusterIP: '10.96.0.80', ports });
});
after(() => cluster.stop());

const create = (...words: string[]) => cluster.run(['create', 'service', ...words]);
const apply = (name: string, spec: object) =>
  cluster.run(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }),
  });

const refusals: [string, string[], string][] = [
  [
    'a taken node port',
    ['nodeport', 'b', '--tcp=80', '--node-port=30080'],
    'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
  ],
  [
    'a node port out of range',
    ['nodeport', 'b', '--tcp=80', '--node-port=80'],
    'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  ],
  [
    'a taken address',
    ['clusterip', 'b', '--tcp=80', '--clusterip=10.96.0.80'],
    'spec.clusterIPs: Invalid value: ["10.96.0.80"]: failed to allocate IP 10.96.0.80: provided IP is already allocated',
  ],
  [
    'an address out of range',
    ['clusterip', 'b', '--tcp=80', '--clusterip=1.2.3.4'],
    'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
  ],
  [
    'no address',
    ['clusterip', 'b', '--tcp=80', '--clusterip=abc'],
    'spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
];
for (const [what, words, text] of refusals) {
  test(`refused: ${what}`, async () => {
    const { code, stderr } = await create(...words);
    assert.equal(code, 1);
    assert.ok(stderr.includes(text), stderr);
  });
}

test('a type that does not exist', async () => {
  const { stderr } = await apply('odd', { type: 'Foo', ports: [{ port: 80 }] });
  const text =
    'spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"';
  assert.ok(stderr.includes(text), stderr);
});

test('types change into each other; addresses and node ports come and go with them', async () => {
  await create('externalname', 'changing', '--external-name=example.com');
  const patch = async (spec: object) => {
    await cluster.run(['patch', 'service', 'changing', '-p', JSON.stringify({ spec })]);
    const { stdout } = await cluster.run(['get', 'service', 'changing', '-o', 'json']);
    return JSON.parse(stdout).spec as {
      clusterIP?: string;
      ports: { nodePort?: number }[];
      externalName?: string;
    };
  };
  const clusterIP = await patch({ type: 'ClusterIP', externalName: null, ports: [{ port: 80 }] });
  assert.match(clusterIP.clusterIP!, /^10\.96\./);
  const nodePort = await patch({ type: 'NodePort' });
  assert.equal(nodePort.clusterIP, clusterIP.clusterIP);
  assert.ok(nodePort.ports[0]!.nodePort! >= 30_000);
  assert.equal((await patch({ type: 'ClusterIP' })).ports[0]!.nodePort, undefined);
  const named = await patch({ type: 'ExternalName', externalName: 'example.org' });
  assert.deepEqual([named.clusterIP, named.externalName], [undefined, 'example.org']);
});

test('warned of: a selector that nothing matches, target ports that no container has', async () => {
  const early = await apply('web', { selector: { app: 'web' }, ports: [{ port: 80 }] });
  assert.equal(
    early.stderr,
    'Warning: spec.selector: no pod in namespace "default" has the labels app=web\n',
  );
  await cluster.run(['create', 'deployment', 'web', '--image=nginx', '--port=8080']);
  const ports = [
    { name: 'a', port: 80, targetPort: 8080 },
    { name: 'b', port: 81, targetPort: 8081 },
    { name: 'c', port: 82, targetPort: 'http' },
  ];
  const { stderr, stdout } = await apply('web', { selector: { app: 'web' }, ports });
  assert.equal(
    stderr,
    'Warning: spec.ports[1].targetPort: no container of the template of Deployment "web" declares the TCP port 8081\n' +
      'Warning: spec.ports[2].targetPort: no container of the template of Deployment "web" has a TCP port named "http"\n',
  );
  assert.equal(stdout, 'service/web configured\n');
  const same = await apply('web', { selector: { app: 'web' }, ports });
  assert.equal(same.stderr, '');
});

test('warned of: a load balancer where there are no addresses for it', async () => {
  const { stderr } = await apply('balanced', { type: 'LoadBalancer', ports: [{ port: 80 }] });
  assert.equal(
    stderr,
    'Warning: spec.type: the cluster has no addresses for load balancers; the Service will stay <pending>\n',
  );
});
