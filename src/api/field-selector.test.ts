import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fieldMatcher,
  formatFieldSelector,
  parseFieldSelector,
  requiredFieldValue,
} from './field-selector.ts';
import { SelectorError } from './label-selector.ts';
import type { KubeObject } from './objects.ts';

const pod = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: { nodeName: 'n1', restartPolicy: 'Always', serviceAccountName: 'default' },
  status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
};
const event = { metadata: {}, involvedObject: { kind: 'Pod', name: 'web' }, reportingComponent: 'kubelet' };

const matching: [selector: string, kind: string, object: object, matches: boolean][] = [
  ['', '/Pod', pod, true],
  ['metadata.name=web', '/Pod', pod, true],
  ['metadata.name==web,metadata.namespace=shop', '/Pod', pod, true],
  ['metadata.name!=web', '/Pod', pod, false],
  ['spec.nodeName=n1', '/Pod', pod, true],
  ['spec.host=n1', '/Pod', pod, true],
  ['spec.nodeName=', '/Pod', pod, false],
  ['spec.hostNetwork=false', '/Pod', pod, true],
  ['spec.hostNetwork=true', '/Pod', { ...pod, spec: { hostNetwork: true } }, true],
  ['status.phase!=Running', '/Pod', pod, false],
  ['status.phase!=Running', '/Pod', {}, true],
  ['status.podIPs=10.0.0.1\\,fd00::1', '/Pod', pod, true],
  ['status.nominatedNodeName=', '/Pod', pod, true],
  ['spec.unschedulable=false', '/Node', {}, true],
  ['spec.unschedulable=true', '/Node', { spec: { unschedulable: true } }, true],
  ['involvedObject.kind=Pod,involvedObject.name=web', '/Event', event, true],
  ['source=kubelet', '/Event', event, true],
  ['regarding.name=web', 'events.k8s.io/Event', { regarding: { name: 'web' } }, true],
  ['status.phase=Active', '/Namespace', { status: { phase: 'Active' } }, true],
  ['type=Opaque', '/Secret', { type: 'Opaque' }, true],
  ['spec.clusterIP=None', '/Service', { spec: { clusterIP: 'None' } }, true],
  ['status.successful=0', 'batch/Job', {}, true],
  ['status.successful=2', 'batch/Job', { status: { succeeded: 2 } }, true],
  ['status.replicas=3', 'apps/ReplicaSet', { status: { replicas: 3 } }, true],
  [
    'spec.signerName=a/b',
    'certificates.k8s.io/CertificateSigningRequest',
    { spec: { signerName: 'a/b' } },
    true,
  ],
  ['metadata.name=x', 'apps/Deployment', { metadata: { name: 'x' } }, true],
];
const kindOf = (text: string) => ({ group: text.split('/')[0]!, kind: text.split('/')[1]! });
for (const [selector, kind, object, matches] of matching) {
  test(`${kind} ${JSON.stringify(selector)} ${matches ? 'matches' : 'does not match'}`, () => {
    const matcher = fieldMatcher(parseFieldSelector(selector), kindOf(kind));
    assert.equal(matcher(object as KubeObject), matches);
  });
}

const refused: [selector: string, kind: string, message: string][] = [
  ['foo', '/Pod', "invalid selector: 'foo'; can't understand 'foo'"],
  ['foo=a=b', '/Pod', 'invalid field selector: unescaped character in value: 61'],
  ['foo=a\\b', '/Pod', 'invalid field selector: invalid escape sequence: \\b'],
  ['spec.foo=a', '/Pod', 'field label not supported: spec.foo'],
  ['metadata.namespace=a', '/Node', 'field label not supported: metadata.namespace'],
  ['spec.foo=a', 'batch/Job', 'field label "spec.foo" not supported for batchv1.Job'],
  [
    'foo.bar=baz',
    'networking.k8s.io/Ingress',
    '"foo.bar" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
];
for (const [selector, kind, message] of refused) {
  test(`${kind} ${JSON.stringify(selector)} is refused in upstream's words`, () =>
    assert.throws(
      () => fieldMatcher(parseFieldSelector(selector), kindOf(kind)),
      new SelectorError(message),
    ));
}

test('custom resources select by the fields their definition names', () => {
  const custom = { paths: ['spec.color'] };
  const of = (text: string) => fieldMatcher(parseFieldSelector(text), { group: 'x.y', kind: 'Car' }, custom);
  assert.equal(of('spec.color=red')({ spec: { color: 'red' } } as KubeObject), true);
  assert.throws(() => of('spec.size=1'), { message: 'field label not supported: spec.size' });
});

test('the one value a selector demands; escaped when written', () => {
  const selector = parseFieldSelector('metadata.name=a\\,b,status.phase!=Failed');
  assert.equal(requiredFieldValue(selector, 'metadata.name'), 'a,b');
  assert.equal(requiredFieldValue(selector, 'status.phase'), undefined);
  assert.equal(formatFieldSelector(selector), 'metadata.name=a\\,b,status.phase!=Failed');
});
