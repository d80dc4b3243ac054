import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCel } from './cel.ts';
import { toJson } from './json.ts';
import { kubernetesLibraries } from './kubernetes-functions.ts';
import { CostBudget } from './meter.ts';
import { ruleEnvironment } from './rule-environment.ts';
import { FunctionTable } from './signatures.ts';
import { type CelType, dynType, intType } from './types.ts';

const environment = {
  variables: new Map<string, CelType>([
    ['object', dynType],
    ['n', intType],
  ]),
  functions: new FunctionTable(...kubernetesLibraries),
};

/** The value as JSON, or the error. */
function run(source: string, bindings: Record<string, unknown> = {}): unknown {
  const compiled = compileCel(source, environment);
  if (compiled.error !== undefined) return compiled.error;
  const { value, error } = compiled.program.evaluate(bindings);
  return error ?? toJson(value!);
}

const values: [source: string, wanted: unknown, bindings?: Record<string, unknown>][] = [
  ['1 + 2 * 3 == 7', true],
  ['-5 % 3', -2],
  ['true && true && false || true && !false && true', true],
  ['1 < 2 && 2 < 3 == true', true],
  ['1 < 1.5 && 2u >= 1', true],
  ['dyn(1) == 1.0 && dyn(1u) == 1', true],
  ['object.spec.replicas > 3', true, { object: { spec: { replicas: 5 } } }],
  ['object.spec.x', 'no such key: x', { object: { spec: {} } }],
  ['has(object.a) || object.b.all(x, x < 3)', true, { object: { b: [1, 2] } }],
  ['true || object.nothing', true, { object: {} }],
  ['object.nothing || true', true, { object: {} }],
  ['object.nothing && true', 'no such key: nothing', { object: {} }],
  ['[1, 2, 3].map(x, x * 2).filter(x, x > 2)', [4, 6]],
  ['[1, 2, 3].exists_one(x, x > 2)', true],
  ['[1, 2].exists(x, x / 0 == 1 || x == 2)', true],
  ['[[1, 2], [3]].map(l, l.map(x, x + l.size()))', [[3, 4], [4]]],
  ['{"a": 1}.a + {"b": 2}["b"]', 3],
  ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v + 1)', { b: 3 }],
  ['[5, 6].transformList(i, v, i * v)', [0, 6]],
  ['{"a": "x"}.transformMapEntry(k, v, {v: k})', { x: 'a' }],
  ['[3, 4].all(i, v, v == i + 3)', true],
  ['object.?spec.?replicas.orValue(7)', 7, { object: {} }],
  ['object[?"a"].hasValue()', false, { object: {} }],
  ['[?object.?a, ?object.?b]', [1], { object: { a: 1 } }],
  ['{?"x": object.?a, ?"y": object.?b}', { x: 1 }, { object: { a: 1 } }],
  ['optional.of(1).optMap(x, x + 1).value()', 2],
  ['optional.none().value()', 'optional.none() dereference'],
  ['cel.bind(x, 5, x + n)', 8, { n: 3 }],
  ['n > 2 ? "big" : "small"', 'small', { n: 1 }],
  ['type(1) == int && type("") == string && type(type(1)) == type', true],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['string(-9223372036854775808)', '-9223372036854775808'],
  ['1 / 0', 'division by zero'],
  ['[1, 2, 3][5]', 'index out of bounds: 5'],
  ['"a" in object && !("b" in object)', true, { object: { a: 1 } }],
  ['2 in [1, 2]', true],
  ['object.a + 1 == 2', 'no such overload', { object: { a: 'x' } }],
  ['timestamp("2023-10-05T01:02:03.5Z").getMilliseconds()', 500],
  ['timestamp("2023-10-05T01:02:03Z").getHours("+02:30")', 3],
  ['timestamp("2023-10-05T01:02:03Z").getHours("America/New_York")', 21],
  ['string(timestamp("2023-10-05T01:02:03Z") + duration("1h30m"))', '2023-10-05T02:32:03Z'],
  ['duration("90s").getMinutes() == 1 && duration("1m") < duration("90s")', true],
  ['int("12") + int(3.9) + int(4u)', 19],
  ['int("x")', "type conversion error from 'string' to 'int'"],
  ['size("äöü") == 3 && "äöü".size() == 3 && size([1]) == 1', true],
  ["b'\\xff\\x00'.size()", 2],
  ['"\\u00e4" == "ä" && r"\\n" == "\\\\n"', true],
  ['"hello".matches("^h.*o$")', true],
  ['"abc 123 de 45".findAll("[0-9]+")', ['123', '45']],
  ['"abc 123".find("[0-9]+")', '123'],
  ['"a".matches(object)', 'error parsing regexp: missing closing ): `(`', { object: '(' }],
  ['"%s is %d, %.2f, %x".format(["x", 4, 1.5, 255])', 'x is 4, 1.50, ff'],
  ['"a,b,c".split(",", 2)', ['a', 'b,c']],
  ['["a", "b"].join("-") + "tacocat".substring(2, 4)', 'a-bco'],
  ['"  x ".trim() + "aXb".lowerAscii() + "abab".replace("b", "c", 1)', 'xaxbacab'],
  ['"tacocat".lastIndexOf("a") == 5 && "tacocat".indexOf("a", 3) == 5', true],
  ['[1, 2, 2].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && ["a", "b"].max() == "b"', true],
  ['[].sum() == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(5) == -1', true],
  ['[].map(x, x + 1).min()', 'min called on empty list'],
  ['sets.contains([1, 2], [2]) && sets.equivalent([1, 1, 2], [2, 1]) && !sets.intersects([1], [2])', true],
  ['url("https://a.b:80/c%20d?x=1&x=2").getHost()', 'a.b:80'],
  ['url("https://a.b:80/c d?x=1&x=2").getQuery()', { x: ['1', '2'] }],
  ['url("https://[::1]:80/").getHostname() + url("https://[::1]:80/").getPort()', '::180'],
  ['isURL("/a") && !isURL("a") && !isURL("../a") && isURL("mailto:x")', true],
  [
    'quantity("1Gi").isGreaterThan(quantity("1G")) && quantity("500m").add(quantity("0.5")).compareTo(quantity("1")) == 0',
    true,
  ],
  ['quantity("2").sub(1).asInteger() + (quantity("1.5").isInteger() ? 1 : 0)', 1],
  ['isQuantity("1x") || quantity("1.5").asApproximateFloat() == 1.5', true],
  [
    'ip("10.0.0.1").family() == 4 && ip("::1").isLoopback() && !isIP("::ffff:1.2.3.4") && ip.isCanonical("fd00::1")',
    true,
  ],
  ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))', true],
  ['string(cidr("10.1.2.3/8").masked()) + " " + string(cidr("10.1.2.3/8").ip())', '10.0.0.0/8 10.1.2.3'],
  ['format.dns1123Label().validate("a-b").hasValue() || format.named("nope").hasValue()', false],
  ['format.dns1123Label().validate("A").value().size()', 1],
  [
    'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("v1.2", true).minor() == 2 && !isSemver("v1")',
    true,
  ],
  ['semver("1.0.0-alpha.1").compareTo(semver("1.0.0"))', -1],
  ['strings.quote("a\\"b")', '"a\\"b"'],
];

