/**
 * Which names, label keys and values, addresses and ports are valid, in the wording of
 * k8s.io/apimachinery's `util/validation`. Each check returns what is wrong; an empty list is a valid value.
 */
import { isIP } from 'node:net';

const alphanumeric = '[A-Za-z0-9]';
const labelKeyFormat = `(${alphanumeric}[-A-Za-z0-9_.]*)?${alphanumeric}`;
const labelKeyMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueFormat = `(${labelKeyFormat})?`;
const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const label1123Format = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const label1123Message =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomain1123Format = `${label1123Format}(\\.${label1123Format})*`;
const subdomain1123Message =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const label1123UnderscoreFormat = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomain1123UnderscoreFormat = `${label1123UnderscoreFormat}(\\.${label1123UnderscoreFormat})*`;
const subdomain1123UnderscoreMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const label1035Format = '[a-z]([-a-z0-9]*[a-z0-9])?';
const label1035Message =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcardFormat = `\\*\\.${subdomain1123Format}`;
const wildcardMessage =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const identifierFormat = '[A-Za-z_][A-Za-z0-9_]*';
const identifierMessage =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
const configKeyFormat = '[-._a-zA-Z0-9]+';
const configKeyMessage = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const headerFormat = '[-A-Za-z0-9]+';
const headerMessage = "a valid HTTP header must consist of alphanumeric characters or '-'";
const percentFormat = '[0-9]+%';
const percentMessage = "a valid percent string must be a numeric string followed by an ending '%'";
const envNameMessage =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

const whole = (format: string) => new RegExp(`^${format}$`);
const labelKeyPattern = whole(labelKeyFormat);
const labelValuePattern = whole(labelValueFormat);
const label1123Pattern = whole(label1123Format);
const subdomain1123Pattern = whole(subdomain1123Format);
const subdomain1123UnderscorePattern = whole(subdomain1123UnderscoreFormat);
const label1035Pattern = whole(label1035Format);
const wildcardPattern = whole(wildcardFormat);
const identifierPattern = whole(identifierFormat);
const configKeyPattern = whole(configKeyFormat);
const headerPattern = whole(headerFormat);
const percentPattern = whole(percentFormat);

export const maxLabelLength = 63;
export const maxSubdomainLength = 253;

/** `must be no more than 63 characters` */
export function maxLengthMessage(length: number): string {
  return `must be no more than ${length} characters`;
}

export const emptyMessage = 'must be non-empty';

/** `must be between 1 and 65535, inclusive` */
export function inclusiveRangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** A message that names examples and the regular expression behind it. */
export function patternMessage(message: string, format: string, ...examples: string[]): string {
  const used = `regex used for validation is '${format}')`;
  if (examples.length === 0) return `${message} (${used}`;
  const quoted = examples.map(example => `'${example}', `).join(' or ');
  return `${message} (e.g. ${quoted}${used}`;
}

/** Go's `len`: bytes of UTF-8, which is what upstream's limits count. */
function byteLength(value: string): number {
  return Buffer.byteLength(value);
}

function tooLong(value: string, length: number): string[] {
  return byteLength(value) > length ? [maxLengthMessage(length)] : [];
}

/** A label's or annotation's key, a condition type, a resource name: `[prefix/]name`. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/');
  const pattern = () => patternMessage(labelKeyMessage, labelKeyFormat, 'MyName', 'my.name', '123-abc');
  if (parts.length > 2) {
    return [
      `a valid label key ${pattern()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') errors.push(`prefix part ${emptyMessage}`);
    else errors.push(...subdomainErrors(prefix).map(error => `prefix part ${error}`));
  }
  if (name === '') errors.push(`name part ${emptyMessage}`);
  else if (byteLength(name) > maxLabelLength) errors.push(`name part ${maxLengthMessage(maxLabelLength)}`);
  if (!labelKeyPattern.test(name)) errors.push(`name part ${pattern()}`);
  return errors;
}

export function labelValueErrors(value: string): string[] {
  const errors = tooLong(value, maxLabelLength);
  if (!labelValuePattern.test(value)) {
    errors.push(patternMessage(labelValueMessage, labelValueFormat, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

/** RFC 1123 label: names of namespaces, of containers, of endpoints' hosts. */
export function labelErrors(value: string): string[] {
  const errors = tooLong(value, maxLabelLength);
  if (!label1123Pattern.test(value)) {
    errors.push(
      subdomain1123Pattern.test(value)
        ? 'must not contain dots'
        : patternMessage(label1123Message, label1123Format, 'my-name', '123-abc'),
    );
  }
  return errors;
}

/** RFC 1123 subdomain: the names of most kinds. */
export function subdomainErrors(value: string): string[] {
  const errors = tooLong(value, maxSubdomainLength);
  if (!subdomain1123Pattern.test(value)) {
    errors.push(patternMessage(subdomain1123Message, subdomain1123Format, 'example.com'));
  }
  return errors;
}

