import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Who may import whom below src/, and why the line is drawn there. A folder may always import itself. */
const rules: { folder: string; may: string[]; because: string }[] = [
  { folder: 'base', may: [], because: 'everything stands on it' },
  { folder: 'wire', may: ['base'], because: 'pure byte codecs' },
  { folder: 'api', may: ['base'], because: 'kinds are pure data and functions, used by server and clients' },
  { folder: 'grpc', may: ['base'], because: 'messages and calls, of no service in particular' },
  { folder: 'store', may: ['base', 'grpc'], because: 'it keeps bytes and knows no kinds; etcd speaks gRPC' },
  { folder: 'kernel', may: ['base', 'wire'], because: 'the only door to Linux, for everybody' },
  { folder: 'cri', may: ['base', 'grpc'], because: 'containerd, and what is spoken with it' },
  { folder: 'apiserver', may: ['base', 'api', 'store'], because: 'it serves the API and runs nothing' },
  { folder: 'client', may: ['base', 'api'], because: 'it reaches the API through a transport only' },
  { folder: 'controllers', may: ['base', 'api', 'client'], because: 'components talk through the API only' },
  { folder: 'scheduler', may: ['base', 'api', 'client'], because: 'components talk through the API only' },
  {
    folder: 'node',
    may: ['base', 'api', 'client', 'cri', 'grpc', 'kernel'],
    because: "the kubelet's job; probes speak gRPC",
  },
  { folder: 'dataplane/model', may: ['base', 'api'], because: 'pure: the same compile step for all readers' },
  {
    folder: 'dataplane',
    may: ['base', 'api', 'client', 'kernel', 'wire'],
    because: 'the network of a node, fed from the API',
  },
  { folder: 'dns', may: ['base', 'api', 'client', 'wire'], because: 'records from the API, packets out' },
  { folder: 'images', may: ['base'], because: 'it serves images and knows no cluster' },
  { folder: 'machines', may: ['base', 'kernel'], because: 'namespaces that play machines' },
  { folder: 'guide', may: ['base'], because: 'guides as data, played through ports' },
  { folder: 'web', may: ['base', 'api'], because: 'it serves a page' },
];

/** Where the controllers are listed that run: their folders do not import each other. */
const controllerList = 'cluster/controllers.ts';

/** Code that only tests run. */
const isTestCode = (path: string) => /\.test\.ts$|(^|\/)testing\/|(^|\/)test-[a-z-]+\.ts$/.test(path);

const all = ['cluster', 'main', 'testing'];

interface Import {
  file: string;
  from: string;
  to: string;
}

function imports(): Import[] {
  const found: Import[] = [];
  for (const path of globSync('src/**/*.ts', { cwd: root })) {
    const source = readFileSync(join(root, path), 'utf8');
    for (const [, specifier] of source.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = relative(join(root, 'src'), join(root, dirname(path), specifier!));
      found.push({ file: path, from: relative('src', path), to: target });
    }
  }
  return found;
}

function folderOf(path: string): string {
  const rule = rules.find(({ folder }) => path.startsWith(`${folder}/`));
  return rule?.folder ?? path.split('/')[0]!;
}

test('every import follows the table of folders', () => {
  const wrong: string[] = [];
  for (const { file, from, to } of imports()) {
    const source = folderOf(from);
    const target = to.split('/')[0]!;
    // Tests beside the code use the shared fakes and builders.
    if (all.includes(source) || source.split('/')[0] === target) continue;
    if (from.endsWith('.test.ts') && target !== 'main') continue;
    const rule = rules.find(({ folder }) => folder === source);
    if (!rule) wrong.push(`${file}: src/${source} is not in the table`);
    else if (!rule.may.includes(target)) {
      wrong.push(`${file} imports src/${to}: ${rule.folder} may not (${rule.because})`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('controllers do not import each other, only what several of them are made of', () => {
  const folder = (path: string) => path.split('/').slice(0, 2).join('/');
  const all = imports();
  const controllers = new Set(
    all
      .filter(({ from, to }) => from === controllerList && /^controllers\/.+\//.test(to))
      .map(({ to }) => folder(to)),
  );
  assert.ok(controllers.size > 5, `${controllerList} lists the controllers`);
  const wrong = all.filter(
    ({ from, to }) =>
      from.startsWith('controllers/') &&
      controllers.has(folder(to)) &&
      folder(from) !== folder(to) &&
      !isTestCode(from),
  );
  assert.deepEqual(wrong, []);
});

test('only src/main and src/testing construct fakes and real ports outside of tests', () => {
  const wrong = imports().filter(
    ({ from, to }) =>
      /(^|\/)fake-[a-z-]+\.ts$/.test(to) &&
      !isTestCode(from) &&
      !/(^|\/)(fake-[a-z-]+|contract)\.ts$/.test(from),
  );
  assert.deepEqual(wrong, []);
});
