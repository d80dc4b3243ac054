import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from './cluster.ts';

/** The verbs of kubectl on what runs, with the output that a user of Kubernetes knows. */

const cluster = new TestCluster('e2e-verbs');

const web = `
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {colour: red}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: nginx
    image: nginx
    ports: [{containerPort: 80, name: http}]
  - name: side
    image: busybox
    command: [sh, -c, 'i=0; while true; do echo line $i; i=$((i+1)); sleep 1; done']
`;

before(async () => {
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
  const applied = await cluster.kubectl('apply -f -', web);
  assert.equal(applied.stdout, 'configmap/conf created\npod/web created\n', applied.stderr);
  await shell('k wait --for=condition=Ready pod/web --timeout=60s');
});

after(() => cluster.delete());

/** Runs a line that has to succeed. */
async function shell(line: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.shell(line);
  assert.equal(code, 0, `${line}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** Runs lines; each has to answer with what stands beside it and, where it is given, the exit code. */
async function answers(rows: [line: string, expected: RegExp, code?: number][]): Promise<void> {
  for (const [line, expected, code = 0] of rows) {
    const result = await cluster.shell(line);
    assert.match(result.stdout + result.stderr, expected, line);
    assert.equal(result.code, code, `${line}\n${result.stderr}`);
  }
}

test('get in its formats, describe, events', () =>
  answers([
    ['k get pod web', /^NAME +READY +STATUS +RESTARTS +AGE\nweb +2\/2 +Running +0 +\d+s\n$/],
    ['k get pod web -o wide', /NOMINATED NODE +READINESS GATES\nweb .* 10\.244\.\S+ +e2e-verbs-\w+-\d /],
    ["k get pods -l 'app in (web)' -o name", /^pod\/web\n$/],
    ["k get pods --field-selector status.phase=Running -o jsonpath='{.items[*].metadata.name}'", /^web$/],
    ['k get pods -o custom-columns=N:.metadata.name,P:.status.phase', /^N +P\nweb +Running\n$/],
    ['k get pods --field-selector foo=bar', /\(BadRequest\): .*field label not supported: foo/, 1],
    ['k get pods -n nope', /^No resources found in nope namespace\.\n$/],
    ['k describe pod web', /Successfully assigned default\/web to e2e-verbs-\w+-\d/],
    [`k describe node ${cluster.node(1)}`, /Ready +True .* KubeletReady +kubelet is posting ready status/],
    ['k events --for pod/web', /Started +Pod\/web/],
    [
      'k explain pod.spec.containers.ports',
      /FIELD: ports <\[\]ContainerPort>.*containerPort\t<integer> -required-/s,
    ],
    ['k top nodes', /^NAME +CPU\(cores\) +CPU\(%\).*\n(e2e-verbs-\S+ +\d+m +\d+% +\d+Mi +\d+% +\n){2}$/],
  ]));

test('edit, patch, label, annotate, diff', () =>
  answers([
    ['EDITOR="sed -i s/red/blue/" k edit cm conf', /^configmap\/conf edited\n$/],
    ['k get cm conf -o jsonpath={.data.colour}', /^blue$/],
    ['EDITOR=true k edit cm conf', /^Edit cancelled, no changes made\.\n$/],
    [`k patch cm conf -p '{"data":{"a":"1"}}'`, /^configmap\/conf patched\n$/],
    [`k patch cm conf --type merge -p '{"data":{"a":null}}'`, /patched\n$/],
    [
      `k patch cm conf --type json -p '[{"op":"test","path":"/data","value":{"colour":"blue"}}]'`,
      /no change/,
    ],
    [
      'k label pod web app=other',
      /^error: 'app' already has a value \(web\), and --overwrite is false\n$/,
      1,
    ],
    ['k label pod web tier=front', /^pod\/web labeled\n$/],
    ['k annotate pod web a=b --resource-version=1', /\(Conflict\): .*the object has been modified/, 1],
    [
      'k create cm conf --from-literal=colour=green --dry-run=client -o yaml | k diff -f -',
      /\+ {2}colour: green/,
      1,
    ],
  ]));

test('logs and exec', () =>
  answers([
    ['k logs web -c side --tail=1', /^line \d+\n$/],
    ['k logs web -c side --tail=1 --timestamps', /^\d{4}-\d\d-\d\dT\S+Z line \d+\n$/],
    ['k logs -l app=web --all-containers --prefix --tail=1', /\[pod\/web\/side\] line \d+/],
    ['timeout 3 kubectl logs -f web -c side --tail=1', /line \d+\nline \d+\n/, 124],
    [
      'k logs web -c side -p',
      /\(BadRequest\): previous terminated container "side" in pod "web" not found/,
      1,
    ],
    ['k exec web -c side -- sh -c "exit 7"', /^command terminated with exit code 7\n$/, 7],
    ['echo hi | k exec -i web -c side -- cat', /^hi\n$/],
    ['k exec web -- nope', /exec: "nope": executable file not found in \$PATH/, 1],
    ['k exec web -c nope -- ls', /container nope is not valid for pod web/, 1],
  ]));

test('exec and run in a terminal', async () => {
  const inside = await cluster.terminal('kubectl exec -it web -c side -- sh -c "tty; exit 3"');
  assert.match(inside.stdout, /\/dev\/pts\/0\r\ncommand terminated with exit code 3/);
  assert.equal(inside.code, 3);
  const failed = await cluster.shell(
    'k run r --image=busybox --rm -i --restart=Never -- sh -c "echo out; exit 4"',
  );
  // kubectl 1.36.0 shows the log twice where it could not attach (kubernetes/kubectl#1848).
  assert.match(failed.stdout, /^(out\n)+pod "r" deleted/);
  assert.equal(failed.code, 4, failed.stderr);
  await shell('k run att --image=busybox -i --restart=Never --attach=false -- sh -c "read l; echo got \\$l"');
  await shell('k wait pod/att --for=condition=Ready --timeout=30s');
  assert.match(await shell('echo hello | k attach att -i'), /got hello/);
});

test('cp both ways, with the tar of the images', async () => {
  const folder = cluster.scratch;
  await shell(`mkdir -p ${folder}/d/sub && echo 1 >${folder}/d/a && echo 2 >${folder}/d/sub/b`);
  for (const container of ['nginx', 'side']) {
    await shell(`k cp ${folder}/d web:/tmp/d -c ${container}`);
    await shell(`k cp web:/tmp/d ${folder}/${container} -c ${container}`);
    assert.equal(await shell(`diff -r ${folder}/d ${folder}/${container}`), '');
  }
  assert.match(await shell('k exec web -c nginx -- hostname'), /^web\n$/);
});

test('port-forward to a pod and a Service', async () => {
  await shell('k expose pod web --port=8080 --target-port=http');
  for (const [target, local] of [
    ['pod/web 18080:http', 18080],
    ['service/web 18081:8080', 18081],
  ] as const) {
    const forward = cluster.follow(`port-forward ${target}`);
    const gone = new Promise(resolve => forward.once('close', resolve));
    try {
      await new Promise<void>((resolve, reject) => {
        forward.stdout.on('data', data => /Forwarding/.test(String(data)) && resolve());
        forward.once('close', () => reject(new Error(`port-forward ${target} ended`)));
      });
      assert.match(await shell(`curl -s http://127.0.0.1:${local}/`), /Welcome to nginx!/);
    } finally {
      forward.kill();
      await gone;
    }
  }
});

