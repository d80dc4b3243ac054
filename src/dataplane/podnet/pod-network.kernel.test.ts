import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { inFreshNamespace } from '../../kernel/testing/fresh-namespace.ts';
import { PodnetNodes, run } from './testing/podnet-nodes.ts';

/** Answers every TCP connection with the address it comes from. */
const echo = `
  const { createServer } = require('node:net');
  createServer(socket => socket.end(socket.remoteAddress.replace('::ffff:', ''))).listen(8080, '::', () => console.log('up'));
`;

/** Connects and prints the answer, or the error's code. */
const ask = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port), timeout: 3000 });
  socket.on('data', data => console.log(String(data)));
  socket.on('error', error => console.log(error.code));
  socket.on('timeout', () => { console.log('timeout'); socket.destroy(); });
`;

/** Sends a datagram larger than any link's MTU, again until it is through, and prints how long the echo is. */
const pieces = `
  const { createSocket } = require('node:dgram');
  const { spawn } = require('node:child_process');
  const [to, netns] = process.argv.slice(1);
  const type = to.includes(':') ? 'udp6' : 'udp4';
  const echo = "const s = require('node:dgram').createSocket('" + type + "');" +
    "s.on('message', (data, from) => s.send(data, from.port, from.address)); s.bind(7777, () => console.log('up'))";
  const server = spawn('nsenter', ['--net=' + netns, process.execPath, '-e', echo]);
  server.stdout.once('data', () => {
    const socket = createSocket(type);
    const again = setInterval(() => socket.send(Buffer.alloc(4000), 7777, to), 50);
    const end = text => { clearInterval(again); console.log(text); server.kill('SIGKILL'); process.exit() };
    socket.on('message', data => end(data.length + ' bytes'));
    setTimeout(() => end('nothing'), 8000);
  });
