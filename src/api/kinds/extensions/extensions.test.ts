import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created, statusUpdated, updated } from '../test-findings.ts';

const hookPath = 'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration';
const definitionPath = 'apiextensions.k8s.io/v1/CustomResourceDefinition';
const requestPath = 'certificates.k8s.io/v1/CertificateSigningRequest';

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const client = { url: 'https://hooks.example.com/check' };
const hook = (part: object) => ({
  webhooks: [
    {
      name: 'a.example.com',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      clientConfig: client,
      rules: [rule],
      ...part,
    },
  ],
});
const called = (clientConfig: object) => hook({ clientConfig });
const service = (part: object) => called({ service: { name: 'a', namespace: 'b', ...part } });
const ruled = (part: object) => hook({ rules: [{ ...rule, ...part }] });
const at = 'webhooks[0]';
const form = 'desired format: https://host[/path]';
const label =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const dnsLabel =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const hooks: [object, string[]][] = [
  [hook({}), []],
  [called({}), [`${at}.clientConfig: Required value: exactly one of url or service is required`]],
  [
    called({ url: 'hooks' }),
    [
      `${at}.clientConfig.url: Invalid value: "": 'https' is the only allowed URL scheme; ${form}`,
      `${at}.clientConfig.url: Invalid value: "": host must be specified; ${form}`,
    ],
  ],
  [
    called({ url: 'http://me@hooks/a?b=c#d' }),
    [
      `${at}.clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; ${form}`,
      `${at}.clientConfig.url: Invalid value: "me": user information is not permitted in the URL`,
      `${at}.clientConfig.url: Invalid value: "d": fragments are not permitted in the URL`,
      `${at}.clientConfig.url: Invalid value: "b=c": query parameters are not permitted in the URL`,
    ],
  ],
  [service({ path: '/a/b.c/' }), []],
  [
    called({ service: { port: 70_000, path: 'a' } }),
    [
      `${at}.clientConfig.service.name: Required value: service name is required`,
      `${at}.clientConfig.service.namespace: Required value: service namespace is required`,
      `${at}.clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`,
      `${at}.clientConfig.service.path: Invalid value: "a": must start with a '/'`,
      `${at}.clientConfig.service.path: Invalid value: "a": segment[0] may not be empty`,
    ],
  ],
  [
    service({ path: '//' }),
    [`${at}.clientConfig.service.path: Invalid value: "//": segment[0] may not be empty`],
  ],
  [
    service({ path: '/a/B' }),
    [`${at}.clientConfig.service.path: Invalid value: "/a/B": segment[1]: ${subdomain}`],
  ],
  [
    hook({ admissionReviewVersions: [] }),
    [`${at}.admissionReviewVersions: Required value: must specify one of v1, v1beta1`],
  ],
  [
    hook({ admissionReviewVersions: ['V2', 'v3', 'v3'] }),
    [
      `${at}.admissionReviewVersions[0]: Invalid value: "V2": ${label}`,
      `${at}.admissionReviewVersions[2]: Invalid value: "v3": duplicate version`,
      `${at}.admissionReviewVersions: Invalid value: ["V2","v3","v3"]: must include at least one of v1, v1beta1`,
    ],
  ],
  [
    ruled({ operations: ['*', 'CREATE'], apiGroups: [], apiVersions: ['v1', '*'] }),
    [
      `${at}.rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `${at}.rules[0].apiGroups: Required value`,
      `${at}.rules[0].apiVersions: Invalid value: ["v1","*"]: if '*' is present, must not specify other API versions`,
    ],
  ],
  [ruled({ resources: ['*', '*/scale', 'pods/log'] }), []],
  [
    ruled({ resources: ['pods/*', 'pods/log', '*/scale', 'jobs/scale', ''] }),
    [
      `${at}.rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
      `${at}.rules[0].resources[3]: Invalid value: "jobs/scale": if '*/scale' is present, must not specify jobs/scale`,
      `${at}.rules[0].resources[4]: Required value`,
    ],
  ],
  [
    ruled({ resources: ['*/*', '*', 'pods'] }),
    [
      `${at}.rules[0].resources: Invalid value: ["*/*","*","pods"]: if '*/*' is present, must not specify other resources`,
      `${at}.rules[0].resources: Invalid value: ["*/*","*","pods"]: if '*' is present, must not specify other resources without subresources`,
    ],
  ],
];

