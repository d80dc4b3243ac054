import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DnsRecord, dnsType } from '../wire/dns-message.ts';
import { ClusterZone, reverseAddress } from './cluster-zone.ts';
import { FakeCluster } from './fake-cluster.ts';
import { RecordIndex } from './record-index.ts';

const cluster = new FakeCluster('default', 'other', 'kube-system');
cluster.service('default/web', { clusterIPs: ['10.96.0.20'] }, 'http:80', 'https:443', 'dns:53/UDP');
cluster.service('default/dual', { clusterIPs: ['10.96.0.21', 'fd00:96::21'] }, '80');
cluster.slice(
  'default/web',
  'web-1',
  ['10.244.0.5', '10.244.1.5=web-b', '!10.244.2.5'],
  'http:8080',
  'https:8443',
);
cluster.service('default/db', { clusterIP: 'None' }, 'sql:5432');
cluster.slice('default/db', 'db-1', ['10.244.0.7=db-0', '10.244.1.7=db-1', '!10.244.2.7=db-2'], 'sql:5432');
cluster.slice('default/db', 'db-2', ['10.244.3.7'], 'sql:5432');
cluster.slice('default/db', 'db-6', ['fd00:244::7=db-0'], 'sql:5432');
cluster.service('default/portless', { clusterIP: 'None' });
cluster.slice('default/portless', 'p', ['10.244.0.8']);
cluster.service('default/empty', { clusterIP: 'None' }, '80');
cluster.service('default/idle', { clusterIPs: ['10.96.0.22'] }, '80');
cluster.service('default/away', { type: 'ExternalName', externalName: 'www.example.com' });
cluster.service('default/alias', { type: 'ExternalName', externalName: 'Web.Default.svc.cluster.local.' });
cluster.service('default/chain', { type: 'ExternalName', externalName: 'alias.default.svc.cluster.local' });
cluster.service('default/loop', { type: 'ExternalName', externalName: 'pool.default.svc.cluster.local' });
cluster.service('default/pool', { type: 'ExternalName', externalName: 'loop.default.svc.cluster.local' });
cluster.service('default/dangling', { type: 'ExternalName', externalName: 'none.default.svc.cluster.local' });
cluster.service('default/number', { type: 'ExternalName', externalName: '1.2.3.4' });

const index = new RecordIndex();
for (const namespace of cluster.namespaces.list()) index.setNamespace(namespace);
for (const service of cluster.services.list()) index.setService(service);
for (const slice of cluster.endpointSlices.list()) index.setSlice(slice);
const zone = new ClusterZone(index, {
  domain: 'cluster.local',
  ttl: 30,
  negativeTtl: 5,
  serverAddresses: ['10.96.0.10'],
});

