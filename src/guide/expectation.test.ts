import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareOutput } from './expectation.ts';

const expected = (...lines: string[]) => lines.map((text, index) => ({ text, line: index + 1 }));

const rows: {
  name: string;
  wanted: string[];
  output: string;
  known?: Record<string, string>;
  matches: boolean;
}[] = [
  { name: 'the same', wanted: ['a b', 'c'], output: 'a b\nc\n', matches: true },
  { name: 'another line', wanted: ['a'], output: 'b\n', matches: false },
  { name: 'a line too few', wanted: ['a', 'b'], output: 'a\n', matches: false },
  { name: 'a line too many', wanted: ['a'], output: 'a\nb\n', matches: false },
  { name: 'nothing', wanted: [], output: '', matches: true },
  { name: 'something instead of nothing', wanted: [], output: 'error\n', matches: false },
  { name: 'blanks of other widths', wanted: ['NAME   AGE'], output: '\tNAME AGE  \n', matches: true },
  { name: 'blanks that are missing', wanted: ['NAME AGE'], output: 'NAMEAGE', matches: false },
  { name: 'empty lines', wanted: ['a', '', 'b'], output: '\na\nb\n\n', matches: true },
  { name: 'line ends of a terminal', wanted: ['a', 'b'], output: 'a\r\nb\r\n', matches: true },
  {
    name: 'a progress meter',
    wanted: ['...', '100 423', 'a'],
    output: '0 0\r 0 1\r100 423\na\n',
    matches: true,
  },
  { name: 'any lines before', wanted: ['...', 'c'], output: 'a\nb\nc\n', matches: true },
  { name: 'no line before', wanted: ['...', 'c'], output: 'c\n', matches: true },
  { name: 'any lines between', wanted: ['a', '...', 'c', '...'], output: 'a\nb\nc\nd\n', matches: true },
  {
    name: 'lines in another order',
    wanted: ['...', 'c', '...', 'a', '...'],
    output: 'a\nb\nc\n',
    matches: false,
  },
  { name: 'the second of two candidates', wanted: ['...', 'a', 'c'], output: 'a\nb\na\nc\n', matches: true },
  {
    name: 'any text within',
    wanted: ['pod "x" deleted...'],
    output: 'pod "x" deleted from default',
    matches: true,
  },
  { name: 'no text within', wanted: ['pod "x" deleted...'], output: 'pod "x" deleted', matches: true },
  {
    name: 'characters special to patterns',
    wanted: ['a+(b)* [c] $1 ^|{}\\'],
    output: 'a+(b)* [c] $1 ^|{}\\',
    matches: true,
  },
  { name: 'a dot is a dot', wanted: ['a.b'], output: 'axb', matches: false },
  { name: 'an IPv4 address', wanted: ['<address>'], output: '10.96.0.1', matches: true },
  { name: 'an IPv6 address', wanted: ['[<address>]:<port>'], output: '[fd00:10::1]:80', matches: true },
  { name: 'no address', wanted: ['<address>'], output: '<pending>', matches: false },
  { name: 'a subnet', wanted: ['<subnet>'], output: '10.244.0.0/24', matches: true },
  { name: 'an age', wanted: ['<age> <age>'], output: '2d5h 30s', matches: true },
  { name: 'no age', wanted: ['<age>'], output: '30', matches: false },
  { name: 'ids', wanted: ['web-<id>-<id>'], output: 'web-6d5b867ff5-56nd4', matches: true },
  { name: 'other brackets', wanted: ['<none> <html>'], output: '<none> <html>', matches: true },
  { name: 'other brackets that differ', wanted: ['<none>'], output: '<nothing>', matches: false },
  {
    name: 'one address twice',
    wanted: ['<pod address> (<pod address>:80)'],
    output: '10.0.0.1 (10.0.0.1:80)',
    matches: true,
  },
  {
    name: 'two addresses for one',
    wanted: ['<pod address> <pod address>'],
    output: '10.0.0.1 10.0.0.2',
    matches: false,
  },
  {
    name: 'two lines for one',
    wanted: ['<pod address>', '<pod address>'],
    output: '10.0.0.1\n10.0.0.2',
    matches: false,
  },
  {
    name: 'nameless ones are free',
    wanted: ['<address> <address>'],
    output: '10.0.0.1 10.0.0.2',
    matches: true,
  },
  {
    name: 'an address met before',
    wanted: ['<pod address>'],
    output: '10.0.0.1',
    known: { 'pod address': '10.0.0.1' },
    matches: true,
  },
  {
    name: 'another than before',
    wanted: ['<pod address>'],
    output: '10.0.0.2',
    known: { 'pod address': '10.0.0.1' },
    matches: false,
  },
  {
    name: 'a choice taken back',
    wanted: ['...', '<pod address>', 'x <pod address>'],
    output: '10.0.0.1\n10.0.0.2\nx 10.0.0.2',
    matches: true,
  },
];

for (const { name, wanted, output, known = {}, matches } of rows) {
  test(`${matches ? 'as written' : 'not as written'}: ${name}`, () => {
    const result = compareOutput(expected(...wanted), output, new Map(Object.entries(known)));
    assert.equal(result.matches, matches);
  });
}

test('what a named placeholder stood for is known afterwards', () => {
  const result = compareOutput(
    expected('<node name> <pod address> <port>'),
    'node-1 10.0.0.1 80',
    new Map([['x port', '1']]),
  );
  assert.ok(result.matches);
  assert.deepEqual(Object.fromEntries(result.bindings), {
    'x port': '1',
    'node name': 'node-1',
    'pod address': '10.0.0.1',
  });
});

test('the line that has no place is told', () => {
  const missing = (wanted: string[], output: string) => {
    const result = compareOutput(expected(...wanted), output, new Map());
    assert.ok(!result.matches);
    return result.missing?.text;
  };
  assert.equal(missing(['a', 'b'], 'a\nc\n'), 'b');
  assert.equal(missing(['...', 'a', '...', 'd'], 'a\nb\nc\n'), 'd');
  assert.equal(missing(['a'], 'a\nb\n'), undefined);
});
