import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetnsPath } from '../network-namespace.ts';
import type { NetworkChange, Route } from './change.ts';
import { type IpRoute, IpRouteError, type IpRouteFailure } from './ip-route.ts';

/**
 * What every `IpRoute` does.
 * @param fresh gives the port and an empty namespace; the port's own is empty, too.
 */
export function ipRouteContract(fresh: () => Promise<{ ip: IpRoute; netns: NetnsPath }>): void {
  const veth: NetworkChange = { op: 'link.add', name: 'va', kind: 'veth', mtu: 1400, peer: { name: 'vb' } };
  const mac = '0a:58:00:00:00:01';

  const refuses = async (ip: IpRoute, change: NetworkChange, code: IpRouteFailure) => {
    await assert.rejects(
      ip.apply([change]),
      (error: Error) => error instanceof IpRouteError && error.code === code,
    );
  };

  test('a pair across namespaces: made in one step, gone together', async () => {
    const { ip, netns } = await fresh();
    const peer = { name: 'eth0', netns, mtu: 1400, mac };
    await ip.apply([{ op: 'link.add', name: 'host-a', kind: 'veth', mtu: 1400, peer, up: true }]);
    const other = (await ip.links(netns)).find(link => link.name === 'eth0');
    assert.deepEqual([other?.mtu, other?.mac, other?.kind, other?.up], [1400, mac, 'veth', false]);
    await ip.apply([{ op: 'link.delete', name: 'eth0' }], netns);
    assert.ok(!(await ip.links()).some(link => link.name === 'host-a'));
  });

  test('links: properties, addresses, refusals', async () => {
    const { ip } = await fresh();
    await ip.apply([
      { op: 'link.add', name: 'br', kind: 'bridge', mtu: 1400 },
      veth,
      { op: 'link.set', name: 'va', master: 'br', alias: 'default/web', group: 77, up: true },
      { op: 'address.add', link: 'br', address: '10.1.0.1/24' },
      { op: 'address.add', link: 'br', address: 'fd00::1/64', noDad: true },
    ]);
    const links = new Map((await ip.links()).map(link => [link.name, link]));
    const { master, alias, group, up, mtu } = links.get('va')!;
    assert.deepEqual([master, alias, group, up, mtu], ['br', 'default/web', '77', true, 1400]);
    assert.deepEqual(
      links.get('br')!.addresses.filter(address => !address.startsWith('fe80')),
      ['10.1.0.1/24', 'fd00::1/64'],
    );
    await refuses(ip, veth, 'exists');
    await refuses(ip, { op: 'link.set', name: 'nobody', up: true }, 'not-found');
    await refuses(ip, { op: 'link.delete', name: 'nobody' }, 'not-found');
    await refuses(ip, { op: 'address.add', link: 'br', address: '10.1.0.1/24' }, 'exists');
    await refuses(ip, { op: 'address.delete', link: 'br', address: '10.1.0.9/24' }, 'not-found');
    await ip.apply([{ op: 'link.set', name: 'va', master: null }]);
    assert.equal((await ip.links()).find(link => link.name === 'va')?.master, undefined);
    await ip.apply([{ op: 'link.delete-group', group: 77 }]);
    assert.ok(!(await ip.links()).some(link => link.name === 'vb'), 'the other end goes along');
    await refuses(ip, { op: 'link.delete-group', group: 77 }, 'not-found');
    await ip.apply([{ op: 'link.delete', name: 'br' }]);
  });

  test('the change that failed is named; those before it stay', async () => {
    const { ip } = await fresh();
    const bad: NetworkChange = { op: 'link.set', name: 'nobody', up: true };
    await assert.rejects(ip.apply([veth, bad]), (error: IpRouteError) => error.change === bad);
    assert.ok((await ip.links()).some(link => link.name === 'va'));
    await ip.apply([{ op: 'link.delete', name: 'va' }]);
  });

  for (const [family, subnet, host, via] of [
    ['IPv4', '10.2.0.0/16', '10.3.0.7/32', '10.1.0.9'],
    ['IPv6', 'fd02::/64', 'fd03::7/128', 'fd01::9'],
  ] as const) {
    test(`routes and neighbours: ${family}`, async () => {
      const { ip } = await fresh();
      const ours = async () => {
        const routes = (await ip.routes(family)).filter(route => route.protocol === 202);
        return routes.sort((a, b) => (a.destination < b.destination ? -1 : 1));
      };
      const near: Route = { destination: host, family, link: 'va', protocol: 202 };
      if (family === 'IPv4') near.scope = 'link';
      const far: Route = { destination: subnet, family, via, link: 'va', onLink: true, protocol: 202 };
      const none: Route = { destination: subnet, family, type: 'unreachable', protocol: 202 };
      await ip.apply([
        veth,
        { op: 'link.set', name: 'va', up: true },
        { op: 'link.set', name: 'vb', up: true },
        { op: 'route.replace', route: near },
        { op: 'route.replace', route: far },
        { op: 'neighbour.replace', neighbour: { address: via, mac, link: 'va' } },
      ]);
      assert.deepEqual(await ours(), [far, near]);
      assert.deepEqual(await ip.neighbours(family), [{ address: via, mac, link: 'va' }]);
      await ip.apply([{ op: 'route.delete', route: { destination: subnet, family, link: 'va' } }]);
      await refuses(
        ip,
        { op: 'route.delete', route: { destination: subnet, family, link: 'va' } },
        'not-found',
      );
      await ip.apply([{ op: 'route.replace', route: none }]);
      assert.deepEqual(await ours(), [none, near]);
      await ip.apply([
        { op: 'neighbour.delete', neighbour: { address: via, link: 'va' } },
        { op: 'link.delete', name: 'va' },
        { op: 'route.delete', route: none },
      ]);
      assert.deepEqual(await ours(), []);
      assert.deepEqual(await ip.neighbours(family), []);
    });
  }

  test('a tunnel and its forwarding table', async () => {
    const { ip } = await fresh();
    const vxlan = { id: 1, port: 4789, local: '10.1.0.1' };
    await ip.apply([
      { op: 'link.add', name: 'vx', kind: 'vxlan', mtu: 1450, mac, vxlan },
      { op: 'fdb.replace', link: 'vx', mac: '0a:ca:00:00:00:02', remote: '10.1.0.2' },
      { op: 'fdb.replace', link: 'vx', mac: '0a:ca:00:00:00:02', remote: '10.1.0.3' },
    ]);
    assert.deepEqual(await ip.forwarding('vx'), [{ mac: '0a:ca:00:00:00:02', remote: '10.1.0.3' }]);
    await ip.apply([{ op: 'fdb.delete', link: 'vx', mac: '0a:ca:00:00:00:02', remote: '10.1.0.3' }]);
    assert.deepEqual(await ip.forwarding('vx'), []);
    await ip.apply([{ op: 'link.delete', name: 'vx' }]);
  });
}
