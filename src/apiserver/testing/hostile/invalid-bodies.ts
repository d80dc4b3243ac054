/** Bodies of objects no server may take, whatever the numbers are that they are made with. */
import type { JsonObject } from '../../../api/json.ts';
import { maxRequestBytes } from '../../http/request-body.ts';
import { encodeProtobuf } from '../../protobuf/encode.ts';
import type { Random } from '../../random.ts';
import { fresh, pick, samples, setAt } from './samples.ts';

export interface Body {
  collection: string;
  type: string;
  bytes: Buffer;
}

type Path = readonly (string | number)[];

/** Values of the wrong type, by the kind of object they are put into. */
const wrongTypes: Record<string, [path: Path, values: readonly unknown[]][]> = {
  ConfigMap: [
    [['data'], ['x', 1, [], true]],
    [
      ['data', 'a'],
      [1, {}, ['b'], false],
    ],
    [['immutable'], ['yes', 1, {}]],
  ],
  Pod: [
    [['spec'], ['x', 1, []]],
    [
      ['spec', 'containers'],
      ['x', 1, {}],
    ],
    [
      ['spec', 'containers', 0],
      ['x', 1, []],
    ],
    [
      ['spec', 'containers', 0, 'image'],
      [1, {}, []],
    ],
    [
      ['spec', 'containers', 0, 'ports', 0, 'containerPort'],
      ['80', {}, 1.5, 1e30],
    ],
    [
      ['spec', 'hostNetwork'],
      ['true', 1],
    ],
  ],
  Service: [
    [
      ['spec', 'ports'],
      [{}, 'x', 80],
    ],
    [
      ['spec', 'ports', 0, 'port'],
      ['80', [], 8.5],
    ],
    [
      ['spec', 'selector'],
      [[], 'a=b'],
    ],
  ],
  Deployment: [
    [
      ['spec', 'replicas'],
      ['1', {}, 1.5, 1e12],
    ],
    [
      ['spec', 'selector', 'matchLabels'],
      [['a'], 'a=b', { a: 1 }],
    ],
    [
      ['spec', 'template'],
      [[], 'x'],
    ],
  ],
  Role: [
    [['rules'], [{}, 'x', 1]],
    [
      ['rules', 0, 'verbs'],
      ['get', {}, [1]],
    ],
  ],
};

/** Values of the right type that validation forbids. */
const forbidden: Record<string, [path: Path, values: readonly unknown[]][]> = {
  ConfigMap: [[['data'], [{ 'a/b': '' }, { '..': '' }, { ['k'.repeat(254)]: '' }]]],
  Pod: [
    [
      ['spec', 'containers'],
      [
        [],
        [
          { name: 'c', image: 'i' },
          { name: 'c', image: 'i' },
        ],
      ],
    ],
    [
      ['spec', 'containers', 0, 'name'],
      ['', 'A', 'a_b', 'n'.repeat(64)],
    ],
    [
      ['spec', 'containers', 0, 'image'],
      ['', ' i'],
    ],
    [
      ['spec', 'containers', 0, 'ports', 0, 'containerPort'],
      [0, -1, 65_536],
    ],
    [
      ['spec', 'restartPolicy'],
      ['Sometimes', 'always'],
    ],
    [['spec', 'dnsPolicy'], ['x']],
    [
      ['spec', 'volumes'],
      [[{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }], [{ name: 'V' }]],
    ],
    [
      ['spec', 'containers', 0, 'resources'],
      [{ limits: { cpu: '-1' } }, { requests: { cpu: '2' }, limits: { cpu: '1' } }],
    ],
  ],
  Service: [
    [
      ['spec', 'ports', 0, 'port'],
      [0, -5, 70_000],
    ],
    [['spec', 'type'], ['x']],
    [
      ['spec', 'clusterIP'],
      ['300.1.2.3', 'x'],
    ],
    [['spec', 'ports'], [[{ port: 80 }, { port: 81 }]]],
  ],
  Deployment: [
    [['spec', 'replicas'], [-1]],
    [
      ['spec', 'selector'],
      [{}, { matchLabels: { a: 'other' } }],
    ],
    [['spec', 'template', 'spec', 'restartPolicy'], ['Never']],
    [['spec', 'template', 'spec', 'containers'], [[]]],
  ],
  Role: [
    [['rules', 0, 'verbs'], [[]]],
    [['rules', 0, 'resources'], [[]]],
  ],
};

const forbiddenMetadata: [path: Path, values: readonly unknown[]][] = [
  [
    ['metadata', 'name'],
    ['', 'a/b', '..', '%'],
  ],
  [
    ['metadata', 'labels'],
    [{ 'a/b/c': 'x' }, { '-': 'x' }, { a: 'v'.repeat(64) }, { a: '!' }],
  ],
  [
    ['metadata', 'annotations'],
    [{ ' ': '' }, { a: 'x'.repeat(300_000) }],
  ],
  [
    ['metadata', 'namespace'],
    ['other', 'A'],
  ],
  [
    ['metadata', 'finalizers'],
    [['x y'], ['']],
  ],
  [['metadata', 'ownerReferences'], [[{ apiVersion: 'v1', kind: 'Pod', name: '', uid: '' }]]],
];

