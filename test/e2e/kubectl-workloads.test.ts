import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from './cluster.ts';

/** The workload kinds end to end, and what a user sees of pods that can't run and of objects that are refused. */

const cluster = new TestCluster('e2e-work');

before(async () => {
  const up = await cluster.up();
  assert.equal(up.code, 0, up.stderr);
});

after(() => cluster.delete());

/**
 * Runs lines; each has to answer with what stands beside it and, where it is given, the exit code. Events are waited
 * for: they are told of after the fact.
 */
async function answers(rows: [line: string, expected: RegExp, code?: number][]): Promise<void> {
  for (const [line, expected, code = 0] of rows) {
    if (line.startsWith('k get events')) await cluster.until(line.slice(2), expected);
    const result = await cluster.shell(line);
    assert.match(result.stdout + result.stderr, expected, line);
    assert.equal(result.code, code, `${line}\n${result.stdout}${result.stderr}`);
  }
}

const apply = (...objects: object[]) => cluster.apply(...objects);

/** What the API says to a manifest it refuses. */
async function refusal(object: object, options = ''): Promise<string> {
  const { code, stderr } = await cluster.kubectl(`create -f - ${options}`.trim(), JSON.stringify(object));
  assert.equal(code, 1);
  return stderr;
}

const short = { terminationGracePeriodSeconds: 1 };

function pod(name: string, container: object, spec: object = {}) {
  const containers = [{ name: 'c', image: 'busybox', ...container }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...short, containers, ...spec } };
}

test('what a StatefulSet writes outlives its pods, and goes with its claims', async () => {
  const data = { mountPath: '/data', name: 'data' };
  const command = ['sh', '-c', 'echo $HOSTNAME >> /data/log; sleep 1000'];
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const labels = { app: 'db' };
  await apply({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      ...{ serviceName: 'db', replicas: 2, selector: { matchLabels: labels } },
      template: {
        metadata: { labels },
        spec: { ...short, containers: [{ name: 'c', image: 'busybox', command, volumeMounts: [data] }] },
      },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
    },
  });
  await answers([
    [
      'k get storageclass',
      /^standard \(default\) +causeway\.dev\/node-folder +Delete +WaitForFirstConsumer/m,
    ],
    ['k rollout status statefulset/db --timeout=60s', /2 new pods have been updated/],
    ['k get pvc data-db-1 --no-headers', /^data-db-1 +Bound +pvc-\S+ +1Gi +RWO +standard/],
    ['k delete pod db-0', /deleted\n$/],
    ['k rollout status statefulset/db --timeout=60s', /2 new pods have been updated/],
    ['k exec db-0 -- cat /data/log', /^db-0\ndb-0\n$/],
    ['k delete statefulset/db', /deleted\n$/],
    ['k wait pod -l app=db --for=delete --timeout=30s', /^(pod\/db-\d condition met\n)*$/],
    ['k get pv --no-headers | grep -c Bound', /^2\n$/],
    [
      'k delete pvc -l app=db && k wait pv --all --for=delete --timeout=30s && k get pv',
      /No resources found\n$/,
    ],
  ]);
});

test('a container gets more memory while it runs', async () => {
  const resources = { requests: { memory: '16Mi' }, limits: { memory: '32Mi' } };
  await apply(pod('grows', { command: ['sleep', '1000'], resources }));
  const more = { containers: [{ name: 'c', resources: { limits: { memory: '48Mi' } } }] };
  const limit = '{.status.containerStatuses[0].resources.limits.memory}';
  await answers([
    ['k wait pod/grows --for=condition=Ready --timeout=30s', /condition met\n$/],
    [`k patch pod grows --subresource resize -p '${JSON.stringify({ spec: more })}'`, /patched\n$/],
    [`k wait pod/grows --for=jsonpath='${limit}'=48Mi --timeout=30s`, /condition met\n$/],
    ['k get pod grows -o jsonpath={.status.containerStatuses[0].restartCount}', /^0$/],
    [
      'k exec grows -- sh -c "cat /sys/fs/cgroup/memory/memory.limit_in_bytes || cat /sys/fs/cgroup/memory.max" 2>/dev/null',
      /^50331648\n$/,
    ],
    ['k delete pod grows', /deleted\n$/],
  ]);
});

