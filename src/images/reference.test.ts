import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiarReference, formatReference, parseReference } from './reference.ts';

const hex = 'a'.repeat(64);

const normalised: [string, string, string][] = [
  ['nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx:1.27'],
  ['curlimages/curl', 'docker.io/curlimages/curl:latest', 'curlimages/curl:latest'],
  ['library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['k8s.gcr.io/echoserver:1.10', 'k8s.gcr.io/echoserver:1.10', 'k8s.gcr.io/echoserver:1.10'],
  ['localhost/a', 'localhost/a:latest', 'localhost/a:latest'],
  ['localhost:5000/a/b_c/d--e:v1', 'localhost:5000/a/b_c/d--e:v1', 'localhost:5000/a/b_c/d--e:v1'],
  ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
  ['Registry/a', 'Registry/a:latest', 'Registry/a:latest'],
  [`nginx@sha256:${hex}`, `docker.io/library/nginx@sha256:${hex}`, `nginx@sha256:${hex}`],
  [`nginx:1@sha256:${hex}`, `docker.io/library/nginx:1@sha256:${hex}`, `nginx:1@sha256:${hex}`],
];

for (const [text, full, familiar] of normalised) {
  test(`${text} is ${full}`, () => {
    assert.equal(formatReference(parseReference(text)), full);
    assert.equal(familiarReference(parseReference(text)), familiar);
  });
}

const refused: [string, string][] = [
  ['', 'invalid reference format'],
  ['nginx:', 'invalid reference format'],
  ['nginx:a b', 'invalid reference format'],
  ['-nginx', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['nginx@sha256:1234', 'invalid reference format'],
  ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
  ['docker.io/x/Nginx:A', 'invalid reference format: repository name (x/Nginx) must be lowercase'],
  [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
  [`nginx@md5:${'a'.repeat(32)}`, 'unsupported digest algorithm'],
  [`nginx@sha256:${'a'.repeat(40)}`, 'invalid checksum digest length'],
  ['a'.repeat(256), 'repository name must not be more than 255 characters'],
];

for (const [text, message] of refused) {
  test(`${text.slice(0, 40) || '(nothing)'} is refused`, () => {
    assert.throws(() => parseReference(text), { name: 'InvalidReferenceError', message });
  });
}
