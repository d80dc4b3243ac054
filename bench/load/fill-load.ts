/**
 * Fills an API server: nodes, then pods as their ReplicaSet makes them and their kubelet reports them, and
 * ConfigMaps of 1 kB. Prints one line of JSON when all is there. With `stay` the nodes go on reporting until stdin
 * ends. Usage: node bench/load/fill-load.ts PODS CONFIGMAPS [stay]
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const [, , podsText = '10000', mapsText = '10000', stay] = process.argv;
const namespace = 'bench';
const nodeCount = 100;
const connections = 16;
const access = readAccess();
const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(access)));

type Send = (connection: HttpConnection, n: number) => Promise<void>;

async function spread(count: number, send: Send): Promise<void> {
  let next = 0;
  const work = async (connection: HttpConnection) => {
    for (let n = next++; n < count; n = next++) await send(connection, n);
  };
  await Promise.all(opened.map(work));
}

async function request(connection: HttpConnection, method: string, path: string, value: object) {
  const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
  const { status, body } = await connection.request(method, path, JSON.stringify(value), type);
  if (status > 299 && status !== 409) throw new Error(`${method} ${path}: ${status} ${body}`);
}

function post(connection: HttpConnection, path: string, kind: string, name: string, rest: object) {
  return request(connection, 'POST', path, { apiVersion: 'v1', kind, metadata: { name }, ...rest });
}

const nodeName = (n: number) => `node-${n % nodeCount}`;

function podOf(n: number) {
  const web = `web-${n % 200}`;
  return {
    metadata: {
      name: `${web}-7d4b9c6f5d-${n.toString(36).padStart(5, '0')}`,
      labels: { app: web, 'pod-template-hash': '7d4b9c6f5d' },
    },
    spec: {
      nodeName: nodeName(n),
      // Nobody reports for these nodes: their pods are to stay all the same.
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'web',
          image: `registry.example/shop/${web}:1.4.2`,
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
        },
      ],
    },
  };
}

function statusOf(n: number) {
  const time = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const ip = `10.244.${n % nodeCount}.${2 + (Math.floor(n / nodeCount) % 250)}`;
  const condition = (type: string) => ({
    type,
    status: 'True',
    lastTransitionTime: time,
    observedGeneration: 1,
  });
  const id = n.toString(16).padStart(64, '0');
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    hostIP: '172.30.0.2',
    hostIPs: [{ ip: '172.30.0.2' }],
    startTime: time,
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
      condition,
    ),
    containerStatuses: [
      {
        name: 'web',
        image: `registry.example/shop/web-${n % 200}:1.4.2`,
        imageID: `registry.example/shop/web@sha256:${id}`,
        containerID: `containerd://${id}`,
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: time } },
      },
    ],
  };
}

let leaving = false;

/** Renews the nodes' leases until the end, and once more: silent nodes are cleared of their pods. */
async function beat(): Promise<void> {
  for (let last = false; !last; ) {
    last = leaving;
    for (let n = 0; n < nodeCount; n++) {
      const renewTime = new Date().toISOString().replace('Z', '000Z');
      await request(heart, 'PATCH', `${leases}/${nodeName(n)}`, { spec: { renewTime } });
    }
    await sleep(last ? 0 : 5000);
  }
}

const pods = `/api/v1/namespaces/${namespace}/pods`;
await post(opened[0]!, '/api/v1/namespaces', 'Namespace', namespace, {});
// A controller's work, where there is one; pods have to have it.
await post(opened[0]!, `/api/v1/namespaces/${namespace}/serviceaccounts`, 'ServiceAccount', 'default', {});
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
await spread(nodeCount, async (connection, n) => {
  const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] };
  await post(connection, '/api/v1/nodes', 'Node', nodeName(n), { status });
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: nodeName(n) } };
  await request(connection, 'POST', leases, lease);
});
const heart = await HttpConnection.open(access);
const beating = beat();
await spread(Number(mapsText), (connection, n) =>
  post(connection, `/api/v1/namespaces/${namespace}/configmaps`, 'ConfigMap', `object-${n}`, {
    data: { data: 'x'.repeat(1000) },
  }),
);
await spread(Number(podsText), async (connection, n) => {
  const pod = podOf(n);
  await request(connection, 'POST', pods, { apiVersion: 'v1', kind: 'Pod', ...pod });
  await request(connection, 'PATCH', `${pods}/${pod.metadata.name}/status`, { status: statusOf(n) });
});
for (const connection of opened) connection.close();
console.log(JSON.stringify({ pods: Number(podsText), configMaps: Number(mapsText) }));
if (stay) await once(process.stdin.resume(), 'end');
leaving = true;
await beating;
heart.close();