test('auth can-i knows the rules of users and of masters', async () => {
  await shell('k create role reader --verb=get,list --resource=pods');
  await shell('k create rolebinding bob --role=reader --user=bob');
  await answers([
    ['k auth can-i list pods --as bob', /^yes\n$/],
    ['k auth can-i list pods --as bob -n kube-system', /^no\n$/, 1],
    ['k auth can-i --list', /\*\.\* .*\[\*\].*selfsubjectreviews\.authentication\.k8s\.io .*\[create\]/s],
    [
      'k get secrets --as bob',
      /^Error from server \(Forbidden\): secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" in the namespace "default"\n$/,
      1,
    ],
  ]);
});

test('cordon, taint, drain', async () => {
  const node = cluster.node(1);
  await answers([
    [`k taint node ${node} k=v:NoSchedule`, /^node\/e2e-verbs-\w+-1 tainted\n$/],
    [`k taint node ${node} k-`, /^node\/e2e-verbs-\w+-1 untainted\n$/],
    ['k delete pod web att', /^pod "web" deleted.*\npod "att" deleted.*\n$/],
    ['k create deployment d --image=nginx --replicas=3', /^deployment\.apps\/d created\n$/],
    ['k rollout status deployment/d --timeout=60s', /deployment "d" successfully rolled out\n$/],
    [`k drain ${node} --timeout=60s`, /^node\/e2e-verbs-\w+-1 cordoned\n.*node\/e2e-verbs-\w+-1 drained\n$/s],
    [`k get node ${node} --no-headers`, /Ready,SchedulingDisabled/],
    ['k rollout status deployment/d --timeout=60s', /deployment "d" successfully rolled out\n$/],
    [
      'k get pods -l app=d -o jsonpath=\'{range .items[*]}{.spec.nodeName}{"\\n"}{end}\' | sort -u',
      /^e2e-verbs-\w+-2\n$/,
    ],
    [`k uncordon ${node}`, /^node\/e2e-verbs-\w+-1 uncordoned\n$/],
  ]);
});