`;

if (inFreshNamespace(import.meta.url)) {
  const net = new PodnetNodes();
  const servers: (() => void)[] = [];
  after(async () => {
    for (const stop of servers) stop();
    await net.close();
  });

  const serve = async (netns: string | undefined) => {
    const argv = [process.execPath, '-e', echo];
    const words = netns ? ['nsenter', `--net=${netns}`, ...argv] : argv;
    const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    servers.push(() => child.kill('SIGKILL'));
    await new Promise(resolve => child.stdout.once('data', resolve));
  };
  const answer = (netns: string, host: string, port = 8080) =>
    run('nsenter', `--net=${netns}`, process.execPath, '-e', ask, host, String(port)).trim();

  await net.add({
    name: 'n1',
    addresses: ['172.30.0.11', 'fd00:172:0::11'],
    podCidrs: ['10.244.1.0/24', 'fd00:10:244:1::/64'],
  });
  await net.add({
    name: 'n2',
    addresses: ['172.30.0.12', 'fd00:172:0::12'],
    podCidrs: ['10.244.2.0/24', 'fd00:10:244:2::/64'],
  });
  await net.add({
    name: 'n3',
    addresses: ['172.30.1.13', 'fd00:172:1::13'],
    podCidrs: ['10.244.3.0/24', 'fd00:10:244:3::/64'],
    segment: 'b',
  });

  test('without a podCIDR: try again later', async () => {
    const { code, answer: error } = await net.cni('n1', 'ADD', 'early', net.podNetns());
    assert.equal(code, 1);
    assert.deepEqual(error, { cniVersion: '1.0.0', code: 11, msg: 'node "n1" has no podCIDR yet' });
  });

  test('pods reach pods: same node, same link, over VXLAN, both families; nodes reach pods', async () => {
    await net.publish();
    const pods = {
      a: await net.pod('n1', 'a'),
      b: await net.pod('n1', 'b'),
      c: await net.pod('n2', 'c'),
      d: await net.pod('n3', 'd'),
    };
    assert.deepEqual(pods.a.ips, ['10.244.1.2', 'fd00:10:244:1::2']);
    await Promise.all(Object.values(pods).map(pod => serve(pod.netns)));
    for (const [from, client] of Object.entries(pods)) {
      for (const [to, server] of Object.entries(pods)) {
        for (const family of [0, 1]) {
          assert.equal(answer(client.netns, server.ips[family]!), client.ips[family], `${from} → ${to}`);
        }
      }
    }
    const n1 = net.nodes.get('n1')!.netns;
    assert.equal(answer(n1, pods.a.ips[0]!), '172.30.0.11', 'node → its own pod');
    assert.equal(answer(n1, pods.c.ips[0]!), '172.30.0.11', 'node → pod on the same link');
    assert.equal(answer(n1, pods.d.ips[0]!), '172.30.0.11', 'node → pod over VXLAN');
    assert.match(net.inNode('n1', 'ip', 'route', 'get', pods.c.ips[0]!), /via 172\.30\.0\.12 dev eth0/);
    assert.match(net.inNode('n1', 'ip', 'route', 'get', pods.d.ips[0]!), /dev cw-vxlan/);
    assert.equal(answer(pods.a.netns, '10.244.1.99'), 'EHOSTUNREACH', 'an address no pod has');
  });

  test('to the outside a pod comes from its node, to nodes from itself', async () => {
    run('ip', 'address', 'add', '198.51.100.1/32', 'dev', 'lo');
    await serve(undefined);
    const pod = await net.pod('n2', 'out');
    assert.equal(answer(pod.netns, '198.51.100.1'), '172.30.0.12');
    await serve(net.nodes.get('n2')!.netns);
    assert.equal(answer(pod.netns, '172.30.0.12'), pod.ips[0]);
  });

  test('host ports: from outside, from the node itself, from the pod through its own; gone after DEL', async () => {
    const runtimeConfig = { portMappings: [{ hostPort: 9090, containerPort: 8080, protocol: 'tcp' }] };
    const pod = await net.pod('n1', 'ported', { runtimeConfig });
    await serve(pod.netns);
    const outside = net.nodes.get('n3')!.netns;
    const n1 = net.nodes.get('n1')!.netns;
    assert.equal(answer(outside, '172.30.0.11', 9090), '172.30.1.13');
    assert.equal(answer(n1, '172.30.0.11', 9090), '172.30.0.11');
    assert.equal(answer(n1, '127.0.0.1', 9090), '10.244.1.1');
    assert.equal(answer(pod.netns, '172.30.0.11', 9090), '10.244.1.1');
    await net.cni('n1', 'DEL', 'ported', pod.netns);
    assert.equal(answer(outside, '172.30.0.11', 9090), 'ECONNREFUSED');
  });

  test('two pods with one host port: the first has it, then the other', async () => {
    const runtimeConfig = { portMappings: [{ hostPort: 9191, containerPort: 8080, protocol: 'tcp' }] };
    const outside = net.nodes.get('n3')!.netns;
    const holder = () =>
      net.inNode('n1', 'nft', 'get', 'element', 'inet', 'causeway-podnet', 'host-ports4', '{ tcp . 9191 }');
    const first = await net.pod('n1', 'first', { runtimeConfig });
    const second = await net.pod('n1', 'second', { runtimeConfig });
    await serve(second.netns);
    assert.ok(holder().includes(first.ips[0]!));
    // A whole rewrite holds both as well.
    net.inNode('n1', 'nft', 'delete', 'table', 'inet', 'causeway-podnet');
    await net.publish();
    assert.ok(holder().includes(first.ips[0]!));
    await net.cni('n1', 'DEL', 'first', first.netns);
    assert.equal(answer(outside, '172.30.0.11', 9191), '172.30.1.13');
    assert.equal((await net.cni('n1', 'DEL', 'second', second.netns)).code, 0);
    assert.equal(answer(outside, '172.30.0.11', 9191), 'ECONNREFUSED');
  });

  test('rules that somebody flushed are back within two seconds, host ports too', async () => {
    const runtimeConfig = { portMappings: [{ hostPort: 9292, containerPort: 8080, protocol: 'tcp' }] };
    const pod = await net.pod('n2', 'flushed', { runtimeConfig });
    const table = () => net.inNode('n2', 'nft', 'list', 'ruleset');
    const before = table();
    for (const command of [
      ['flush', 'ruleset'],
      ['flush', 'chain', 'inet', 'causeway-podnet', 'sources'],
    ]) {
      net.inNode('n2', 'nft', ...command);
      const end = performance.now() + 2000;
      while (table() !== before && performance.now() < end) await setTimeout(20);
      assert.equal(table(), before, command.join(' '));
    }
    await net.cni('n2', 'DEL', 'flushed', pod.netns);
  });

  test('a node sends no redirects to a pod whose packets go back where they came from', async () => {
    const pod = await net.pod('n1', 'redirected');
    const [name] = net.inNode('n1', 'ip', 'route', 'get', pod.ips[0]!).match(/pod-\w+/)!;
    for (const link of [name, 'eth0']) {
      assert.equal(net.inNode('n1', 'sysctl', '-n', `net.ipv4.conf.${link}.send_redirects`).trim(), '0');
    }
    assert.equal(net.inNode('n1', 'sysctl', '-n', 'net.ipv4.conf.all.send_redirects').trim(), '0');
  });

  test('a pod cannot send from an address that is not its own', async () => {
    const pod = await net.pod('n1', 'liar');
    run('nsenter', `--net=${pod.netns}`, 'ip', 'address', 'add', '10.244.1.77/32', 'dev', 'lo');
    const { stdout } = spawnSync(
      'nsenter',
      [
        `--net=${pod.netns}`,
        process.execPath,
        '-e',
        ask.replace('timeout: 3000', "timeout: 300, localAddress: '10.244.1.77'"),
        '172.30.0.11',
        '10250',
      ],
      { encoding: 'utf8' },
    );
    assert.equal(stdout.trim(), 'timeout');
  });

  test('links of pods have the MTU of the path', async () => {
    const pod = await net.pod('n2', 'mtu');
    const [link] = JSON.parse(run('nsenter', `--net=${pod.netns}`, 'ip', '-json', 'link', 'show', 'eth0'));
    assert.equal(link.mtu, 1500);
    const [tunnel] = JSON.parse(net.inNode('n2', 'ip', '-json', 'link', 'show', 'cw-vxlan'));
    assert.equal(tunnel.mtu, 1450);
  });

  test('what does not fit the path: the sender is told its MTU, datagrams come through in pieces', async () => {
    const [near, far] = [await net.pod('n1', 'mtu-near'), await net.pod('n3', 'mtu-far')];
    for (const family of [0, 1]) {
      const to = far.ips[family]!;
      const answers = run('nsenter', `--net=${near.netns}`, process.execPath, '-e', pieces, to, far.netns);
      assert.equal(answers.trim(), '4000 bytes', `${near.ips[family]} → ${to}`);
    }
    // IPv6 is cut into pieces by the sender alone, who has to be told.
    const learnt = run('nsenter', `--net=${near.netns}`, 'ip', 'route', 'get', far.ips[1]!);
    assert.match(learnt, /mtu 1450/);
  });

  test('ADD and DEL again change nothing; CHECK tells', async () => {
    const netns = net.podNetns();
    const first = await net.cni('n1', 'ADD', 'again', netns);
    assert.deepEqual(await net.cni('n1', 'ADD', 'again', netns), first);
    assert.equal((await net.cni('n1', 'CHECK', 'again', netns)).code, 0);
    run('nsenter', `--net=${netns}`, 'ip', 'link', 'set', 'eth0', 'down');
    const broken = await net.cni('n1', 'CHECK', 'again', netns);
    assert.match(JSON.stringify(broken.answer), /"code":102,"msg":"eth0 is not up/);
    assert.equal((await net.cni('n1', 'DEL', 'again', netns)).code, 0);
    assert.equal((await net.cni('n1', 'DEL', 'again', netns)).code, 0);
    assert.equal((await net.cni('n1', 'DEL', 'never-there', '')).code, 0);
    assert.match(JSON.stringify((await net.cni('n1', 'CHECK', 'again', netns)).answer), /"code":3/);
  });

  test('a namespace that is gone: a clear failure, and its address free again', async () => {
    const { code, answer: error } = await net.cni('n1', 'ADD', 'ghost', '/run/no-such-namespace');
    assert.equal(code, 1);
    assert.match(JSON.stringify(error), /network namespace \/run\/no-such-namespace is gone/);
    assert.equal((await net.cni('n1', 'CHECK', 'ghost', '/x')).code, 1);
  });

  test('the agent killed: pods go on; after its start what died meanwhile is freed, the rest as it was', async () => {
    const [stays, dies] = [await net.pod('n2', 'stays'), await net.pod('n2', 'dies')];
    await serve(stays.netns);
    const before = net.inNode('n2', 'ip', 'route');
    await net.killAgent('n2');
    const other = net.nodes.get('n1')!.netns;
    assert.equal(answer(other, stays.ips[0]!), '172.30.0.11', 'while the agent is away');
    const refused = await net.cni('n2', 'ADD', 'meanwhile', net.podNetns());
    assert.match(JSON.stringify(refused.answer), /"code":11/);
    net.removeNetns(dies.netns);
    net.inNode('n2', 'nft', 'flush', 'ruleset');
    net.inNode('n2', 'ip', 'route', 'delete', '10.244.1.0/24');
    await net.startAgent('n2');
    await net.publish();
    const gone = (line: string) => line !== '' && !line.includes(`${dies.ips[0]} `);
    const lines = (text: string) => text.split('\n').filter(gone).sort();
    assert.deepEqual(lines(net.inNode('n2', 'ip', 'route')), lines(before));
    assert.match(net.inNode('n2', 'nft', 'list', 'tables'), /causeway-podnet/);
    assert.equal(answer(other, stays.ips[0]!), '172.30.0.11');
    const next = await net.pod('n2', 'next');
    assert.notEqual(next.ips[0], stays.ips[0]);
    assert.notEqual(next.ips[0], dies.ips[0], 'the address that was free the longest comes first');
  });

  test('a node leaves: its routes and tunnel go', async () => {
    const n3 = net.nodes.get('n3')!;
    net.nodes.delete('n3');
    await net.publish();
    assert.doesNotMatch(net.inNode('n1', 'ip', 'route'), /10\.244\.3\.0/);
    assert.doesNotMatch(net.inNode('n1', 'ip', 'link'), /cw-vxlan/);
    n3.agent?.kill('SIGKILL');
  });

  test('forty at once: all different, and none left over', async () => {
    const pods = await Promise.all(Array.from({ length: 40 }, (_, index) => net.pod('n1', `many-${index}`)));
    assert.equal(new Set(pods.flatMap(({ ips }) => ips)).size, 80);
    await Promise.all(pods.map(({ netns }, index) => net.cni('n1', 'DEL', `many-${index}`, netns)));
    assert.doesNotMatch(net.inNode('n1', 'ip', 'route'), new RegExp(pods.map(({ ips }) => ips[0]).join('|')));
  });

  test('a full subnet says so; an address freed is given again', async () => {
    await net.add({ name: 'n4', addresses: ['172.30.0.14'], podCidrs: ['10.244.4.0/29'] });
    await net.publish();
    const pods = [];
    for (let index = 0; index < 5; index++) pods.push(await net.pod('n4', `full-${index}`));
    const full = await net.cni('n4', 'ADD', 'one-more', net.podNetns());
    assert.deepEqual(full, {
      code: 1,
      answer: { cniVersion: '1.0.0', code: 100, msg: 'no addresses left in 10.244.4.0/29' },
    });
    await net.cni('n4', 'DEL', 'full-3', pods[3]!.netns);
    assert.deepEqual((await net.pod('n4', 'one-more')).ips, pods[3]!.ips);
  });
}