/** As `subdomainErrors`, with underscores: search domains of a pod's DNS config. */
export function subdomainWithUnderscoreErrors(value: string): string[] {
  const errors = tooLong(value, maxSubdomainLength);
  if (!subdomain1123UnderscorePattern.test(value)) {
    errors.push(patternMessage(subdomain1123UnderscoreMessage, subdomain1123UnderscoreFormat, 'example.com'));
  }
  return errors;
}

/** RFC 1035 label: names of Services. */
export function label1035Errors(value: string): string[] {
  const errors = tooLong(value, maxLabelLength);
  if (!label1035Pattern.test(value)) {
    errors.push(patternMessage(label1035Message, label1035Format, 'my-name', 'abc-123'));
  }
  return errors;
}

/** `*.example.com`, as hosts of an Ingress. */
export function wildcardSubdomainErrors(value: string): string[] {
  const errors = tooLong(value, maxSubdomainLength);
  if (!wildcardPattern.test(value)) {
    errors.push(patternMessage(wildcardMessage, wildcardFormat, '*.example.com'));
  }
  return errors;
}

/** A domain of two or more labels; a dot at its end is allowed. */
export function fullyQualifiedDomainErrors(value: string): string[] {
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const errors = subdomainErrors(name);
  if (errors.length > 0) return [errors.join(',')];
  const labels = name.split('.');
  if (labels.length < 2) return ['should be a domain with at least two segments separated by dots'];
  return labels.map(label => labelErrors(label).join(',')).filter(text => text !== '');
}

/** A path segment: names of kinds that follow no DNS rule (RBAC). */
export function pathSegmentErrors(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter(part => value.includes(part)).map(part => `may not contain '${part}'`);
}

export function identifierErrors(value: string): string[] {
  if (identifierPattern.test(value)) return [];
  return [patternMessage(identifierMessage, identifierFormat, 'my_name', 'MY_NAME', 'MyName')];
}

export function envVarNameErrors(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyMessage}`];
  return /^[ -<>-~]+$/.test(value) ? [] : [envNameMessage];
}

/** A key of a ConfigMap's or a Secret's data. */
export function configMapKeyErrors(value: string): string[] {
  const errors = tooLong(value, maxSubdomainLength);
  if (!configKeyPattern.test(value)) {
    errors.push(patternMessage(configKeyMessage, configKeyFormat, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') errors.push("must not be '.'");
  else if (value === '..') errors.push("must not be '..'");
  else if (value.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

export function httpHeaderNameErrors(value: string): string[] {
  return headerPattern.test(value) ? [] : [patternMessage(headerMessage, headerFormat, 'X-Header-Name')];
}

export function percentErrors(value: string): string[] {
  return percentPattern.test(value) ? [] : [patternMessage(percentMessage, percentFormat, '1%', '93%')];
}

export function portNumberErrors(port: number): string[] {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : [inclusiveRangeMessage(1, 65535)];
}

/** A port's name (IANA_SVC_NAME). */
export function portNameErrors(value: string): string[] {
  const errors = tooLong(value, 15);
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

const maxId = 0xffff_ffff;

export function userIdErrors(id: number): string[] {
  return id >= 0 && id <= maxId ? [] : [inclusiveRangeMessage(0, maxId)];
}

/** Whether upstream reads `value` as an address: IPv4 with or without leading zeros, IPv6 without a zone. */
export function isAddress(value: string): boolean {
  return !value.includes('%') && isIP(withoutLeadingZeros(value)) !== 0;
}

export function addressFamilyOf(value: string): 4 | 6 | undefined {
  if (!isAddress(value)) return undefined;
  return isIP(withoutLeadingZeros(value)) === 4 ? 4 : 6;
}

function withoutLeadingZeros(value: string): string {
  return value.includes(':') ? value : value.replace(/(^|\.)0+(?=\d)/g, '$1');
}

export function ipErrors(value: string): string[] {
  return isAddress(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

export function cidrErrors(value: string): string[] {
  const [address = '', prefix = '', ...more] = value.split('/');
  const family = addressFamilyOf(address);
  const bits = /^(0|[1-9]\d{0,2})$/.test(prefix) ? Number(prefix) : Number.NaN;
  const valid = family !== undefined && more.length === 0 && bits <= (family === 4 ? 32 : 128);
  return valid ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
/** Upstream cuts the given part so that the whole fits a label. */
const maxGenerated = maxLabelLength - suffixLength;

/**
 * The name for an object that came with `generateName`: the given text, cut to fit a label, and five letters.
 * @param random a number in [0, 1), as Math.random gives
 */
export function generateName(base: string, random: () => number): string {
  return base.slice(0, maxGenerated) + randomSuffix(suffixLength, random);
}

/** Letters and digits without vowels and look-alikes, so that no word comes out. */
export function randomSuffix(length: number, random: () => number): string {
  let suffix = '';
  for (let i = 0; i < length; i++) suffix += suffixLetters[Math.floor(random() * suffixLetters.length)];
  return suffix;
}

/** As upstream's `rand.SafeEncodeString`: digits of a hash written with the same letters (pod-template-hash). */
export function safeEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) encoded += suffixLetters[byte % suffixLetters.length];
  return encoded;
}
