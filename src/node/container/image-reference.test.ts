import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidImageName, imageTag, normalizeImage } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test('image names get their registry and tag', () => {
  const rows: [string, string][] = [
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['curlimages/curl', 'docker.io/curlimages/curl:latest'],
    ['k8s.gcr.io/echoserver:1.10', 'k8s.gcr.io/echoserver:1.10'],
    ['localhost/x', 'localhost/x:latest'],
    ['localhost:5000/a/b:t', 'localhost:5000/a/b:t'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    [`nginx@${digest}`, `docker.io/library/nginx@${digest}`],
    [`r.io/a:1@${digest}`, `r.io/a:1@${digest}`],
  ];
  for (const [image, expected] of rows) assert.equal(normalizeImage(image), expected, image);
});

test('what no registry could serve is refused', () => {
  for (const image of [
    '',
    'UPPER',
    'a:b:c',
    'a//b',
    'a b',
    '-a',
    'a:',
    'a@sha256:12',
    'a/../b',
    'f'.repeat(64),
  ]) {
    assert.throws(() => normalizeImage(image), InvalidImageName, image);
  }
});

test('the tag decides the default policy', () => {
  assert.deepEqual(['nginx', 'nginx:1', `nginx@${digest}`].map(imageTag), ['latest', '1', '']);
});
