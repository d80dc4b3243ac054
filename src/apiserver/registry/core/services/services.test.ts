import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refusal, startApi, type TestApi } from '../../../testing/api.ts';

const services = '/api/v1/namespaces/default/services';
const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
let api: TestApi;
before(async () => {
  api = await startApi({ serviceCidrs: ['10.96.0.0/24'], nodePorts: { first: 30000, last: 30063 } });
});
after(() => api.stop());

const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const addressNames = async () =>
  (await api.get(addresses)).items.map((each: { metadata: { name: string } }) => each.metadata.name);

test('a Service gets an address of the dynamic part with its IPAddress, and gives it back', async () => {
  const { spec } = await api.post(services, service('a'));
  assert.ok(Number(spec.clusterIP.split('.')[3]) > 16, spec.clusterIP);
  assert.deepEqual(spec.clusterIPs, [spec.clusterIP]);
  assert.deepEqual([spec.ipFamilies, spec.ipFamilyPolicy], [['IPv4'], 'SingleStack']);
  const { metadata, spec: owner } = await api.get(`${addresses}/${spec.clusterIP}`);
  assert.equal(metadata.labels['ipaddress.kubernetes.io/managed-by'], 'ipallocator.k8s.io');
  assert.deepEqual(owner.parentRef, { group: '', resource: 'services', namespace: 'default', name: 'a' });
  assert.ok(
    api.decisions
      .since()
      .some(each => each.type === 'apiserver.clusterIP.allocated' && each.object?.name === 'a'),
  );
  await api.delete(`${services}/a`);
  assert.deepEqual(await addressNames(), ['10.96.0.1']);
});

