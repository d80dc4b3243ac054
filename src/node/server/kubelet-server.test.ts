import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestPair } from '../../apiserver/testing/pki.ts';
import { TestAuthority } from '../../apiserver/testing/pki.ts';
import { testAuthority } from '../../testing/node-fixture.ts';
import { ask, startKubelet } from '../../testing/test-kubelet.ts';

const question = '/causeway/service-rules?written=7';

test('the kubelet API answers the API server and administrators, and other nodes one question', async t => {
  const kubelet = await startKubelet(t);
  const ours = await testAuthority();
  const theirs = await TestAuthority.create();
  const server = await ours.issue('CN=kube-apiserver-kubelet-client');
  const node = await ours.issue('O=system:nodes, CN=system:node:n2');
  const forbidden = /Forbidden \(user=system:node:n2/;
  const rows: [who: string, pair: TestPair | undefined, path: string, status: number, body: RegExp][] = [
    ['nobody', undefined, '/healthz', 401, /Unauthorized/],
    ['nobody', undefined, question, 401, /Unauthorized/],
    ['another CA', await theirs.issue('O=system:masters, CN=x'), '/healthz', 401, /Unauthorized/],
    ['a node of another CA', await theirs.issue('O=system:nodes, CN=system:node:n2'), question, 401, /Una/],
    ['another node', node, question, 200, /^$/],
    ['another node', node, '/causeway/service-rules?written=x', 400, /not a resourceVersion/],
    ['another node', node, '/causeway/service-rules', 400, /not a resourceVersion/],
    ['another node', node, '/causeway/service-rules/', 403, forbidden],
    ['another node', node, '/causeway/decisions', 403, forbidden],
    ['another node', node, '/pods', 403, forbidden],
    ['another node', node, '/configz', 403, forbidden],
    ['another node', node, '/containerLogs/default/none/c', 403, forbidden],
    ['another node', node, '/exec/default/none/c?command=sh', 403, forbidden],
    ['another node', node, '/healthz', 403, forbidden],
    ['a node by its name alone', await ours.issue('CN=system:node:n2'), question, 403, forbidden],
    ['one of the group alone', await ours.issue('O=system:nodes, CN=eve'), question, 403, /user=eve/],
    ['a user', await ours.issue('O=dev, CN=eve'), '/healthz', 403, /Forbidden/],
    ['administrator', await ours.issue('O=system:masters, CN=admin'), '/healthz', 200, /^ok$/],
    [
      'API server',
      server,
      '/configz',
      200,
      /"kubeletconfig":\{.*"maxPods":110,.*"containerLogMaxSize":"10Mi"/,
    ],
    ['API server', server, '/pods', 200, /"kind":"PodList"/],
    ['API server', server, '/stats/summary', 200, /"nodeName":"n1"/],
    ['API server', server, '/metrics', 200, /kubelet_running_pods 0/],
    ['API server', server, '/causeway/decisions', 200, /"decisions":\[/],
    ['API server', server, '/containerLogs/default/none/c', 404, /pod "none_default" does not exist/],
    ['API server', server, '/exec/default/none/c?command=sh', 400, /Upgrade request required/],
    ['API server', server, '/nothing', 404, /404 page not found/],
  ];
  for (const [who, pair, path, status, body] of rows) {
    const answer = await ask(kubelet, { path, pair });
    assert.equal(answer.status, status, `${who} ${path}`);
    assert.match(answer.body, body, `${who} ${path}`);
  }
  const posted = await ask(kubelet, { path: question, pair: node, method: 'POST' });
  assert.equal(posted.status, 403);
});

test('a question that is not answered in 2 s is over, and a client has four at a time', async t => {
  let held = 0;
  const kubelet = await startKubelet(t, {
    whenReleased: async () => undefined,
    whenWritten: async (_, signal) => {
      held++;
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      held--;
      return false;
    },
  });
  const ours = await testAuthority();
  const pair = await ours.issue('O=system:nodes, CN=system:node:n2');
  const statuses = () => Promise.all(Array.from({ length: 4 }, () => ask(kubelet, { path: question, pair })));
  const first = statuses();
  while (held < 4) await new Promise(resolve => setTimeout(resolve, 2));
  assert.equal((await ask(kubelet, { path: question, pair })).status, 429);
  const other = ask(kubelet, {
    path: question,
    pair: await ours.issue('O=system:nodes, CN=system:node:n3'),
  });
  while (held < 5) await new Promise(resolve => setTimeout(resolve, 2));
  await kubelet.clock.advance(2_000);
  for (const { status } of [...(await first), await other]) assert.equal(status, 504);
  assert.equal(held, 0);
});
