import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf } from './resolv-conf.ts';

test('servers, search and a stub resolver are read', () => {
  const text = `# made by hand
nameserver 192.0.2.1 # first
nameserver 127.0.0.53
nameserver 2001:db8::1
nameserver fe80::1%eth0
nameserver nonsense
nameserver
domain old.test
search a.test b.test
options ndots:5
`;
  assert.deepEqual(parseResolvConf(text), {
    upstreams: [
      { address: '192.0.2.1', port: 53 },
      { address: '2001:db8::1', port: 53 },
      { address: 'fe80::1%eth0', port: 53 },
    ],
    hasStub: true,
    search: ['a.test', 'b.test'],
  });
  assert.deepEqual(parseResolvConf(''), { upstreams: [], hasStub: false, search: [] });
});
