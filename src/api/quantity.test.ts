import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityOf,
  quantitySign,
  quantityValue,
  roundUpQuantity,
  subtractQuantity,
} from './quantity.ts';

const canonical: [text: string, written: string][] = [
  ['0', '0'],
  ['0Ki', '0'],
  ['-0', '0'],
  ['1', '1'],
  ['100m', '100m'],
  ['0.1', '100m'],
  ['.5', '500m'],
  ['1.', '1.'],
  ['1.G', '1.G'],
  ['1.5', '1500m'],
  ['1.5Gi', '1536Mi'],
  ['1000m', '1'],
  ['1024Mi', '1Gi'],
  ['1023', '1023'],
  ['512Ki', '512Ki'],
  ['0.5Mi', '512Ki'],
  ['0.5Ki', '512'],
  ['1.1Ki', '1126400m'],
  ['1000', '1k'],
  ['1000000', '1M'],
  ['12e6', '12e6'],
  ['12E6', '12E6'],
  ['1200e4', '12e6'],
  ['1e3', '1e3'],
  ['5e-3', '5e-3'],
  ['1000E', '1e21'],
  ['0.9n', '1n'],
  ['0.0000000001', '1n'],
  ['-0.0000000001', '-1n'],
  ['1.2345', '1234500u'],
  ['18446744073709551616', '18446744073709551616'],
  ['8Ei', '9223372036854775807'],
  ['-1Gi', '-1Gi'],
  ['-100m', '-100m'],
  ['0.1Ki', '102400m'],
  ['0.00001Ki', '10240u'],
  ['2050Mi', '2050Mi'],
  ['1.500', '1.500'],
  ['+5', '+5'],
  ['100k', '100k'],
  ['123456789012345678901234567890', '123456789012345678901234567890'],
];
for (const [text, written] of canonical) {
  test(`quantity ${text} is written ${written}`, () => assert.equal(canonicalQuantity(text), written));
}

const form = /^quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/;
const refused: [text: string, why: RegExp][] = [
  ['', form],
  ['1.1.1', form],
  ['1 Gi', form],
  ['abc', form],
  ['1+1.0', form],
  ['.', /^unable to parse numeric part of quantity$/],
  ['1i', /^unable to parse quantity's suffix$/],
  ['1mm', /^unable to parse quantity's suffix$/],
  ['1K', /^unable to parse quantity's suffix$/],
  ['1e', /^unable to parse quantity's suffix$/],
  ['1e999999999', /^unable to parse quantity's suffix$/],
];
for (const [text, why] of refused) {
  test(`quantity ${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => parseQuantity(text), { message: why }));
}

const values: [text: string, value: number, milli: number][] = [
  ['1', 1, 1000],
  ['1500m', 2, 1500],
  ['1u', 1, 1],
  ['-1500m', -2, -1500],
  ['1Gi', 2 ** 30, 2 ** 30 * 1000],
  ['0', 0, 0],
];
for (const [text, value, milli] of values) {
  test(`quantity ${text} is ${value} units and ${milli} thousandths, rounded up`, () => {
    assert.equal(quantityValue(parseQuantity(text)), value);
    assert.equal(quantityMilliValue(parseQuantity(text)), milli);
  });
}

const sums: [a: string, b: string, sum: string, difference: string][] = [
  ['1Gi', '1Gi', '2Gi', '0'],
  ['100m', '1', '1100m', '-900m'],
  ['0', '1Gi', '1Gi', '-1Gi'],
  ['1Gi', '1', '1073741825', '1073741823'],
];
for (const [a, b, sum, difference] of sums) {
  test(`quantities ${a} and ${b} add and subtract`, () => {
    assert.equal(formatQuantity(addQuantity(parseQuantity(a), parseQuantity(b))), sum);
    assert.equal(formatQuantity(subtractQuantity(parseQuantity(a), parseQuantity(b))), difference);
  });
}

test('quantities compare by value, not by text', () => {
  assert.equal(compareQuantity(parseQuantity('1'), parseQuantity('1000m')), 0);
  assert.equal(compareQuantity(parseQuantity('1Gi'), parseQuantity('1G')), 1);
  assert.equal(compareQuantity(parseQuantity('-1'), quantityOf(0)), -1);
  assert.equal(quantitySign(parseQuantity('-1')), -1);
});

test('rounding up to milli keeps what is coarser', () => {
  assert.equal(formatQuantity(roundUpQuantity(parseQuantity('100u'), -3)), '1m');
  assert.equal(formatQuantity(roundUpQuantity(parseQuantity('3'), -3)), '3');
});