const json = (collection: string, text: string | Buffer): Body => ({
  collection,
  type: 'application/json',
  bytes: Buffer.from(text),
});

/** Places of a JSON text that are its structure, not what a string holds. */
function structure(text: string): number[] {
  const places: number[] = [];
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '"') inString = !inString;
    if (sign === '"' || (!inString && '{}[]:,'.includes(sign))) places.push(at);
  }
  return places;
}

function broken(random: Random): Body {
  const sample = pick(random, samples);
  const text = JSON.stringify(fresh(sample));
  const places = structure(text);
  const at = places[random.integer(places.length)]!;
  const cut = text.slice(0, 1 + random.integer(text.length - 1));
  return json(sample.collection, random.integer(2) ? cut : `${text.slice(0, at)}#${text.slice(at + 1)}`);
}

function withOdd(random: Random, table: typeof wrongTypes): Body {
  const sample = pick(random, samples);
  const own = table[sample.object.kind as string]!;
  const [path, values] = pick(
    random,
    table === forbidden && random.integer(3) === 0 ? forbiddenMetadata : own,
  );
  return json(sample.collection, JSON.stringify(setAt(fresh(sample), path, pick(random, values))));
}

function wrongKind(random: Random): Body {
  const sample = pick(random, samples);
  const object = fresh(sample);
  const odd: JsonObject[] = [{ kind: 'Secret' }, { apiVersion: 'v7' }, { kind: 1 }, { kind: 'pod' }];
  return json(sample.collection, JSON.stringify({ ...object, ...pick(random, odd) }));
}

function noObject(random: Random): Body {
  const texts = [
    '',
    'null',
    '[]',
    '1',
    '"x"',
    '{}',
    '{"metadata":{}}',
    '\u0000',
    '\ufeff{',
    'NaN',
    '{"a":1}{"b":2}',
  ];
  return json(pick(random, samples).collection, pick(random, texts));
}

/** Deeper than any object is, up to a hundred thousand levels. */
function nested(random: Random): Body {
  const depth = 10_001 + random.integer(90_000);
  const [open, middle, close] = pick(random, [
    ['{"a":', '1', '}'],
    ['[', '', ']'],
    ['{"metadata":', '{}', '}'],
    ['[{"a":', '1', '}]'],
  ]);
  const closed = random.integer(2) ? close!.repeat(depth) : '';
  return json(pick(random, samples).collection, `{"data":${open!.repeat(depth)}${middle}${closed}}`);
}

function oversized(random: Random): Body {
  const sample = pick(random, samples);
  const filling = 'x'.repeat(maxRequestBytes + random.integer(100_000));
  return json(sample.collection, JSON.stringify({ ...fresh(sample), data: { filling } }));
}

function yaml(random: Random): Body {
  const levels = [...'bcdefgh'];
  const bomb = levels.map(
    (name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`,
  );
  const texts = [
    `a: &a [x,x,x]\n${bomb.join('\n')}\n`,
    'a: [b',
    'a: *nothing',
    '\t- x',
    'a: b: c',
    '? {'.repeat(500),
    `${'- '.repeat(20_000)}x`,
    '!!js/function x',
  ];
  return { ...json(pick(random, samples).collection, pick(random, texts)), type: 'application/yaml' };
}

function protobuf(random: Random): Body {
  const sample = pick(random, samples);
  const whole = encodeProtobuf(fresh(sample));
  const magic = whole.subarray(0, 4);
  const bytes = [
    // The object inside ends before its length does; behind it are four bytes of the envelope.
    whole.subarray(0, whole.length - 5 - random.integer(16)),
    Buffer.concat([Buffer.from('k8t\0'), whole.subarray(4)]),
    Buffer.concat([magic, Buffer.alloc(1 + random.integer(40), 0xff)]),
    // A length of two gigabytes.
    Buffer.concat([magic, Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x07]), whole.subarray(4)]),
    // Groups, which proto3 has none of.
    Buffer.concat([magic, Buffer.alloc(2000, 0x0b)]),
    magic,
    encodeProtobuf({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } }),
  ];
  return { ...json(sample.collection, pick(random, bytes)), type: 'application/vnd.kubernetes.protobuf' };
}

const makers: [weight: number, make: (random: Random) => Body][] = [
  [20, broken],
  [20, random => withOdd(random, wrongTypes)],
  [25, random => withOdd(random, forbidden)],
  [8, wrongKind],
  [6, noObject],
  [3, nested],
  [1, oversized],
  [5, yaml],
  [12, protobuf],
];

export function invalidBody(random: Random): Body {
  let at = random.integer(makers.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, make] of makers) {
    at -= weight;
    if (at < 0) return make(random);
  }
  throw new Error('the weights do not add up');
}
