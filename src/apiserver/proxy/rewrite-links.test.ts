import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkRewriter, rewriteLink } from './rewrite-links.ts';

const base = { prefix: '/api/v1/namespaces/default/pods/web/proxy', host: '10.0.0.1:80' };

const rows: [link: string, expected: string][] = [
  ['/rewriteme', `${base.prefix}/rewriteme`],
  ['/', `${base.prefix}/`],
  ['relative/page', 'relative/page'],
  ['http://10.0.0.1:80/a?b=c#d', `${base.prefix}/a?b=c#d`],
  ['http://10.0.0.1:80', `${base.prefix}/`],
  ['http://10.0.0.1:8080/a', 'http://10.0.0.1:8080/a'],
  ['https://example.com/a', 'https://example.com/a'],
  ['//cdn.example.com/x.js', '//cdn.example.com/x.js'],
  [`${base.prefix}/already`, `${base.prefix}/already`],
];
for (const [link, expected] of rows) {
  test(`link ${link}`, () => assert.equal(rewriteLink(link, base), expected));
}

test('the links of a page, however it is cut into chunks', async () => {
  const page = `<html><body background='/b.png'><a class="x" href="/rewriteme">test ü</a><img src=/i.png> 1 < 2</body></html>`;
  const expected = page
    .replace('/b.png', `${base.prefix}/b.png`)
    .replace('/rewriteme', `${base.prefix}/rewriteme`)
    .replace('src=/i.png', `src=${base.prefix}/i.png`);
  for (const size of [1, 7, 1000]) {
    const rewriter = new LinkRewriter(base);
    const bytes = Buffer.from(page);
    for (let at = 0; at < bytes.length; at += size) rewriter.write(bytes.subarray(at, at + size));
    rewriter.end();
    const chunks: Buffer[] = [];
    for await (const chunk of rewriter) chunks.push(chunk as Buffer);
    assert.equal(Buffer.concat(chunks).toString(), expected, `in chunks of ${size}`);
  }
});
