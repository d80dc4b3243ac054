import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denial } from './call.ts';
import { readVerdict, reviewVersion } from './review.ts';

const review = (response: unknown, rest: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response,
  ...rest,
});
const patch = Buffer.from('[{"op":"remove","path":"/a"}]').toString('base64');

const bad: [answer: Record<string, unknown>, mutating: boolean, message: string][] = [
  [{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }, true, 'webhook response was absent'],
  [review({ uid: 'b' }), true, 'expected response.uid="a", got "b"'],
  [
    review({ uid: 'a' }, { kind: 'Other' }),
    true,
    'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1, Kind=Other',
  ],
  [review({ uid: 'a', patch }), true, 'webhook returned response.patch but not response.patchType'],
  [
    review({ uid: 'a', patchType: 'JSONPatch' }),
    true,
    'webhook returned response.patchType but not response.patch',
  ],
  [
    review({ uid: 'a', patch, patchType: 'Merge' }),
    true,
    'webhook returned invalid response.patchType of "Merge"',
  ],
  [review({ uid: 'a', patch }), false, 'validating webhook may not return response.patch'],
];
for (const [answer, mutating, message] of bad) {
  test(message, () => {
    assert.throws(() => readVerdict(answer, { version: 'v1', uid: 'a', mutating }), { message });
  });
}

test('a patch, and the older version that asks for less', () => {
  const answer = review({ uid: 'a', allowed: true, patch, patchType: 'JSONPatch', warnings: ['w'] });
  const verdict = readVerdict(answer, { version: 'v1', uid: 'a', mutating: true });
  assert.deepEqual(verdict.patch, [{ op: 'remove', path: '/a' }]);
  assert.deepEqual(verdict.warnings, ['w']);
  const old = readVerdict(
    { response: { allowed: true, patch } },
    { version: 'v1beta1', uid: 'a', mutating: true },
  );
  assert.deepEqual([old.allowed, old.patch.length], [true, 1]);
  assert.equal(reviewVersion(['v2', 'v1beta1', 'v1']), 'v1beta1');
  assert.equal(reviewVersion(['v1', 'v1beta1']), 'v1');
});

test('what a refusal says', () => {
  const message = 'admission webhook "x.y.z" denied the request';
  const plain = denial('x.y.z');
  assert.deepEqual([plain.message, plain.code], [`${message} without explanation`, 400]);
  const own = denial('x.y.z', { code: 418, message: 'no tea', reason: 'Teapot' as never });
  assert.deepEqual([own.message, own.code, own.reason], [`${message}: no tea`, 418, 'Teapot']);
  const reason = denial('x.y.z', { code: 200, reason: 'Because' as never, status: 'Success' });
  assert.deepEqual(
    [reason.message, reason.code, reason.status.status],
    [`${message}: Because`, 400, 'Failure'],
  );
});