/** Question → `code: answers | additional`; names without `.default.svc.cluster.local`. */
const rows: [string, string][] = [
  ['A web', 'NOERROR: A 10.96.0.20'],
  ['AAAA web', 'NOERROR:'],
  ['A dual', 'NOERROR: A 10.96.0.21'],
  ['AAAA dual', 'NOERROR: AAAA fd00:96::21'],
  ['ANY dual', 'NOERROR: A 10.96.0.21, AAAA fd00:96::21'],
  ['A idle', 'NOERROR: A 10.96.0.22'],
  ['MX web', 'NOERROR:'],
  ['A none', 'NXDOMAIN:'],
  ['A web.none.svc.cluster.local.', 'NXDOMAIN:'],
  ['SRV _http._tcp.web', 'NOERROR: SRV 0 100 80 web | A 10.96.0.20'],
  ['SRV _HTTP._tcp.web', 'NOERROR: SRV 0 100 80 web | A 10.96.0.20'],
  ['SRV _dns._udp.web', 'NOERROR: SRV 0 100 53 web | A 10.96.0.20'],
  ['SRV _dns._tcp.web', 'NXDOMAIN:'],
  ['SRV _none._tcp.web', 'NXDOMAIN:'],
  ['SRV http.tcp.web', 'NXDOMAIN:'],
  ['A _http._tcp.web', 'NOERROR: A 10.96.0.20'],
  ['SRV web', 'NOERROR: SRV 0 33 80 web, SRV 0 33 443 web, SRV 0 33 53 web | A 10.96.0.20'],
  ['A 10-244-0-5.web', 'NOERROR: A 10.244.0.5'],
  ['A web-b.web', 'NOERROR: A 10.244.1.5'],
  ['A 10-244-2-5.web', 'NXDOMAIN:'],
  ['A a.b.c.web', 'NXDOMAIN:'],
  ['A db', 'NOERROR: A 10.244.0.7, A 10.244.1.7, A 10.244.3.7'],
  ['AAAA db', 'NOERROR: AAAA fd00:244::7'],
  ['A db-0.db', 'NOERROR: A 10.244.0.7'],
  ['AAAA db-0.db', 'NOERROR: AAAA fd00:244::7'],
  ['A db-2.db', 'NXDOMAIN:'],
  ['A 10-244-3-7.db', 'NOERROR: A 10.244.3.7'],
  [
    'SRV _sql._tcp.db',
    'NOERROR: SRV 0 33 5432 db-0.db, SRV 0 33 5432 db-1.db, SRV 0 33 5432 10-244-3-7.db | A 10.244.0.7, A 10.244.1.7, A 10.244.3.7, AAAA fd00:244::7',
  ],
  ['SRV db-1.db', 'NOERROR: SRV 0 100 5432 db-1.db | A 10.244.1.7'],
  ['SRV _none._tcp.db', 'NXDOMAIN:'],
  ['A portless', 'NOERROR: A 10.244.0.8'],
  ['SRV portless', 'NOERROR:'],
  ['A empty', 'NXDOMAIN:'],
  ['A away', 'NOERROR: CNAME www.example.com → www.example.com'],
  ['CNAME away', 'NOERROR: CNAME www.example.com'],
  ['A x.away', 'NXDOMAIN:'],
  ['A alias', 'NOERROR: CNAME Web, A 10.96.0.20'],
  ['A chain', 'NOERROR: CNAME alias, CNAME Web, A 10.96.0.20'],
  ['AAAA chain', 'NOERROR: CNAME alias, CNAME Web'],
  ['A loop', 'SERVFAIL: CNAME pool, CNAME loop'],
  ['A dangling', 'NXDOMAIN: CNAME none'],
  ['A number', 'NXDOMAIN:'],
  ['A 1-2-3-4.default.pod.cluster.local.', 'NOERROR: A 1.2.3.4'],
  ['AAAA 1-2-3-4.default.pod.cluster.local.', 'NOERROR:'],
  ['AAAA fd00-244--7.default.pod.cluster.local.', 'NOERROR: AAAA fd00:244::7'],
  ['A 1-2-3-4.none.pod.cluster.local.', 'NXDOMAIN:'],
  ['A 1-2-3-400.default.pod.cluster.local.', 'NXDOMAIN:'],
  ['A a.1-2-3-4.default.pod.cluster.local.', 'NXDOMAIN:'],
  ['A default.pod.cluster.local.', 'NOERROR:'],
  ['A default.svc.cluster.local.', 'NOERROR:'],
  ['A none.svc.cluster.local.', 'NXDOMAIN:'],
  ['A svc.cluster.local.', 'NOERROR:'],
  ['A pod.cluster.local.', 'NOERROR:'],
  ['A any.cluster.local.', 'NXDOMAIN:'],
  ['A web.default.cluster.local.', 'NXDOMAIN:'],
  ['A *', 'NXDOMAIN:'],
  ['A *.default.svc.cluster.local.', 'NXDOMAIN:'],
  ['A cluster.local.', 'NOERROR:'],
  ['SOA cluster.local.', 'NOERROR: SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5'],
  ['NS cluster.local.', 'NOERROR: NS ns.dns.cluster.local. | A 10.96.0.10'],
  ['A ns.dns.cluster.local.', 'NOERROR: A 10.96.0.10'],
  ['TXT dns-version.cluster.local.', 'NOERROR: TXT 1.1.0'],
  ['A dns-version.cluster.local.', 'NOERROR:'],
  ['PTR 20.0.96.10.in-addr.arpa.', 'NOERROR: PTR web'],
  ['A 20.0.96.10.in-addr.arpa.', 'NOERROR:'],
  ['PTR 7.0.244.10.in-addr.arpa.', 'NOERROR: PTR db-0.db'],
  ['PTR 7.3.244.10.in-addr.arpa.', 'NOERROR: PTR 10-244-3-7.db'],
  ['PTR 7.2.244.10.in-addr.arpa.', 'elsewhere'],
  ['PTR 1.1.1.1.in-addr.arpa.', 'elsewhere'],
  ['PTR 96.10.in-addr.arpa.', 'elsewhere'],
  ['PTR 7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.4.2.0.0.0.d.f.ip6.arpa.', 'NOERROR: PTR db-0.db'],
  ['A www.example.com.', 'elsewhere'],
  ['A xcluster.local.', 'elsewhere'],
];

