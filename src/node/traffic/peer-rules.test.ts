import { testAuthority } from '../../testing/node-fixture.ts';
import { startKubelet } from '../../testing/test-kubelet.ts';
import { peerRulesContract } from './contract.ts';
import { FakePeerRules } from './fake-peer-rules.ts';
import { TlsPeerRules } from './tls-peer-rules.ts';

peerRulesContract('fake', async (_, rules) => {
  const peers = new FakePeerRules();
  peers.rules.set('n1', rules);
  return { peers, peer: { name: 'n1', host: '172.30.0.2', port: 10_250 } };
});

peerRulesContract('TLS', async (t, rules) => {
  const { port, ca } = await startKubelet(t, rules);
  const authority = await testAuthority();
  const peers = new TlsPeerRules({ ca, ...(await authority.issue('O=system:nodes, CN=system:node:n2')) });
  t.after(() => peers.close());
  return { peers, peer: { name: 'n1', host: '127.0.0.1', port } };
});
