import { KubectlCluster } from './kubectl.ts';

const cluster = await KubectlCluster.start();
console.log(`KUBECONFIG=${cluster.kubeconfig()}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void cluster.stop());
