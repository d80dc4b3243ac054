/** What kubectl makes with its typed clients, which speak protobuf, and its other verbs on the results. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
  await ok('create serviceaccount default');
});
after(() => cluster.stop());

async function ok(args: string | string[], input?: string): Promise<string> {
  const list = Array.isArray(args) ? args : args.split(' ');
  const ran = await cluster.run(list, input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${list.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

async function fails(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.notEqual(ran.code, 0, `kubectl ${args} went well: ${ran.stdout}`);
  return ran.stderr;
}

const created: [args: string, kind: string, path: string, value: string][] = [
  ['create secret generic s --from-literal=a=b', 'secret/s', '{.data.a}', 'Yg=='],
  ['create role r --verb=get --verb=list --resource=pods', 'role/r', '{.rules[0].verbs}', '["get","list"]'],
  ['create rolebinding rb --role=r --user=bob', 'rolebinding/rb', '{.subjects[0].name}', 'bob'],
  [
    'create clusterrole cr --verb=get --resource=nodes --resource-name=n1',
    'clusterrole/cr',
    '{.rules[0].resourceNames[0]}',
    'n1',
  ],
  [
    'create deployment web --image=nginx --replicas=0 --port=80',
    'deployment/web',
    '{.spec.replicas}/{.spec.template.spec.containers[0].ports[0].containerPort}',
    '0/80',
  ],
  [
    'create job j --image=busybox -- echo hi',
    'job/j',
    '{.spec.template.spec.restartPolicy}/{.spec.backoffLimit}',
    'Never/6',
  ],
  [
    'create cronjob cj --image=busybox --schedule=@daily -- echo',
    'cronjob/cj',
    '{.spec.schedule}/{.spec.suspend}',
    '@daily/false',
  ],
  [
    'create ingress ing --rule=foo.com/*=svc:80',
    'ingress/ing',
    '{.spec.rules[0].http.paths[0].backend.service.port.number}',
    '80',
  ],
  ['create quota q --hard=pods=2,cpu=1', 'quota/q', '{.spec.hard.pods}/{.spec.hard.cpu}', '2/1'],
  [
    'create poddisruptionbudget p --min-available=50% --selector=app=web',
    'pdb/p',
    '{.spec.minAvailable}',
    '50%',
  ],
  ['create priorityclass pc --value=-5', 'priorityclass/pc', '{.value}/{.globalDefault}', '-5/'],
  [
    'create service clusterip svc --tcp=5678:8080',
    'service/svc',
    '{.spec.ports[0].targetPort}/{.spec.type}',
    '8080/ClusterIP',
  ],
  ['create service externalname ext --external-name=a.b.c', 'service/ext', '{.spec.externalName}', 'a.b.c'],
  [
    'autoscale deployment web --min=1 --max=3 --cpu-percent=50',
    'hpa/web',
    '{.spec.maxReplicas}/{.spec.metrics[0].resource.target.averageUtilization}',
    '3/50',
  ],
];
for (const [args, name, path, value] of created) {
  test(`kubectl ${args}`, async () => {
    await ok(args);
    assert.equal(await ok(['get', name, '-o', `jsonpath=${path}`]), value);
  });
}

test('a manifest is checked: unknown fields, wrong types, wrong values', async () => {
  const pod = (spec: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec });
  const containers = [{ name: 'c', image: 'i' }];
  assert.match(
    await fails('apply -f -', pod({ containers, frob: 1 })),
    /strict decoding error: unknown field "spec\.frob"/,
  );
  assert.match(
    await fails('create --validate=false -f -', pod({ containers: 'x' })),
    /cannot unmarshal string into Go struct field PodSpec\.spec\.containers/,
  );
  assert.match(
    await fails('create -f -', pod({ containers: [{ name: 'C_c', image: 'i' }] })),
    /The Pod "bad" is invalid: spec\.containers\[0\]\.name: Invalid value: "C_c"/,
  );
  const warned = await cluster.run(['apply', '--validate=warn', '-f', '-', '--dry-run=server'], {
    input: pod({ containers, frob: 1 }),
  });
  assert.match(warned.stderr, /Warning: unknown field "spec\.frob"/);
});

test('scale, set image, expose, rollout history, explain', async () => {
  await ok('scale deployment web --replicas=3');
  await ok('set image deployment/web nginx=nginx:2');
  assert.equal(
    await ok(
      'get deployment web -o jsonpath={.spec.replicas}/{.spec.template.spec.containers[0].image}/{.metadata.generation}',
    ),
    '3/nginx:2/3',
  );
  await ok('expose deployment web --port=80');
  assert.match(await ok('get service web'), /web +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/);
  assert.match(await ok('explain pod.spec.nodeName'), /FIELD: nodeName <string>/);
});

test('a pod is described, refuses exec while it has no node, and goes', async () => {
  await ok('run p1 --image=nginx --restart=Never --labels=x=y --env=A=B');
  assert.match(await ok('get pod p1'), /p1 +0\/1 +Pending +0/);
  assert.match(await ok('describe pod p1'), /Service Account: +default[\s\S]*kube-api-access-/);
  assert.match(await fails('exec p1 -- ls'), /pod p1 does not have a host assigned/);
  assert.match(await ok('delete pod p1'), /pod "p1" deleted/);
  assert.match(await fails('get pod p1'), /pods "p1" not found/);
});

test('drain evicts, honours budgets, cordons', async () => {
  await ok('create -f -', JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }));
  await ok('run d1 --image=i --restart=Never');
  await ok(
    ['create', '--raw', '/api/v1/namespaces/default/pods/d1/binding', '-f', '-'],
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'd1' },
      target: { kind: 'Node', name: 'n1' },
    }),
  );
  await ok([
    'patch',
    'pod',
    'd1',
    '--subresource=status',
    '--type=merge',
    '-p',
    '{"status":{"phase":"Succeeded"}}',
  ]);
  const drained = await ok('drain n1 --force --timeout=20s');
  assert.match(drained, /evicting pod default\/d1|pod\/d1 evicted/);
  assert.equal(await ok('get node n1 -o jsonpath={.spec.unschedulable}'), 'true');
  await ok('uncordon n1');
  await ok('taint nodes n1 a=b:NoSchedule');
  assert.match(await ok('get node n1 -o jsonpath={.spec.taints[*].key}'), /\ba\b/);
});

test('users: tokens, impersonation, can-i, whoami', async () => {
  const token = (await ok('create token default')).trim();
  cluster.writeKubeconfig('default-account', { token });
  const asAccount = (args: string) => cluster.run(args.split(' '), { user: 'default-account' });
  assert.match(
    (await asAccount('get pods')).stderr,
    /User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"/,
  );
  assert.match((await asAccount('auth whoami')).stdout, /system:serviceaccount:default:default/);
  assert.match(await ok('auth can-i get pods --as=bob'), /^yes/);
  assert.equal(await fails('auth can-i delete pods --as=bob'), '');
  assert.match(await ok('auth can-i --list --as=bob'), /pods +\[\] +\[\] +\[get list\]/);
});

test('dry run, replace, diff, edit, wait for deletion', async () => {
  assert.match(
    await ok('create configmap dry --from-literal=a=b --dry-run=server'),
    /created \(server dry run\)/,
  );
  await fails('get configmap dry');
  const map = (value: string) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'edited' }, data: { value } });
  await ok('create -f -', map('1'));
  assert.match(await ok('replace -f -', map('2')), /replaced/);
  const diff = await cluster.run(['diff', '-f', '-'], { input: map('3') });
  assert.equal(diff.code, 1);
  assert.match(diff.stdout, /\+ +value: "3"/);
  const waiting = ok('wait --for=delete configmap/edited --timeout=20s');
  await ok('delete configmap edited');
  await waiting;
});