for (const [i, [body, expected]] of hooks.entries()) {
  test(`webhook ${i}: ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(hookPath, body), expected);
  });
}

const definition = (conversion: object) => ({
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    conversion,
  },
});
const converted = (webhook: object) => definition({ strategy: 'Webhook', webhook });
const conversion = 'spec.conversion';
const noWebhook = 'should not be set when strategy is not set to Webhook';

const conversions: [object, string[]][] = [
  [converted({ clientConfig: client, conversionReviewVersions: ['v1'] }), []],
  [
    converted({}),
    [
      `${conversion}.webhookClientConfig: Required value: required when strategy is set to Webhook`,
      `${conversion}.conversionReviewVersions: Required value`,
    ],
  ],
  [
    converted({ clientConfig: { url: 'ftp://a' }, conversionReviewVersions: ['v3'] }),
    [
      `${conversion}.webhookClientConfig.url: Invalid value: "ftp": 'https' is the only allowed URL scheme; ${form}`,
      `${conversion}.conversionReviewVersions: Invalid value: ["v3"]: must include at least one of v1, v1beta1`,
    ],
  ],
  [
    definition({ strategy: 'None', webhook: { clientConfig: client, conversionReviewVersions: ['v1'] } }),
    [
      `${conversion}.webhookClientConfig: Forbidden: ${noWebhook}`,
      `${conversion}.conversionReviewVersions: Forbidden: ${noWebhook}`,
    ],
  ],
];

for (const [i, [body, expected]] of conversions.entries()) {
  test(`conversion ${i}: ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(definitionPath, body), expected);
  });
}

test('a definition keeps its group and plural, established or not', () => {
  const { spec } = definition({ strategy: 'None' });
  const names = { plural: 'stuff', kind: 'Other' };
  const renamed = updated(definitionPath, definition({}), { spec: { ...spec, names } });
  assert.deepEqual(renamed, [
    'metadata.name: Invalid value: "things.example.com": must be spec.names.plural+"."+spec.group',
    'spec.names.plural: Invalid value: "stuff": field is immutable',
  ]);
});

test('names of a definition: all that is wrong with one is one finding', () => {
  const { metadata, spec } = definition({ strategy: 'None' });
  const long = `${'a'.repeat(64)}_`;
  const names = { ...spec.names, singular: 'a', kind: 'A_', shortNames: [long], categories: ['B'] };
  const tooLong = 'must be no more than 63 characters';
  assert.deepEqual(created(definitionPath, { metadata, spec: { ...spec, names } }), [
    `spec.names.kind: Invalid value: "A_": may have mixed case, but should otherwise match: ${label}`,
    `spec.names.listKind: Invalid value: "A_List": may have mixed case, but should otherwise match: ${label}`,
    `spec.names.shortNames[0]: Invalid value: "${long}": ${tooLong},${label}`,
    `spec.names.categories[0]: Invalid value: "B": ${label}`,
  ]);
  assert.deepEqual(statusUpdated(definitionPath, { metadata, spec }, {}, { acceptedNames: { kind: 'A_' } }), [
    `status.acceptedNames.kind: Invalid value: "A_": may have mixed case, but should otherwise match: ${label}`,
  ]);
});

const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n').toString('base64');
const asked = (part: object) => ({
  spec: { request, usages: ['client auth'], signerName: 'example.com/a', ...part },
});
const signer = (signerName: string) => asked({ signerName });
const signerForm = "must be a fully qualified domain and path of the form 'example.com/signer-name'";

const requests: [object, string[]][] = [
  [asked({}), []],
  [asked({ usages: [] }), ['spec.usages: Required value: usages must be provided']],
  [asked({ usages: ['client auth', 'client auth'] }), ['spec.usages[1]: Duplicate value: "client auth"']],
  [signer(''), ['spec.signerName: Required value: signerName must be provided']],
  [signer('a.b'), [`spec.signerName: Invalid value: "a.b": ${signerForm}`]],
  [signer('a.b/c/d'), [`spec.signerName: Invalid value: "a.b/c/d": ${signerForm}`]],
  [signer('A.b/c'), [`spec.signerName: Invalid value: "A.b": validating label "A": ${dnsLabel}`]],
  [
    signer('a/C'),
    [
      'spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots',
      `spec.signerName: Invalid value: "C": validating label "C": ${subdomain}`,
    ],
  ],
  [
    signer(`a.b/${'c'.repeat(250)}.${'d'.repeat(250)}.${'e'.repeat(70)}`),
    ['spec.signerName: Too long: may not be more than 571 bytes'],
  ],
  [
    signer('kubernetes.io/legacy-unknown'),
    [
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ],
];

for (const [i, [body, expected]] of requests.entries()) {
  test(`signing request ${i}: ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(requestPath, body), expected);
  });
}
