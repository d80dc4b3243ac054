import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionEnvironment } from './admission-environment.ts';
import { compileCel } from './cel.ts';
import { toJson } from './json.ts';
import { CostBudget } from './meter.ts';

const seeds = [
  'object.spec.containers.all(c, c.image.startsWith("x") && has(c.ports) ? c.ports.size() > 1 : true)',
  '[1, 2u, 3.5].map(x, dyn(x) + 1).exists(y, y == 2) || {"a": [1]}.a[0] in [1, 2]',
  'object.?metadata.?labels["app"].orValue("none").split("").join("-").matches("^[a-z]+(-|$)")',
  'cel.bind(t, timestamp("2023-01-01T00:00:00Z"), t + duration("1h") > t && t.getHours("+01:00") == 1)',
  '{"k": 1, ?"o": optional.of(2)}.transformMapEntry(k, v, v > 0, {string(v): k}).map(k, k).isSorted()',
  '"%s %d %.3f %x %b".format([object, 5, 1.5, b"\\x00\\xff", 7]) + string(1) + string(b"abc")',
  'quantity("1.5Gi").add(quantity("1k")).asInteger() > 10 && cidr("10.0.0.0/8").containsIP(ip("10.1.1.1"))',
  'url("https://a/b?c=d").getQuery().all(k, v, v.size() == 1) && semver("1.2.3").major() == 1',
  'sets.contains([1, 2], [1]) ? type(object) == map : !(size("äö\\u{}".trim()) != -2)',
  'format.dns1123Label().validate(object.metadata.name).value()[0].lastIndexOf("a", 3) - 9223372036854775807',
];
const scraps = [
  ...[
    '.',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '?',
    ':',
    ',',
    '"',
    "'",
    '\\',
    '!',
    '-',
    '+',
    '%',
    '/',
    '&&',
    '||',
    '==',
  ],
  ...[
    'null',
    'true',
    '0',
    '1u',
    '1.5',
    '""',
    'b""',
    '[]',
    '{}',
    'object',
    'x',
    'all(x,',
    '.map(y,',
    '.size()',
    'in',
  ],
  ...[
    '-9223372036854775808',
    '1e308',
    '.?',
    '[?',
    'optional.none()',
    'type(',
    'dyn(',
    '\u{1F600}',
    '\n',
    '//',
  ],
];
const object = {
  metadata: { name: 'a', labels: { app: 'web' } },
  spec: { containers: [{ image: 'x', ports: [1, 2] }] },
};

/** A generator of numbers below `n` that gives the same ones in each run. */
function numbers(seed: number): (n: number) => number {
  let state = seed;
  return n => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

test('cel: whatever is written, a program or an error comes of it, and a value or an error of that', () => {
  const environment = admissionEnvironment({ params: false, authorizer: false, namespaceObject: true });
  const pick = numbers(7);
  let ran = 0;
  for (let i = 0; i < 3000; i++) {
    let source = seeds[pick(seeds.length)]!;
    for (let edits = pick(4); edits >= 0; edits--) {
      const at = pick(source.length);
      const other = seeds[pick(seeds.length)]!;
      const from = pick(other.length);
      const insert = pick(3) === 0 ? other.slice(from, from + pick(20)) : scraps[pick(scraps.length)]!;
      source = source.slice(0, at) + insert + source.slice(at + pick(6));
    }
    try {
      const { program, error } = compileCel(source, environment);
      if (error !== undefined) assert.match(error, /^compilation failed: ERROR: <input>:-?\d+:\d+: /);
      if (!program) continue;
      const { value, error: failure } = program.evaluate({ object }, new CostBudget(100_000));
      if (failure === undefined) toJson(value!);
      ran++;
    } catch (cause) {
      throw new Error(`not handled: ${source}`, { cause });
    }
  }
  assert.ok(ran > 50, `${ran} of them could be run`);
});

test('cel: the deepest expressions that are taken can be run', () => {
  const environment = admissionEnvironment({ params: false, authorizer: false });
  const nested = `${'('.repeat(240)}1${')'.repeat(240)} == 1`;
  const chain = `${Array.from({ length: 1100 }, () => 'true').join(' && ')}`;
  const both = `${'['.repeat(200)}1${Array.from({ length: 290 }, () => ' + 1').join('')}${']'.repeat(200)} != []`;
  for (const source of [nested, chain, both]) {
    const { program, error } = compileCel(source, environment);
    assert.equal(error, undefined);
    assert.deepEqual(program!.evaluate({}), { value: true });
  }
});
