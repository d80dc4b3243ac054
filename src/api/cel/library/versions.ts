import { fn, type Overload } from '../signatures.ts';
import { CelError, OpaqueValue } from '../values.ts';

/** Semantic versions, as Kubernetes' Semver library has them. */
class VersionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];
  readonly text: string;

  constructor(text: string, numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    super();
    this.text = text;
    this.numbers = numbers;
    this.pre = pre;
  }

  equals(other: VersionValue): boolean {
    return compare(this, other) === 0;
  }

  toString(): string {
    return this.text;
  }
}

const number = '(0|[1-9]\\d*)';
const form = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

function read(text: string): VersionValue | CelError {
  const match = text.length > 256 ? null : form.exec(text);
  const numbers = match?.slice(1, 4).map(BigInt) as [bigint, bigint, bigint] | undefined;
  const pre = match?.[4]?.split('.') ?? [];
  if (!numbers || numbers.some(part => part >= 2n ** 64n) || pre.some(part => /^0\d+$/.test(part)))
    return new CelError(`semver parse error during conversion from string ${JSON.stringify(text)}`);
  return new VersionValue(text, numbers, pre);
}

/** `v1.2` → `1.2.0`, `01.2.3` → `1.2.3`. */
function normalize(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(text);
  if (!match) return text;
  const [, major, minor = '0', patch = '0', rest = ''] = match;
  return `${[major, minor, patch].map(part => BigInt(part!)).join('.')}${rest}`;
}

function compare(a: VersionValue, b: VersionValue): number {
  for (const [i, part] of a.numbers.entries()) {
    if (part !== b.numbers[i]) return part < b.numbers[i]! ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePart(a.pre[i]!, b.pre[i]!);
    if (order !== 0) return order;
  }
  return Math.sign(a.pre.length - b.pre.length);
}

/** Numbers come before words. */
function comparePart(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left !== right) return left ? -1 : 1;
  const [x, y] = left ? [BigInt(a), BigInt(b)] : [a, b];
  return x < y ? -1 : x > y ? 1 : 0;
}

const V = 'kubernetes.Semver';
const parsing = (text: string) => Math.max(1, Math.ceil(text.length / 10));

export const versions: readonly Overload[] = [
  fn(`semver(string): ${V}`, (text: string) => read(text), parsing),
  fn(
    `semver(string, bool): ${V}`,
    (text: string, loose: boolean) => read(loose ? normalize(text) : text),
    parsing,
  ),
  fn('isSemver(string): bool', (text: string) => read(text) instanceof VersionValue, parsing),
  fn(
    'isSemver(string, bool): bool',
    (text: string, loose: boolean) => read(loose ? normalize(text) : text) instanceof VersionValue,
    parsing,
  ),
  fn(`${V}->major(): int`, ({ numbers }: VersionValue) => numbers[0]),
  fn(`${V}->minor(): int`, ({ numbers }: VersionValue) => numbers[1]),
  fn(`${V}->patch(): int`, ({ numbers }: VersionValue) => numbers[2]),
  fn(`${V}->isGreaterThan(${V}): bool`, (a: VersionValue, b: VersionValue) => compare(a, b) > 0),
  fn(`${V}->isLessThan(${V}): bool`, (a: VersionValue, b: VersionValue) => compare(a, b) < 0),
  fn(`${V}->compareTo(${V}): int`, (a: VersionValue, b: VersionValue) => BigInt(compare(a, b))),
];