test('Deployment: roll out, history, undo, pause, scale', () =>
  answers([
    ['k create deployment web --image=nginx --replicas=2', /^deployment\.apps\/web created\n$/],
    ['k rollout status deployment/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
    ['k set image deployment/web nginx=nginx:1.25', /^deployment\.apps\/web image updated\n$/],
    ['k rollout status deployment/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
    ['k rollout history deployment/web', /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/],
    ['k rollout undo deployment/web', /^deployment\.apps\/web rolled back\n$/],
    ['k rollout status deployment/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
    ['k get deployment web -o jsonpath={.spec.template.spec.containers[0].image}', /^nginx$/],
    ['k rollout pause deployment/web', /paused\n$/],
    ['k set env deployment/web A=B', /env updated\n$/],
    ['k get rs -l app=web -o name | wc -l', /^2\n$/],
    ['k rollout resume deployment/web', /resumed\n$/],
    ['k rollout status deployment/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
    ['k scale deployment/web --replicas=1', /^deployment\.apps\/web scaled\n$/],
    ['k wait deployment/web --for=jsonpath={.status.replicas}=1 --timeout=30s', /condition met/],
    [
      'k delete deployment web --cascade=foreground',
      /^deployment\.apps "web" deleted( from default namespace)?\n$/,
    ],
    ['k get rs -l app=web', /^No resources found in default namespace\.\n$/],
  ]));

test('StatefulSet, DaemonSet, Job and CronJob', async () => {
  const template = {
    metadata: { labels: { a: 'b' } },
    spec: { ...short, containers: [{ name: 'c', image: 'nginx' }] },
  };
  const selector = { matchLabels: { a: 'b' } };
  const meta = { apiVersion: 'apps/v1', metadata: { name: 'x' } };
  await apply(
    { ...meta, kind: 'StatefulSet', spec: { serviceName: 'x', replicas: 2, selector, template } },
    { ...meta, kind: 'DaemonSet', spec: { selector, template } },
  );
  await answers([
    ['k rollout status sts/x --timeout=60s', /2 new pods have been updated\.\.\.\n$/],
    ['k rollout status ds/x --timeout=60s', /daemon set "x" successfully rolled out\n$/],
    ['k get sts,ds --no-headers', /statefulset\.apps\/x +2\/2 .*daemonset\.apps\/x +2 +2 +2 +2 +2 /s],
    ['k get pods x-0 x-1 --no-headers', /x-0 +1\/1 +Running.*x-1 +1\/1 +Running/s],
    ['k create job j --image=busybox -- echo done', /^job\.batch\/j created\n$/],
    ['k wait job/j --for=condition=complete --timeout=30s', /condition met/],
    ['k logs job/j', /^done\n$/],
    ["k create cronjob cj --image=busybox --schedule='0 0 1 1 *' -- date", /^cronjob\.batch\/cj created\n$/],
    ['k create job now --from=cronjob/cj', /^job\.batch\/now created\n$/],
    ['k wait job/now --for=condition=complete --timeout=30s', /condition met/],
    ['k get job now --no-headers', /^now +Complete +1\/1 /],
    ['k delete sts/x ds/x job/j job/now cronjob/cj', /deleted/],
  ]);
});

test('pods that cannot run say why', async () => {
  const never = { restartPolicy: 'Never' };
  await apply(
    pod('image', { image: 'docker.io/library/does-not-exist:9' }),
    pod('crash', { command: ['sh', '-c', 'echo boom; exit 3'] }),
    pod('error', { command: ['false'] }, never),
    pod('ended', { command: ['true'] }, { ...never, hostNetwork: true }),
    pod('command', { command: ['/nope'] }, never),
    pod('config', { envFrom: [{ configMapRef: { name: 'missing' } }] }),
    pod('large', { resources: { requests: { cpu: '100' } } }),
    pod('selected', {}, { nodeSelector: { disk: 'ssd' } }),
    pod('init', {}, { initContainers: [{ name: 'i', image: 'busybox', command: ['false'] }] }),
  );
  const reason = (name: string, word: string) =>
    `k wait pod/${name} --for=jsonpath='{.status.containerStatuses[0].state.*.reason}'=${word} --timeout=60s`;
  const events = (name: string) =>
    `k get events --field-selector involvedObject.name=${name} -o custom-columns=R:.reason,M:.message`;
  await answers([
    [reason('image', 'ImagePullBackOff'), /condition met/],
    [events('image'), /Failed +Error: ErrImagePull\n.*BackOff +Back-off pulling image "docker\.io/s],
    [reason('crash', 'CrashLoopBackOff'), /condition met/],
    ['k get pod crash --no-headers', /^crash +0\/1 +CrashLoopBackOff +[1-9]/],
    ['k logs crash --previous', /^boom\n$/],
    [events('crash'), /BackOff +Back-off restarting failed container c in pod crash_default\(/],
    [reason('error', 'Error'), /condition met/],
    [reason('ended', 'Completed'), /condition met/],
    ['k get pod ended -o jsonpath={.status.podIP}', /^172\.30\.0\.\d+$/],
    [reason('command', 'StartError'), /condition met/],
    ['k get pod command --no-headers', /^command +0\/1 +StartError +0 /],
    [events('command'), /Failed +Error: failed to create containerd task: .*exec: "\/nope"/],
    [reason('config', 'CreateContainerConfigError'), /condition met/],
    [events('config'), /Failed +Error: configmap "missing" not found\n/],
    [events('large'), /FailedScheduling +0\/2 nodes are available: 2 Insufficient cpu\./],
    [
      events('selected'),
      /0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\./,
    ],
    [
      "k wait pod/init --for=jsonpath='{.status.initContainerStatuses[0].state.*.reason}'=CrashLoopBackOff --timeout=60s",
      /met/,
    ],
    ['k get pod init --no-headers', /^init +0\/1 +Init:(CrashLoopBackOff|Error) +[1-9]/],
    ['k delete pods --all --now', /pod "config" deleted/],
  ]);
});

test('manifests are refused with the path of the field', async () => {
  const wrong = pod('x', { image: '', ports: [{ containerPort: 70000 }] }, { restartPolicy: 'Sometimes' });
  assert.deepEqual((await refusal(wrong)).trimEnd().split('\n'), [
    'The Pod "x" is invalid: ',
    '* spec.containers[0].image: Required value',
    '* spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    '* spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ]);
  const unknown = pod('x', { imagee: 'y' });
  assert.match(
    await refusal(unknown),
    /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"\n$/,
  );
  const warned = await cluster.kubectl(
    'create --dry-run=server --validate=warn -f -',
    JSON.stringify(unknown),
  );
  assert.equal(warned.stderr, 'Warning: unknown field "spec.containers[0].imagee"\n');
  const typed = pod('x', { env: [{ name: 'A', value: 1 }] });
  assert.match(
    await refusal(typed),
    /\(BadRequest\): .*cannot unmarshal number into Go struct field EnvVar\.spec\.containers\.env\.value of type string/,
  );
});

test('what is not there, there already, changed meanwhile or too large', () =>
  answers([
    ['k delete pod nope', /^Error from server \(NotFound\): pods "nope" not found\n$/, 1],
    ['k run x --image=nginx -n nope', /^Error from server \(NotFound\): namespaces "nope" not found\n$/, 1],
    [
      'k create ns default',
      /^Error from server \(AlreadyExists\): namespaces "default" already exists\n$/,
      1,
    ],
    [
      'k create cm c --from-literal=a=b && k get cm c -o json | sed \'s/"resourceVersion": .*"/"resourceVersion": "1"/\' | k replace -f -',
      /\(Conflict\): .*Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again\n$/,
      1,
    ],
    [
      `head -c 1200000 /dev/zero | tr '\\0' a >${cluster.scratch}/a; k create cm big --from-file=${cluster.scratch}/a`,
      /ConfigMap "big" is invalid: \[\]: Too long: may not be more than 1048576 bytes\n$/,
      1,
    ],
    [
      `head -c 4000000 /dev/zero | tr '\\0' a >${cluster.scratch}/a; k create cm big --from-file=${cluster.scratch}/a`,
      /Request entity too large: limit is 3145728\n$/,
      1,
    ],
    [
      `k patch svc kubernetes -p '{"spec":{"clusterIP":"1.2.3.4"}}'`,
      /The Service "kubernetes" is invalid: spec\.clusterIPs\[0\]: Invalid value: \["1\.2\.3\.4"\]: may not change once set\n$/,
      1,
    ],
    ['k create ns n && k -n n create deployment d --image=nginx', /created/],
    ['k delete ns n --timeout=60s && k get ns n', /namespaces "n" not found\n$/, 1],
  ]));
