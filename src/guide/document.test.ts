import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUpQueries, GuideSyntaxError, parseGuide, stepsOf } from './document.ts';

const cleanUp = ['## Clean up', '', '```console', '$ k delete pod web --ignore-not-found', '```'];
const parse = (...lines: string[]) => parseGuide('docs/guide/web.md', [...lines, ...cleanUp].join('\n'));

test('a guide is text, files and commands in order', () => {
  const guide = parse(
    '# Web pages',
    '',
    'A page.',
    '',
    '```yaml',
    '# web.yaml',
    'kind: Pod',
    '```',
    '```console repeat within=5s',
    '$ for i in 1 2',
    '> do k get pod; done',
    'NAME',
    '',
    '> web',
    '```',
    'That was',
    '```',
    'a picture',
    '```',
    'of it.',
  );
  assert.equal(guide.name, 'web');
  assert.equal(guide.title, 'Web pages');
  assert.deepEqual(guide.items, [
    { type: 'text', markdown: '# Web pages\n\nA page.' },
    { type: 'file', name: 'web.yaml', content: '# web.yaml\nkind: Pod\n' },
    {
      type: 'step',
      command: 'for i in 1 2\ndo k get pod; done',
      line: 10,
      expected: [
        { text: 'NAME', line: 12 },
        { text: '', line: 13 },
        { text: '> web', line: 14 },
      ],
      mode: 'repeat',
      within: 5000,
    },
    { type: 'text', markdown: 'That was\n```\na picture\n```\nof it.' },
  ]);
  assert.deepEqual(guide.cleanUp[0], { type: 'text', markdown: '## Clean up' });
});

test('a block holds several commands that run once, within two minutes', () => {
  const steps = stepsOf(parse('# T', '```console', '$ a', 'one', '$ b', '$ c', 'three', '```').items);
  assert.deepEqual(
    steps.map(({ command, line, expected, mode, within }) => [command, line, expected.length, mode, within]),
    [
      ['a', 3, 1, 'once', 120_000],
      ['b', 5, 0, 'once', 120_000],
      ['c', 6, 1, 'once', 120_000],
    ],
  );
});

test('what cleaning up would delete can be asked for', () => {
  const lines = [
    '# T',
    ...cleanUp.slice(0, -1),
    '$ k delete service,deployment web --now --cascade=foreground --ignore-not-found',
    '```',
  ];
  assert.deepEqual(cleanUpQueries(parseGuide('t.md', lines.join('\n'))), [
    'k get pod web --ignore-not-found -o name',
    'k get service,deployment web --ignore-not-found -o name',
  ]);
});

const mistakes: { name: string; lines: string[]; message: string }[] = [
  { name: 'no title', lines: ['Web'], message: 'web.md:1: a guide begins with its title: # …' },
  {
    name: 'no cleaning up',
    lines: ['# T', 'text'],
    message: 'web.md:2: the section "## Clean up" is missing',
  },
  {
    name: 'nothing is cleaned up',
    lines: ['# T', '## Clean up', 'Nothing.'],
    message: 'web.md:2: "Clean up" has no command',
  },
  {
    name: 'cleaning up by another command',
    lines: ['# T', '## Clean up', '```console', '$ k delete pod web', '```'],
    message:
      'web.md:4: a command of "Clean up" reads: k delete KINDS NAME --ignore-not-found, so that it can run at any time',
  },
  {
    name: 'an open block',
    lines: ['# T', '', '```console', '$ a', ...cleanUp],
    message: 'web.md:3: this block is not closed',
  },
  {
    name: 'output of no command',
    lines: ['# T', '```console', 'web', '```', ...cleanUp],
    message: 'web.md:3: a console block begins with a command: $ …',
  },
  {
    name: 'an empty block',
    lines: ['# T', '```console', '```', ...cleanUp],
    message: 'web.md:2: this console block has no command',
  },
  {
    name: 'two commands that are followed',
    lines: ['# T', '```console follow', '$ a', '$ b', '```', ...cleanUp],
    message: 'web.md:2: a block marked "follow" holds one command: split it',
  },
  {
    name: 'an unknown word',
    lines: ['# T', '```console retry', '$ a', '```', ...cleanUp],
    message: 'web.md:2: "retry" is not known; there are: repeat, follow, within=<seconds>s',
  },
];

for (const { name, lines, message } of mistakes) {
  test(`told with its line: ${name}`, () => {
    assert.throws(
      () => parseGuide('web.md', lines.join('\n')),
      (error: unknown) => {
        assert.ok(error instanceof GuideSyntaxError);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}
