import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { createLogger, silentLogger } from '../../base/log.ts';
import { FakeSysctl } from '../../kernel/sysctl.ts';
import { setFlowTimeouts } from './flow-timeouts.ts';

test('connections through Services are remembered as long as by kube-proxy', async () => {
  const sysctl = new FakeSysctl();
  await setFlowTimeouts({ sysctl, log: silentLogger });
  assert.deepEqual(Object.fromEntries(sysctl.values), {
    'net/netfilter/nf_conntrack_tcp_timeout_established': '86400',
    'net/netfilter/nf_conntrack_tcp_timeout_close_wait': '3600',
  });
});

test('a kernel that refuses is told of, and no reason to stop', async () => {
  const lines: string[] = [];
  const log = createLogger(new FakeClock(), { component: 'test', write: line => lines.push(line) });
  const set = () => Promise.reject(new Error('read-only'));
  await setFlowTimeouts({ sysctl: { get: async () => undefined, set }, log });
  assert.equal(lines.length, 2);
  assert.match(lines[1]!, /close_wait.*read-only/);
});
