import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodSpec } from '../generated/types.ts';
import { violations, violationsText } from './evaluate.ts';
import { type LevelVersion, policyOf } from './levels.ts';

const baseline: LevelVersion = { level: 'baseline', minor: undefined };
const restricted: LevelVersion = { level: 'restricted', minor: undefined };
/** A container that the strictest level lets through. */
const good: Container = {
  name: 'c',
  image: 'i',
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};
const container = (
  securityContext: Container['securityContext'],
  more: Partial<Container> = {},
): PodSpec => ({
  containers: [{ ...good, securityContext: { ...good.securityContext, ...securityContext }, ...more }],
});
const text = (spec: PodSpec, level: LevelVersion, annotations?: Record<string, string>) =>
  violationsText(violations({ metadata: { annotations }, spec }, level));

test('a pod that says nothing breaks the restricted level in four ways, in this order', () => {
  const spec: PodSpec = { containers: [{ name: 'nginx', image: 'nginx' }] };
  assert.equal(text(spec, baseline), '');
  assert.equal(
    text(spec, restricted),
    'allowPrivilegeEscalation != false (container "nginx" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "nginx" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "nginx" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "nginx" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  assert.equal(text({ containers: [good] }, restricted), '');
});

const rows: [level: LevelVersion, spec: PodSpec, expected: string, annotations?: Record<string, string>][] = [
  [
    baseline,
    { ...container({}), hostNetwork: true, hostPID: true },
    'host namespaces (hostNetwork=true, hostPID=true)',
  ],
  [
    baseline,
    {
      ...container({}),
      volumes: [
        { name: 'a', hostPath: { path: '/' } },
        { name: 'b', hostPath: { path: '/' } },
      ],
    },
    'hostPath volumes (volumes "a", "b")',
  ],
  [
    restricted,
    { ...container({}), volumes: [{ name: 'a', hostPath: { path: '/' } }] },
    'restricted volume types (volume "a" uses restricted volume type "hostPath")',
  ],
  [
    baseline,
    container({}, { ports: [{ containerPort: 80, hostPort: 8080 }] }),
    'hostPort (container "c" uses hostPort 8080)',
  ],
  [
    baseline,
    container({ privileged: true }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    baseline,
    container({ capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }),
    'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    restricted,
    container({ capabilities: { drop: ['ALL'], add: ['CHOWN', 'NET_BIND_SERVICE'] } }),
    'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    baseline,
    {
      ...container({ seccompProfile: { type: 'Unconfined' } }),
      securityContext: { seccompProfile: { type: 'Unconfined' } },
    },
    'seccompProfile (pod and container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    baseline,
    container({ seLinuxOptions: { type: 'spc_t', user: 'u' } }),
    'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
  ],
  [
    baseline,
    { ...container({}), securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
    'forbidden sysctls (kernel.msgmax)',
  ],
  [
    { level: 'baseline', minor: 28 },
    { ...container({}), securityContext: { sysctls: [{ name: 'net.ipv4.tcp_keepalive_time', value: '1' }] } },
    'forbidden sysctls (net.ipv4.tcp_keepalive_time)',
  ],
  [
    baseline,
    container({ procMount: 'Unmasked' }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    restricted,
    container({ runAsNonRoot: false }),
    'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
  ],
  [restricted, container({ runAsUser: 0 }), 'runAsUser=0 (container "c" must not set runAsUser=0)'],
  [
    baseline,
    container({}, { livenessProbe: { httpGet: { port: 80, host: 'example.com' } } }),
    'probe or lifecycle host (container "c" uses probe or lifecycle host "example.com")',
  ],
  [
    { level: 'baseline', minor: 33 },
    container({}, { livenessProbe: { tcpSocket: { port: 80, host: 'x' } } }),
    '',
  ],
  [
    baseline,
    container({}),
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' },
  ],
  [{ level: 'privileged', minor: undefined }, container({ privileged: true }), ''],
  [
    { level: 'restricted', minor: 7 },
    { containers: [{ name: 'c', securityContext: { runAsNonRoot: true } }] },
    '',
  ],
];

for (const [level, spec, expected, annotations] of rows) {
  test(`${level.level}: ${expected || 'nothing'}`, () =>
    assert.equal(text(spec, level, annotations), expected));
}

test('labels that cannot be read enforce the strictest and are told', () => {
  const key = 'pod-security.kubernetes.io/';
  const { policy, errors } = policyOf({ [`${key}enforce`]: 'tight', [`${key}warn-version`]: '1.2' });
  assert.deepEqual(policy.enforce, restricted);
  assert.deepEqual(
    errors.map(({ field, message }) => `${field}: ${message}`),
    [
      `metadata.labels[${key}enforce]: Invalid value: "tight": must be one of privileged, baseline, restricted`,
      `metadata.labels[${key}warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"`,
    ],
  );
});
