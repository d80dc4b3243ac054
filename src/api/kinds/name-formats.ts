/**
 * The formats of names, labels and keys: each returns what is wrong with `value` in the words of
 * apimachinery's `util/validation`, an empty list for a right one.
 */
export type Format = (value: string) => string[];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const labelUnderscore = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const subdomainUnderscore = `${labelUnderscore}(\\.${labelUnderscore})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedPart})?`;
const wildcard = `\\*\\.${subdomain}`;
const configKey = '[-._a-zA-Z0-9]+';
const percent = '[0-9]+%';
const headerName = '[-A-Za-z0-9]+';
const cIdentifier = '[A-Za-z_][A-Za-z0-9_]*';

const whole = (pattern: string) => new RegExp(`^${pattern}$`);
const labelRe = whole(label);
const subdomainRe = whole(subdomain);
const subdomainUnderscoreRe = whole(subdomainUnderscore);
const label1035Re = whole(label1035);
const qualifiedRe = whole(qualifiedPart);
const labelValueRe = whole(labelValue);
const wildcardRe = whole(wildcard);
const configKeyRe = whole(configKey);
const percentRe = whole(percent);
const headerNameRe = whole(headerName);
const cIdentifierRe = whole(cIdentifier);

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const subdomainUnderscoreText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const wildcardText =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const qualifiedText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const configKeyText = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
const percentText = "a valid percent string must be a numeric string followed by an ending '%'";
const headerNameText = "a valid HTTP header must consist of alphanumeric characters or '-'";
const cIdentifierText =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
const envNameText =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";
const qualifiedExamples = ['MyName', 'my.name', '123-abc'];

export const emptyError = 'must be non-empty';

export function maxLengthError(max: number): string {
  return `must be no more than ${max} bytes`;
}

export function rangeError(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

export function regexError(text: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`;
  const list = examples.map(e => `'${e}', `).join(' or ');
  return `${text} (e.g. ${list}regex used for validation is '${pattern}')`;
}

/** Bytes in UTF-8, what Go's len() counts. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

export function isDns1123Label(value: string): string[] {
  const errors = value.length > 63 ? [maxLengthError(63)] : [];
  if (labelRe.test(value)) return errors;
  if (subdomainRe.test(value)) errors.push('must not contain dots');
  else errors.push(regexError(labelText, label, 'my-name', '123-abc'));
  return errors;
}

export function isDns1123Subdomain(value: string): string[] {
  const errors = value.length > 253 ? [maxLengthError(253)] : [];
  if (!subdomainRe.test(value)) errors.push(regexError(subdomainText, subdomain, 'example.com'));
  return errors;
}

export function isDns1123SubdomainWithUnderscore(value: string): string[] {
  const errors = value.length > 253 ? [maxLengthError(253)] : [];
  if (!subdomainUnderscoreRe.test(value)) {
    errors.push(regexError(subdomainUnderscoreText, subdomainUnderscore, 'example.com'));
  }
  return errors;
}

export function isDns1035Label(value: string): string[] {
  const errors = value.length > 63 ? [maxLengthError(63)] : [];
  if (!label1035Re.test(value)) errors.push(regexError(label1035Text, label1035, 'my-name', 'abc-123'));
  return errors;
}

export function isWildcardDns1123Subdomain(value: string): string[] {
  const errors = value.length > 253 ? [maxLengthError(253)] : [];
  if (!wildcardRe.test(value)) errors.push(regexError(wildcardText, wildcard, '*.example.com'));
  return errors;
}

/** A label's or annotation's key: `name` or `prefix.example.com/name`. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  const errors: string[] = [];
  if (parts.length > 2) {
    const text = regexError(`a qualified name ${qualifiedText}`, qualifiedPart, ...qualifiedExamples);
    return [`${text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') errors.push(`prefix part ${emptyError}`);
    else errors.push(...isDns1123Subdomain(prefix).map(text => `prefix part ${text}`));
  }
  const name = parts.at(-1)!;
  if (name === '') errors.push(`name part ${emptyError}`);
  else if (byteLength(name) > 63) errors.push(`name part ${maxLengthError(63)}`);
  if (!qualifiedRe.test(name)) {
    errors.push(`name part ${regexError(qualifiedText, qualifiedPart, ...qualifiedExamples)}`);
  }
  return errors;
}

export function isLabelValue(value: string): string[] {
  const errors = byteLength(value) > 63 ? [maxLengthError(63)] : [];
  if (!labelValueRe.test(value)) {
    errors.push(regexError(labelValueText, labelValue, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

export function isConfigMapKey(value: string): string[] {
  const errors = value.length > 253 ? [maxLengthError(253)] : [];
  if (!configKeyRe.test(value)) {
    errors.push(regexError(configKeyText, configKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') errors.push("must not be '.'");
  else if (value === '..') errors.push("must not be '..'");
  else if (value.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}

/** Environment variable names as relaxed since 1.30: printable ASCII but '='. */
export function isEnvVarName(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyError}`];
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value) ? [] : [envNameText];
}

export function isCIdentifier(value: string): string[] {
  if (cIdentifierRe.test(value)) return [];
  return [regexError(cIdentifierText, cIdentifier, 'my_name', 'MY_NAME', 'MyName')];
}

export function isHttpHeaderName(value: string): string[] {
  return headerNameRe.test(value) ? [] : [regexError(headerNameText, headerName, 'X-Header-Name')];
}

export function isPercent(value: string): string[] {
  return percentRe.test(value) ? [] : [regexError(percentText, percent, '1%', '93%')];
}

export function isPortNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535 ? [] : [rangeError(1, 65535)];
}

/** An IANA service name: what names a container's port. */
export function isPortName(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 15) errors.push(maxLengthError(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** Names of RBAC objects and others that only need to be one segment of a path. */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter(c => value.includes(c)).map(c => `may not contain '${c}'`);
}
