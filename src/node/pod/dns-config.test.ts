import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DnsConfig, parseResolvConf, podDnsConfig } from './dns-config.ts';

const host = parseResolvConf('# x\nnameserver 192.0.2.1\nsearch corp.example lan.\noptions edns0 ndots:2\n');
const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };

test('resolv.conf is read', () => {
  assert.deepEqual(host, {
    servers: ['192.0.2.1'],
    searches: ['corp.example', 'lan.'],
    options: ['edns0', 'ndots:2'],
  });
});

test('the policy decides', () => {
  const searches = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example', 'lan'];
  const inCluster: DnsConfig = { servers: ['10.96.0.10'], searches, options: ['ndots:5'] };
  const own: DnsConfig = { ...host, searches: ['corp.example', 'lan'] };
  const rows: [object, DnsConfig][] = [
    [{}, inCluster],
    [{ dnsPolicy: 'ClusterFirst' }, inCluster],
    [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, own],
    [{ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, inCluster],
    [{ dnsPolicy: 'Default' }, own],
    [
      { dnsPolicy: 'None', dnsConfig: { nameservers: ['9.9.9.9'], options: [{ name: 'rotate' }] } },
      { servers: ['9.9.9.9'], searches: [], options: ['rotate'] },
    ],
    [
      { dnsConfig: { searches: ['x.y'], options: [{ name: 'ndots', value: '1' }] } },
      { ...inCluster, searches: [...searches, 'x.y'], options: ['ndots:1'] },
    ],
  ];
  for (const [spec, expected] of rows) {
    const pod = { metadata: { namespace: 'shop' }, spec: { containers: [], ...spec } };
    assert.deepEqual(podDnsConfig(pod, cluster, host), { config: expected }, JSON.stringify(spec));
  }
});

test('what is too much is cut and told', () => {
  const nameservers = ['1.1.1.1', '1.1.1.2', '1.1.1.3'];
  const pod = { metadata: { namespace: 'shop' }, spec: { containers: [], dnsConfig: { nameservers } } };
  const { config, problem } = podDnsConfig(pod, cluster, host);
  assert.equal(config.servers.length, 3);
  assert.match(problem ?? '', /applied nameserver line is: 10\.96\.0\.10 1\.1\.1\.1 1\.1\.1\.2$/);
});