for (const [question, expected] of rows) {
  test(question, () => {
    const [type = '', name = ''] = question.split(' ');
    const whole = name.endsWith('.') ? name.slice(0, -1) : `${name}.default.svc.cluster.local`;
    const found = zone.answer(whole.toLowerCase(), typeNumber(type));
    if (!found) {
      assert.equal('elsewhere', expected);
      return;
    }
    const list = (records: DnsRecord[]) => records.map(describe).join(', ');
    const text = [
      `${['NOERROR', '', 'SERVFAIL', 'NXDOMAIN'][found.rcode]}:`,
      ...(found.answers.length ? [list(found.answers)] : []),
      ...(found.additional.length ? ['|', list(found.additional)] : []),
      ...(found.continueAt ? ['→', found.continueAt] : []),
    ].join(' ');
    assert.equal(text, expected);
  });
}

test('an address of an IPv6 name is written as the API writes it', () => {
  const nibbles = (hex: string) => `${[...hex].reverse().join('.')}.ip6.arpa`;
  assert.equal(reverseAddress(nibbles('20010db8000000000000000000000001')), '2001:db8::1');
  assert.equal(reverseAddress(nibbles('20010db8000000010000000000000001')), '2001:db8:0:1::1');
  assert.equal(reverseAddress(nibbles('00000000000000000000000000000000')), '::');
  assert.equal(reverseAddress(nibbles('00010000000200030004000500060007')), '1:0:2:3:4:5:6:7');
});

test('the index tells which answers a change touches', () => {
  const changes: string[][] = [];
  const own = new RecordIndex();
  own.onChange(keys => changes.push([...keys]));
  const made = new FakeCluster('default');
  made.service('default/web', { clusterIPs: ['10.96.0.20'] }, '80');
  const [service] = made.services.list();
  own.setService(service!);
  own.setService({ ...service!, metadata: { ...service!.metadata, labels: { a: 'b' } } });
  made.slice('default/web', 's', ['10.0.0.1', '10.0.0.2'], '80');
  const first = made.endpointSlices.list()[0]!;
  own.setSlice(first);
  made.slice('default/web', 's', ['10.0.0.2', '10.0.0.3'], '80');
  own.setSlice(made.endpointSlices.list()[0]!);
  assert.deepEqual(own.servicesOfEndpoint('10.0.0.1'), []);
  assert.deepEqual(own.servicesOfEndpoint('10.0.0.2'), ['default/web']);
  own.removeSlice(made.endpointSlices.list()[0]!);
  own.removeService(service!);
  assert.deepEqual(
    changes.map(keys => [...new Set(keys)].sort().join(' ')),
    [
      'default/web ip 10.96.0.20',
      'default/web ip 10.0.0.1 ip 10.0.0.2',
      'default/web ip 10.0.0.1 ip 10.0.0.2 ip 10.0.0.3',
      'default/web ip 10.0.0.2 ip 10.0.0.3',
      'default/web ip 10.96.0.20',
    ],
  );
  assert.deepEqual(own.servicesOfEndpoint('10.0.0.3'), []);
  assert.equal(own.serviceAt('10.96.0.20'), undefined);
});

function typeNumber(name: string): number {
  return name === 'MX' ? 15 : dnsType[name as keyof typeof dnsType];
}

function describe(record: DnsRecord): string {
  const short = (name: string) =>
    name.endsWith('.default.svc.cluster.local')
      ? name.slice(0, -26)
      : /\.default\.svc\./i.test(name)
        ? name.split('.')[0]
        : `${name}.`;
  switch (record.type) {
    case dnsType.A:
      return `A ${record.address.join('.')}`;
    case dnsType.AAAA:
      return `AAAA ${reverseAddress(`${[...Buffer.from(record.address).toString('hex')].reverse().join('.')}.ip6.arpa`)}`;
    case dnsType.SRV:
      return `SRV ${record.priority} ${record.weight} ${record.port} ${short(record.target)}`;
    case dnsType.TXT:
      return `TXT ${record.text}`;
    case dnsType.SOA:
      return `SOA ${record.primary}. ${record.mailbox}. ${record.refresh} ${record.retry} ${record.expire} ${record.minimum}`;
    case dnsType.CNAME:
      return `CNAME ${short(record.target)?.replace(/^www.example.com\.$/, 'www.example.com')}`;
    default:
      return `${record.type === dnsType.NS ? 'NS' : 'PTR'} ${short(record.target)}`;
  }
}
