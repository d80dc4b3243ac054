/** The string formats that custom resources are checked for (k8s.io/kube-openapi's `validation/strfmt`). */
import { isIPv4, isIPv6 } from 'node:net';
import { labelErrors, subdomainErrors } from '../names.ts';
import { parseQuantity } from '../quantity.ts';

type FormatCheck = (text: string) => boolean;

const uuid = (middle: string) => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${middle}-?[0-9a-f]{12}$`, 'i');

const matching =
  (pattern: RegExp): FormatCheck =>
  text =>
    pattern.test(text);

const date = /^(\d{4})-(\d{2})-(\d{2})$/;
const dateTime =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)$/;
const goDuration = /^[+-]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$|^[+-]?0$/;
const longDuration =
  /^\d+\s*(ns|nano|nanos|nanosecond|nanoseconds|us|µs|micro|micros|microsecond|microseconds|ms|milli|millis|millisecond|milliseconds|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hour|hours|d|day|days|w|wk|week|weeks)$/i;
/** Characters; the patterns take long for very long texts. */
const longestDuration = 100;
const hostLabel = /^[a-zA-Z0-9\p{S}\p{L}]([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u;

/** By upstream's name without dashes. */
const formats: Readonly<Record<string, FormatCheck>> = {
  bsonobjectid: matching(/^[0-9a-f]{24}$/i),
  uri: isUri,
  email: matching(/^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+$/),
  hostname: isHostname,
  ipv4: text => isIPv4(text),
  ipv6: text => isIPv6(text) && !text.includes('%'),
  cidr: isCidr,
  mac: matching(/^([0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\2){4}(?:[0-9a-f]{2})$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i),
  uuid: matching(uuid('[0-9a-f]{4}-?[0-9a-f]{4}')),
  uuid3: matching(uuid('3[0-9a-f]{3}-?[0-9a-f]{4}')),
  uuid4: matching(uuid('4[0-9a-f]{3}-?[89ab][0-9a-f]{3}')),
  uuid5: matching(uuid('5[0-9a-f]{3}-?[89ab][0-9a-f]{3}')),
  isbn: text => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matching(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matching(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  datetime: text => isDate(dateTime.exec(text)?.[1] ?? ''),
  duration: text => text.length <= longestDuration && (goDuration.test(text) || longDuration.test(text)),
  quantity: isQuantity,
  k8sshortname: text => labelErrors(text).length === 0,
  k8slongname: text => subdomainErrors(text).length === 0,
};

/** The check of a format; undefined for those that are not checked. */
export function formatCheck(format: string): FormatCheck | undefined {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(formats, name) ? formats[name] : undefined;
}

function isUri(text: string): boolean {
  if (text.startsWith('/')) return !/[\s<>"{}|\\^`]/.test(text);
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) && URL.canParse(text);
}

function isHostname(text: string): boolean {
  if (text === '' || text.length > 255) return false;
  return text
    .replace(/\.$/, '')
    .split('.')
    .every(label => hostLabel.test(label));
}

function isCidr(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  return (isIPv4(address) && Number(length) <= 32) || (isIPv6(address) && Number(length) <= 128);
}

function isDate(text: string): boolean {
  const parts = date.exec(text);
  if (!parts) return false;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = [...digits].reduce(
    (total, digit, at) => total + (digit === 'X' ? 10 : Number(digit)) * (10 - at),
    0,
  );
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  return (
    [...digits].reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0) % 10 === 0
  );
}

const cards =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (!cards.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function isRgbColor(text: string): boolean {
  const parts = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(text);
  return parts?.slice(1).every(part => Number(part) <= 255) ?? false;
}

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}
