import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressFamilyOf,
  cidrErrors,
  configMapKeyErrors,
  envVarNameErrors,
  fullyQualifiedDomainErrors,
  generateName,
  identifierErrors,
  ipErrors,
  label1035Errors,
  labelErrors,
  labelValueErrors,
  pathSegmentErrors,
  percentErrors,
  portNameErrors,
  portNumberErrors,
  qualifiedNameErrors,
  safeEncode,
  subdomainErrors,
  subdomainWithUnderscoreErrors,
  userIdErrors,
  wildcardSubdomainErrors,
} from './names.ts';

const long = 'a'.repeat(64);
const qualified =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const rows: [name: string, check: (value: string) => string[], value: string, errors: string[]][] = [
  ['qualified name', qualifiedNameErrors, 'app', []],
  ['qualified name', qualifiedNameErrors, 'app.kubernetes.io/name', []],
  ['qualified name', qualifiedNameErrors, '', ['name part must be non-empty', qualified]],
  ['qualified name', qualifiedNameErrors, '/a', ['prefix part must be non-empty']],
  ['qualified name', qualifiedNameErrors, 'A!/a', [`prefix part ${subdomain}`]],
  ['qualified name', qualifiedNameErrors, 'a b', [qualified]],
  ['qualified name', qualifiedNameErrors, long, ['name part must be no more than 63 characters']],
  [
    'qualified name',
    qualifiedNameErrors,
    'a/b/c',
    [
      `a valid label key ${qualified.replace('name part ', '')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
  ],
  ['label value', labelValueErrors, '', []],
  ['label value', labelValueErrors, long, ['must be no more than 63 characters']],
  [
    'label value',
    labelValueErrors,
    '-',
    [
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
  ['label', labelErrors, 'my-name', []],
  ['label', labelErrors, 'my.name', ['must not contain dots']],
  ['label', labelErrors, 'My', [label]],
  ['label', labelErrors, 'a\n', [label]],
  ['subdomain', subdomainErrors, 'a.b-c.d', []],
  ['subdomain', subdomainErrors, 'Nginx', [subdomain]],
  ['subdomain', subdomainErrors, 'a'.repeat(254), ['must be no more than 253 characters']],
  ['search domain', subdomainWithUnderscoreErrors, '_sip.a_b.c', []],
  ['service name', label1035Errors, 'web', []],
  [
    'service name',
    label1035Errors,
    '1web',
    [
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  ['wildcard', wildcardSubdomainErrors, '*.a.b', []],
  ['domain', fullyQualifiedDomainErrors, 'a.b.', []],
  [
    'domain',
    fullyQualifiedDomainErrors,
    'a',
    ['should be a domain with at least two segments separated by dots'],
  ],
  ['path segment', pathSegmentErrors, 'system:node', []],
  ['path segment', pathSegmentErrors, '..', ["may not be '..'"]],
  ['path segment', pathSegmentErrors, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
  ['config key', configMapKeyErrors, 'a.B_c-1', []],
  ['config key', configMapKeyErrors, '..a', ["must not start with '..'"]],
  [
    'config key',
    configMapKeyErrors,
    'a/b',
    [
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
  ],
  ['environment variable', envVarNameErrors, 'A b!', []],
  [
    'environment variable',
    envVarNameErrors,
    'A=b',
    ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
  ],
  ['environment variable', envVarNameErrors, '', ['environment variable name must be non-empty']],
  ['identifier', identifierErrors, 'a_1', []],
  ['percent', percentErrors, '25%', []],
  [
    'percent',
    percentErrors,
    '25',
    [
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
  ],
  ['port name', portNameErrors, 'http-2', []],
  [
    'port name',
    portNameErrors,
    'Http--',
    [
      'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ],
  ],
  ['port name', portNameErrors, '80', ['must contain at least one letter (a-z)']],
  ['port name', portNameErrors, 'a'.repeat(16), ['must be no more than 15 characters']],
  ['port', value => portNumberErrors(Number(value)), '65535', []],
  ['port', value => portNumberErrors(Number(value)), '0', ['must be between 1 and 65535, inclusive']],
  ['user', value => userIdErrors(Number(value)), '-1', ['must be between 0 and 4294967295, inclusive']],
  ['IP', ipErrors, '10.0.0.1', []],
  ['IP', ipErrors, '010.000.0.01', []],
  ['IP', ipErrors, 'fd00::1', []],
  ['IP', ipErrors, 'fe80::1%eth0', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['IP', ipErrors, '10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['CIDR', cidrErrors, '10.0.0.0/8', []],
  ['CIDR', cidrErrors, 'fd00::/64', []],
  ['CIDR', cidrErrors, '10.0.0.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['CIDR', cidrErrors, '10.0.0.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
];
for (const [name, check, value, errors] of rows) {
  test(`${name} ${JSON.stringify(value.slice(0, 20))} has ${errors.length} errors`, () =>
    assert.deepEqual(check(value), errors));
}

test('families of addresses', () => {
  assert.deepEqual(['10.0.0.1', '::1', 'x'].map(addressFamilyOf), [4, 6, undefined]);
});

test('a generated name ends with five letters of the injected random, within a label', () => {
  let next = 0;
  const random = () => (next++ % 27) / 27;
  assert.equal(generateName('web-', random), 'web-bcdfg');
  assert.equal(generateName(long, random).length, 63);
  assert.equal(safeEncode('0123456789'), '456789bcdf');
});
