import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from './cluster.ts';

/** What it means for traffic which node a pod is on: ports of the node (`hostPort`), and `trafficDistribution`. */

const cluster = new TestCluster('e2e-traffic');
const addresses = ['172.30.0.2', '172.30.0.3'];
const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';

before(async () => {
  const up = await cluster.up('--nodes', '2');
  assert.equal(up.code, 0, up.stderr);
});

after(() => cluster.delete());

/** Runs a line that has to succeed. */
async function shell(line: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.shell(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout;
}

async function apply(...objects: object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const { code, stderr } = await cluster.kubectl('apply -f -', list);
  assert.equal(code, 0, stderr);
}

/** A pod on one of the nodes, 1 or 2, that tells its name over HTTP on 8080 and UDP on 8081. */
function pod(name: string, node: number, ports: object[] = []) {
  const args = ['netexec', '--http-port=8080', '--udp-port=8081'];
  const readinessProbe = { httpGet: { path: '/hostname', port: 8080 }, periodSeconds: 1 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name.replace(/-\d$/, '') } },
    spec: {
      nodeName: cluster.node(node),
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: agnhost, args, ports, readinessProbe }],
    },
  };
}

const ready = () => shell('k wait --for=condition=Ready pod --all --timeout=300s');

/** What answers on a port of a node, asked from the host side. */
const http = (address: string, path: string) => shell(`wget -q -O- -T 5 -t 1 ${address}:5080/${path}`);
const udp = (address: string) =>
  shell(`exec 3<>/dev/udp/${address}/5081; echo hostname >&3; timeout 5 dd bs=512 count=1 status=none <&3`);

test('a hostPort leads to the pod on that node, with TCP and UDP, and not to another', async () => {
  const ports = [
    { containerPort: 8080, hostPort: 5080 },
    { containerPort: 8081, hostPort: 5081, protocol: 'UDP' },
  ];
  await apply(pod('web-1', 1, ports), pod('web-2', 2, ports));
  await ready();
  for (const [index, address] of addresses.entries()) {
    const name = `web-${index + 1}`;
    assert.equal(await http(address, 'hostname'), name);
    assert.equal((await udp(address)).trim(), name);
    assert.match(await http(address, 'clientip'), /^172\.30\.0\.1:/, 'the pod sees who asks');
  }
  await shell('k delete pod web-1');
  assert.equal((await cluster.shell(`wget -q -O- -T 5 -t 1 ${addresses[0]}:5080/hostname`)).code, 4);
  assert.equal(await http(addresses[1]!, 'hostname'), 'web-2');
  await shell('k delete pod web-2');
});

/** Who answers twenty requests that a pod on node 1 makes to the Service. */
async function answering(): Promise<string[]> {
  const loop = 'for i in $(seq 20); do curl -s --max-time 5 back:80/hostname; echo; done';
  return [...new Set((await shell(`k exec client-1 -- sh -c '${loop}'`)).trim().split('\n'))].sort();
}

/** Rules follow slices within moments: asks until the answers are these. */
async function answers(want: string[]): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = await answering();
    if (String(found) === String(want)) return;
    if (Date.now() > end) assert.deepEqual(found, want);
  }
}

test('trafficDistribution keeps to the node or the zone, as long as there is an endpoint', async () => {
  const distribute = (how: string) =>
    shell(`k patch service back --patch '{"spec":{"trafficDistribution":${how}}}'`);
  const ports = [{ port: 80, targetPort: 8080 }];
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'back' } };
  await apply(...[pod('client-1', 1), pod('back-1', 1), pod('back-2', 2)], {
    ...service,
    spec: { selector: { app: 'back' }, ports },
  });
  await ready();
  await answers(['back-1', 'back-2']);

  await distribute('"PreferSameNode"');
  await answers(['back-1']);
  await shell('k delete pod back-1');
  await answers(['back-2']);

  await apply(pod('back-1', 1));
  await ready();
  await shell(`k label node ${cluster.node(1)} topology.kubernetes.io/zone=a`);
  await shell(`k label node ${cluster.node(2)} topology.kubernetes.io/zone=b`);
  await distribute('"PreferSameZone"');
  await answers(['back-1']);
  await shell(`k label node ${cluster.node(2)} topology.kubernetes.io/zone=a --overwrite`);
  await answers(['back-1', 'back-2']);

  await distribute('"PreferClose"');
  await shell(`k label node ${cluster.node(1)} topology.kubernetes.io/zone=b --overwrite`);
  await answers(['back-1']);
  await distribute('null');
  await answers(['back-1', 'back-2']);
});

test('topology-mode Auto keeps to the zone while there is one endpoint a zone', async () => {
  const label = (node: number, zone: string) =>
    shell(`k label node ${cluster.node(node)} topology.kubernetes.io/zone=${zone} --overwrite`);
  const events = () => shell('k get events --field-selector involvedObject.name=back');
  await label(1, 'a');
  await label(2, 'b');
  await shell('k annotate service back service.kubernetes.io/topology-mode=Auto');
  await answers(['back-1']);
  assert.match(await events(), /Normal +TopologyAwareHintsEnabled .*has been enabled, addressType: IPv4/);

  await shell('k delete pod back-1');
  await answers(['back-2']);
  assert.match(
    await events(),
    /Warning +TopologyAwareHintsDisabled .*Insufficient number of endpoints \(1 endpoints, 2 zones\)/,
  );

  // Both of one zone: the other zone is lent one of them.
  await apply(pod('back-3', 2));
  await ready();
  const lent = async () =>
    (
      await shell(
        `k get endpointslices -l kubernetes.io/service-name=back -o 'jsonpath={range .items[*].endpoints[?(@.hints.forZones[0].name=="a")]}{.targetRef.name} {end}'`,
      )
    ).trim();
  const end = Date.now() + 20_000;
  while ((await lent()) === '' && Date.now() < end);
  const name = await lent();
  assert.match(name, /^back-[23]$/);
  await answers([name]);

  await shell('k annotate service back service.kubernetes.io/topology-mode-');
  await answers(['back-2', 'back-3']);
});
