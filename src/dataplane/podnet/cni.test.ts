import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CniError, errorAnswer, parseRequest } from './cni.ts';

const variables = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'abc',
  CNI_NETNS: '/run/netns/x',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web',
};

function text(changes: Record<string, string> = {}, config: unknown = { cniVersion: '1.0.0' }): string {
  const lines = Object.entries({ ...variables, ...changes }).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n\n${typeof config === 'string' ? config : JSON.stringify(config)}`;
}

test('a request: variables, CNI_ARGS and host ports', () => {
  const portMappings = [
    { hostPort: 80, containerPort: 8080, protocol: 'TCP' },
    { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: '172.30.0.11' },
    { hostPort: 0, containerPort: 99 },
  ];
  const request = parseRequest(text({}, { cniVersion: '0.4.0', runtimeConfig: { portMappings } }));
  assert.equal(request.args.K8S_POD_NAME, 'web');
  assert.equal(request.cniVersion, '0.4.0');
  assert.deepEqual(request.portMappings, [
    { hostPort: 80, containerPort: 8080, protocol: 'tcp' },
    { hostPort: 53, containerPort: 53, protocol: 'udp', hostIP: '172.30.0.11' },
  ]);
});

test('port mappings as containerd writes them, with capitals', () => {
  const portMappings = [{ HostPort: 80, ContainerPort: 8080, Protocol: 'tcp', HostIP: '172.30.0.11' }];
  const request = parseRequest(text({}, { cniVersion: '1.0.0', runtimeConfig: { portMappings } }));
  assert.deepEqual(request.portMappings, [
    { hostPort: 80, containerPort: 8080, protocol: 'tcp', hostIP: '172.30.0.11' },
  ]);
});

const refused: [what: string, input: string, code: number, message: RegExp][] = [
  ['no configuration', 'CNI_COMMAND=ADD', 6, /no configuration/],
  ['no JSON', text({}, '{'), 6, /no JSON/],
  ['no object', text({}, '7'), 6, /no JSON object/],
  ['unknown command', text({ CNI_COMMAND: 'HELP' }), 4, /unknown CNI_COMMAND: "HELP"/],
  ['unknown version', text({}, { cniVersion: '9.0.0' }), 1, /incompatible CNI version "9.0.0"/],
  ['no container', text({ CNI_CONTAINERID: '' }), 4, /\[CNI_CONTAINERID\] missing or invalid/],
  ['container with a slash', text({ CNI_CONTAINERID: 'a/../b' }), 4, /CNI_CONTAINERID/],
  ['interface name too long', text({ CNI_IFNAME: 'a'.repeat(16) }), 4, /CNI_IFNAME/],
  ['namespace with a blank', text({ CNI_NETNS: '/run/x -batch' }), 4, /CNI_NETNS/],
  ['ADD without a namespace', text({ CNI_NETNS: '' }), 4, /CNI_NETNS/],
  [
    'a port out of range',
    text(
      {},
      { cniVersion: '1.0.0', runtimeConfig: { portMappings: [{ hostPort: 70000, containerPort: 1 }] } },
    ),
    7,
    /invalid port mapping/,
  ],
];

for (const [what, input, code, message] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parseRequest(input),
      (error: Error) => error instanceof CniError && error.code === code && message.test(error.message),
    );
  });
}

test('DEL needs no namespace: it may be gone', () => {
  assert.equal(parseRequest(text({ CNI_COMMAND: 'DEL', CNI_NETNS: '' })).netns, '');
});

test('errors that are no CNI errors get a code of ours', () => {
  assert.deepEqual(errorAnswer(new Error('boom'), '1.0.0'), { cniVersion: '1.0.0', code: 101, msg: 'boom' });
});
