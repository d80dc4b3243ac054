import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  everything,
  formatLabelSelector,
  matchesLabels,
  nothing,
  parseLabelSelector,
  requiredLabelValue,
  SelectorError,
  selectorFromLabelSelector,
  selectorFromSet,
} from './label-selector.ts';

const matching: [selector: string, labels: Record<string, string>, matches: boolean][] = [
  ['', {}, true],
  ['app=web', { app: 'web' }, true],
  ['app==web', { app: 'web' }, true],
  ['app=web', { app: 'db' }, false],
  ['app=web', {}, false],
  ['app=', { app: '' }, true],
  ['app!=web', {}, true],
  ['app!=web', { app: 'web' }, false],
  ['app', { app: '' }, true],
  ['app', {}, false],
  ['!app', {}, true],
  ['!app', { app: '' }, false],
  ['app in (web,db)', { app: 'db' }, true],
  ['app in (web, db)', { app: 'x' }, false],
  ['app notin (web,db)', {}, true],
  ['app notin (web,db)', { app: 'web' }, false],
  ['app in ()', { app: '' }, true],
  ['app in (,a)', { app: '' }, true],
  ['app in (a,)', { app: '' }, true],
  ['app in (in,notin)', { app: 'in' }, true],
  ['in in (in)', { in: 'in' }, true],
  ['n>1', { n: '2' }, true],
  ['n>1', { n: 'x' }, false],
  ['n<1', { n: '-5' }, true],
  ['n<1', {}, false],
  [' a = b , c ', { a: 'b', c: '' }, true],
  ['app.kubernetes.io/name=web,tier notin (x)', { 'app.kubernetes.io/name': 'web' }, true],
  ['constructor', {}, false],
];
for (const [selector, labels, matches] of matching) {
  test(`${JSON.stringify(selector)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(labels)}`, () =>
    assert.equal(matchesLabels(parseLabelSelector(selector), labels), matches));
}

const refused: [selector: string, message: string][] = [
  ['a,', "found '', expected: identifier after ','"],
  [',a', "found ',', expected: !, identifier, or 'end of string'"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a=b c', "found 'c', expected: ',' or 'end of string'"],
  ['a=(', "unable to parse requirement: found '(', expected: identifier"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  [
    'n>x',
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
  [
    'a/b/c=d',
    "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  ],
  [
    'a=b@',
    "unable to parse requirement: values[0][a]: Invalid value: \"b@\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
];
for (const [selector, message] of refused) {
  test(`${JSON.stringify(selector)} is refused in upstream's words`, () =>
    assert.throws(() => parseLabelSelector(selector), new SelectorError(message)));
}

test("specs' selectors: absent selects nothing, empty everything", () => {
  assert.equal(matchesLabels(selectorFromLabelSelector(undefined), {}), false);
  assert.equal(matchesLabels(selectorFromLabelSelector({}), { a: 'b' }), true);
  assert.equal(matchesLabels(everything, undefined), true);
  assert.equal(matchesLabels(nothing, undefined), false);
  const selector = selectorFromLabelSelector({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn', values: ['b', 'a'] },
      { key: 'x', operator: 'Exists' },
      { key: 'y', operator: 'DoesNotExist' },
      { key: 'z', operator: 'In', values: ['1'] },
    ],
  });
  assert.equal(formatLabelSelector(selector), 'app=web,tier notin (a,b),x,!y,z in (1)');
  assert.equal(matchesLabels(selector, { app: 'web', x: '', z: '1' }), true);
  assert.throws(() => selectorFromLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Is' }] }), {
    message: '"Is" is not a valid label selector operator',
  });
});

test('what is written is read again', () => {
  for (const [text] of matching) {
    const selector = parseLabelSelector(text);
    assert.deepEqual(parseLabelSelector(formatLabelSelector(selector)), selector);
  }
});

test('the one value a selector demands', () => {
  const selector = parseLabelSelector('a=b,c in (d,e),f');
  assert.deepEqual(
    ['a', 'c', 'f', 'g'].map(key => requiredLabelValue(selector, key)),
    ['b', undefined, undefined, undefined],
  );
  assert.equal(formatLabelSelector(selectorFromSet({ b: '2', a: '1' })), 'a=1,b=2');
});