for (const [source, wanted, bindings] of values) {
  test(`cel: ${source}`, () => assert.deepEqual(run(source, bindings), wanted));
}

const mistakes: [source: string, line: string][] = [
  ['foo', "1:1: undeclared reference to 'foo' (in container '')"],
  ['n.foo()', "1:6: undeclared reference to 'foo' (in container '')"],
  ['1 + "a"', "1:3: found no matching overload for '_+_' applied to '(int, string)'"],
  ['n.startsWith("a")', "1:13: found no matching overload for 'startsWith' applied to 'int.(string)'"],
  ['[1, "a"]', "1:5: expected type 'int' but found 'string'"],
  ['[1, 2].all(x, x)', "1:11: found no matching overload for '_&&_' applied to '(bool, int)'"],
  [
    'n.all(x, true)',
    "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ['n.x', "1:2: type 'int' does not support field selection"],
  ['has(n)', '1:5: invalid argument to has() macro'],
  ['n n', "1:3: Syntax error: extraneous input 'n' expecting <EOF>"],
  ['namespace', '1:1: reserved identifier: namespace'],
  ['"a".matches("(")', '1:13: invalid matches argument'],
  ['duration("1x")', '1:10: invalid duration argument'],
  ['timestamp("2020")', '1:11: invalid timestamp argument'],
  [
    'n.map(x, x)',
    "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ['[1].map(1, 2)', '1:9: argument must be a simple name'],
  ['n ? 1 : 2', "1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'"],
  ['Foo{a: 1}', "1:4: undeclared reference to 'Foo' (in container '')"],
  [
    '1 + ',
    "1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
  ],
  ['"abc', `1:1: Syntax error: token recognition error at: '"abc'`],
  ['a.@', "1:3: Syntax error: token recognition error at: '@'"],
  [`${'['.repeat(300)}1${']'.repeat(300)}`, '-1:0: expression recursion limit exceeded: 250'],
  [`1${'+1'.repeat(3000)}`, '-1:0: expression recursion limit exceeded: 250'],
];

for (const [source, line] of mistakes) {
  test(`cel: what is wrong with ${source.slice(0, 40)}`, () => {
    const { error } = compileCel(source, environment);
    assert.equal(error?.split('\n')[0], `compilation failed: ERROR: <input>:${line}`);
  });
}

test('cel: an error shows its place', () => {
  const { error } = compileCel('true &&\n  foo', environment);
  const wanted = "compilation failed: ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')";
  assert.equal(error, `${wanted}\n |   foo\n | ..^`);
});

test('cel: a result of the wrong type is refused', () => {
  assert.equal(compileCel('1 + 1', environment, { result: ['bool'] }).error, 'must evaluate to bool');
});

test('cel: what is too dear ends', () => {
  const list = Array.from({ length: 2000 }, (_, i) => i);
  const { program } = compileCel('object.all(x, object.all(y, object.all(z, x + y + z >= 0)))', environment);
  const budget = new CostBudget(1_500_000, { processorTime: Infinity });
  const run = () => program!.evaluate({ object: list }, budget).error;
  assert.equal(run(), 'operation cancelled: actual cost limit exceeded');
  assert.equal(budget.exhausted, false);
  assert.match(run()!, /running out of cost budget/);
  assert.equal(budget.exhausted, true);
});

test('cel: what is cheap by its cost and slow all the same ends, too', () => {
  const { program } = compileCel('object.all(x, object.all(y, x + y >= 0))', environment);
  const list = Array.from({ length: 300 }, (_, i) => i);
  const evaluate = (processorTime: number) =>
    program!.evaluate({ object: list }, new CostBudget(undefined, { processorTime }));
  assert.deepEqual(evaluate(Infinity), { value: true });
  assert.equal(evaluate(0).error, 'operation cancelled: actual cost limit exceeded');
});

test('cel: rules read objects by their schema', () => {
  const schema = {
    type: 'object',
    properties: {
      port: { 'x-kubernetes-int-or-string': true },
      namespace: { type: 'string' },
      'a-b.c': { type: 'integer' },
      ratio: { type: 'number' },
      at: { type: 'string', format: 'date-time' },
      tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer' } } },
      },
    },
  };
  const part = (name: string, size: number) => ({ name, size });
  const self = {
    metadata: { name: 'x' },
    port: 80,
    namespace: 'ns',
    'a-b.c': 3,
    ratio: 2,
    at: '2024-01-02T03:04:05Z',
    tags: ['a', 'b'],
    parts: [part('p', 1), part('q', 2)],
  };
  const oldSelf = { ...self, port: '80%', tags: ['b', 'a'], parts: [part('q', 2), part('p', 1)] };
  const rules = [
    'self.port == 80 && oldSelf.port == "80%" && type(self.port) == int',
    'self.__namespace__ == "ns" && self.a__dash__b__dot__c == 3',
    'type(self.ratio) == double && self.ratio / 4.0 == 0.5',
    'self.at.getFullYear() == 2024',
    'self.tags == oldSelf.tags && self.parts == oldSelf.parts',
    '(self.tags + ["b", "c"]).size() == 3',
    'self.metadata.name == "x"',
  ];
  const environment = ruleEnvironment(schema, { root: true });
  for (const rule of rules) {
    const { program, error } = compileCel(rule, environment, { result: ['bool'] });
    assert.equal(error, undefined);
    assert.deepEqual(program!.evaluate({ self, oldSelf }), { value: true }, rule);
  }
  assert.match(compileCel('self.foo', environment).error!, /undefined field 'foo'/);
  assert.match(compileCel('self.metadata.labels', environment).error!, /undefined field 'labels'/);
});

test('cel: an optional oldSelf', () => {
  const environment = ruleEnvironment({ type: 'integer' }, { root: false, optionalOldSelf: true });
  const { program } = compileCel('oldSelf.optMap(o, self > o).orValue(true)', environment);
  assert.deepEqual(program!.evaluate({ self: 1 }), { value: true });
  assert.deepEqual(program!.evaluate({ self: 1, oldSelf: 2 }), { value: false });
  assert.equal(program!.references('oldSelf'), true);
});
