import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import type { Call } from '../call.ts';
import type { ServerRequest, ServerResponse } from '../exchange.ts';
import { parseRequestInfo } from '../filters/request-info.ts';
import { streamedBody } from '../http/request-body.ts';
import type { PodTargets } from './pod-targets.ts';
import { ProxyHandler } from './proxy-handler.ts';
import type { ProxyTargets } from './proxy-targets.ts';

let backend: Server;
let handler: ProxyHandler;
before(async () => {
  backend = createServer((request, response) => {
    if (request.url === '/page') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<a href="/rewriteme">test</a>');
    } else if (request.url?.startsWith('/redirect')) {
      response.writeHead(302, { location: '/page' });
      response.end();
    } else if (request.url === '/body') request.pipe(response);
    else response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>(resolve => backend.listen(0, '127.0.0.1', resolve));
  const { port } = backend.address() as AddressInfo;
  const targets = {
    of: ({ info }: Call) => ({
      secure: false,
      options: { host: '127.0.0.1', port },
      path: `/${info.rest}`,
    }),
  };
  handler = new ProxyHandler({} as PodTargets, targets as unknown as ProxyTargets, async () => {});
});
after(() => backend.close());

const prefix = '/api/v1/namespaces/default/pods/web/proxy';

async function ask(
  method: string,
  path: string,
  body: ServerRequest['body'] = { kind: 'none' },
): Promise<ServerResponse & { text: string }> {
  const request = {
    method,
    path,
    query: new URLSearchParams(),
    headers: {},
    body,
    signal: new AbortController().signal,
    inProcess: false,
    remoteAddress: '',
  };
  const user = { name: 'admin', groups: [] };
  const call: Call = { request, info: parseRequestInfo(request), user, auditId: '', warnings: [] };
  const response = await handler.handle(call);
  let text = '';
  if (response.body.kind === 'stream') for await (const chunk of response.body.stream) text += chunk;
  return { ...response, text };
}

test('links and redirects lead through the proxy', async () => {
  assert.equal((await ask('GET', `${prefix}/page`)).text, `<a href="${prefix}/rewriteme">test</a>`);
  const redirect = await ask('GET', `${prefix}/redirect/here/`);
  assert.deepEqual([redirect.status, redirect.headers.location], [302, `${prefix}/page`]);
});

for (const method of ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']) {
  test(`${method} with a path is passed on`, async () => {
    const { status, text } = await ask(method, `${prefix}/some/path`);
    assert.deepEqual([status, text], [200, method === 'HEAD' ? '' : `${method} /some/path`]);
  });
}

test('a body whose length nobody says is the body of its own request, never the next one', async () => {
  for (const method of ['DELETE', 'GET', 'POST']) {
    const smuggled = 'GET /page HTTP/1.1\r\nHost: web\r\n\r\n';
    const streamed = streamedBody(Readable.from([Buffer.from(smuggled)]), undefined);
    const { status, text } = await ask(method, `${prefix}/body`, streamed);
    assert.deepEqual([status, text], [200, smuggled], method);
    assert.equal((await ask('GET', `${prefix}/after`)).text, 'GET /after');
    const value = await ask(method, `${prefix}/body`, {
      kind: 'value',
      value: { a: 1 },
    } as ServerRequest['body']);
    assert.equal(value.text, '{"a":1}');
  }
});

test('without a slash at the end GET and HEAD are redirected, other methods passed on', async () => {
  const { status, headers } = await ask('GET', prefix);
  assert.deepEqual([status, headers.location], [301, `${prefix}/`]);
  assert.equal((await ask('HEAD', prefix)).status, 301);
  assert.equal((await ask('POST', prefix)).text, 'POST /');
});