const refused: [what: string, spec: object, message: string][] = [
  [
    'an address that is given',
    { clusterIP: '10.96.0.1' },
    'Service "bad" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
  ],
  [
    'an address of no range',
    { clusterIP: '10.1.0.1' },
    'Service "bad" is invalid: spec.clusterIPs: Invalid value: ["10.1.0.1"]: failed to allocate IP 10.1.0.1: the provided network does not match the current range',
  ],
  [
    'the broadcast address',
    { clusterIP: '10.96.0.255' },
    'Service "bad" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.255"]: failed to allocate IP 10.96.0.255: the provided network does not match the current range',
  ],
  [
    'a port out of range',
    { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    'Service "bad" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30063',
  ],
  [
    'two families in a cluster of one',
    { ipFamilyPolicy: 'RequireDualStack' },
    'Service "bad" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ],
  [
    'a family the cluster has not',
    { ipFamilies: ['IPv6'] },
    'Service "bad" is invalid: spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ],
];
for (const [what, spec, message] of refused) {
  test(`refused, nothing kept: ${what}`, async () => {
    const before = await addressNames();
    const error = await refusal(api.post(services, service('bad', spec)));
    assert.deepEqual([error.code, error.message], [422, message]);
    assert.deepEqual(await addressNames(), before);
  });
}

test('a Service that fails after its address was taken gives it back', async () => {
  const before = await addressNames();
  assert.equal((await refusal(api.post(services, service('Bad_Name')))).code, 422);
  await api.post(services, service('twice'));
  assert.equal((await refusal(api.post(services, service('twice')))).code, 409);
  await api.post(`${services}?dryRun=All`, service('dry'));
  assert.equal((await addressNames()).length, before.length + 1);
  await api.delete(`${services}/twice`);
});

test('headless and ExternalName Services get none; changing the type gives and takes', async () => {
  const before = (await addressNames()).length;
  const headless = await api.post(services, service('headless', { clusterIP: 'None' }));
  assert.deepEqual(headless.spec.clusterIPs, ['None']);
  await api.post(
    services,
    service('external', { type: 'ExternalName', externalName: 'example.com', ports: undefined }),
  );
  assert.equal((await addressNames()).length, before);
  const changed = await api.patch(`${services}/external`, {
    spec: { type: 'ClusterIP', externalName: null, ports: [{ port: 80 }] },
  });
  assert.match(changed.spec.clusterIP, /^10\.96\.0\./);
  assert.equal((await addressNames()).length, before + 1);
  const back = await api.patch(`${services}/external`, {
    spec: { type: 'ExternalName', externalName: 'example.com' },
  });
  assert.equal(back.spec.clusterIP, undefined);
  assert.equal((await addressNames()).length, before);
});

test('node ports: chosen, given, shared by two protocols, kept, freed', async () => {
  const chosen = await api.post(
    services,
    service('np', { type: 'NodePort', ports: [{ port: 80, nodePort: 30007 }] }),
  );
  assert.equal(chosen.spec.ports[0].nodePort, 30007);
  const taken = await refusal(
    api.post(services, service('np2', { type: 'NodePort', ports: [{ port: 80, nodePort: 30007 }] })),
  );
  assert.equal(
    taken.message,
    'Service "np2" is invalid: spec.ports[0].nodePort: Invalid value: 30007: provided port is already allocated',
  );
  const both = await api.post(
    services,
    service('dns', {
      type: 'NodePort',
      ports: [
        { name: 'u', port: 53, protocol: 'UDP' },
        { name: 't', port: 53 },
      ],
    }),
  );
  assert.equal(both.spec.ports[0].nodePort, both.spec.ports[1].nodePort);
  const updated = await api.patch(`${services}/np`, { spec: { selector: { a: 'b' } } });
  assert.equal(updated.spec.ports[0].nodePort, 30007);
  await api.patch(`${services}/np`, { spec: { type: 'ClusterIP' } });
  await api.post(services, service('np2', { type: 'NodePort', ports: [{ port: 80, nodePort: 30007 }] }));
  const lb = await api.post(
    services,
    service('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }),
  );
  assert.ok(lb.spec.healthCheckNodePort >= 30000);
  assert.notEqual(lb.spec.healthCheckNodePort, lb.spec.ports[0].nodePort);
  const without = await api.post(
    services,
    service('lb2', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }),
  );
  assert.equal(without.spec.ports[0].nodePort, undefined);
});

test('an address may not be changed', async () => {
  for (const clusterIP of ['10.96.0.9', '1.2.3.4']) {
    const error = await refusal(api.patch(`${services}/np2`, { spec: { clusterIP } }));
    assert.equal(error.code, 422);
    assert.match(error.message, /spec\.clusterIPs\[0\]: .*may not change once set/);
  }
  assert.ok(!(await addressNames()).includes('10.96.0.9'));
});

test('the range runs full, is named, and goes on when something is freed', async () => {
  const free = 254 - (await addressNames()).length;
  const names = Array.from({ length: free }, (_, i) => `fill-${i}`);
  await Promise.all(names.map(name => api.post(services, service(name))));
  assert.equal(new Set(await addressNames()).size, 254);
  const full = await refusal(api.post(services, service('one-more')));
  assert.deepEqual(
    [full.code, full.message],
    [500, 'Internal error occurred: failed to allocate a serviceIP: range is full'],
  );
  await api.delete(`${services}/fill-0`);
  await api.post(services, service('one-more'));
});

test('dual-stack: both families, one address each, the second can be let go', async () => {
  const dual = await startApi({ serviceCidrs: ['10.96.0.0/24', 'fd00:10:96::/112'] });
  const { spec } = await dual.post(services, service('d', { ipFamilyPolicy: 'PreferDualStack' }));
  assert.deepEqual(spec.ipFamilies, ['IPv4', 'IPv6']);
  assert.equal(spec.clusterIPs.length, 2);
  assert.match(spec.clusterIPs[1], /^fd00:10:96::/);
  const single = await dual.post(services, service('s'));
  assert.equal(single.spec.clusterIPs.length, 1);
  const both = await dual.patch(`${services}/s`, { spec: { ipFamilyPolicy: 'RequireDualStack' } });
  assert.equal(both.spec.clusterIPs.length, 2);
  const released = await dual.patch(`${services}/s`, {
    spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], clusterIPs: [both.spec.clusterIP] },
  });
  assert.equal(released.spec.clusterIPs.length, 1);
  assert.equal((await refusal(dual.get(`${addresses}/${both.spec.clusterIPs[1]}`))).code, 404);
  await dual.stop();
});
