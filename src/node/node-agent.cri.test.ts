import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { testImage } from '../cri/test-image.ts';
import { inOwnNamespaces, provideTestImage } from '../cri/test-runtime.ts';
import { RealNode } from '../testing/real-node.ts';

await provideTestImage();
if (await inOwnNamespaces(import.meta.url)) {
  const node = await RealNode.start();
  after(() => node.stop());
  declareTests(node);
}

interface Extra {
  spec?: object;
  container?: object;
}

function pod(name: string, script: string, { spec = {}, container = {} }: Extra = {}): object {
  const main = { name: 'main', image: testImage, command: ['sh', '-c', script], ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1, containers: [main], ...spec },
  };
}

function declareTests(node: RealNode): void {
  const ready = (name: string) => node.k('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=20s');
  const phase = (name: string, wanted: string) =>
    node.k('wait', `--for=jsonpath={.status.phase}=${wanted}`, `pod/${name}`, '--timeout=20s');

  test('the node is Ready', async () => {
    await node.k('wait', '--for=condition=Ready', 'node/n1', '--timeout=10s');
    assert.match(await node.k('get', 'node', 'n1', '-o', 'wide'), /containerd:\/\/1\./);
  });

  test('a pod with config, secrets and downward API sees them', async () => {
    await node.k('create', 'configmap', 'settings', '--from-literal=colour=blue');
    await node.k('create', 'secret', 'generic', 'keys', '--from-literal=token=geheim');
    const script = `echo "$COLOUR $TOKEN $NAME $KUBERNETES_SERVICE_HOST"; cat /config/colour; echo; cat /secret/token; echo;
      cat /info/labels; echo; cat /etc/hosts; cat /etc/resolv.conf; hostname; id -u; cat /part/file; echo; echo done > /dev/termination-log`;
    const mount = (name: string, mountPath: string) => ({ name, mountPath });
    await node.apply(
      pod('sees', script, {
        spec: {
          restartPolicy: 'Never',
          hostname: 'seer',
          volumes: [
            { name: 'config', configMap: { name: 'settings' } },
            { name: 'secret', secret: { secretName: 'keys' } },
            {
              name: 'info',
              downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
            },
            { name: 'scratch', emptyDir: { medium: 'Memory' } },
          ],
        },
        container: {
          env: [
            { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
            { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          securityContext: { runAsUser: 1000 },
          volumeMounts: [
            mount('config', '/config'),
            mount('secret', '/secret'),
            mount('info', '/info'),
            mount('scratch', '/scratch'),
            { name: 'config', mountPath: '/part/file', subPath: 'colour' },
          ],
        },
      }),
    );
    await phase('sees', 'Succeeded');
    const log = await node.k('logs', 'sees');
    assert.match(log, /^blue geheim sees 10\.96\.0\.1\nblue\ngeheim\napp="sees"\n/);
    assert.match(log, /10\.88\.0\.\d+\tseer\n/);
    assert.match(
      log,
      /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local.*\nnameserver 10\.96\.0\.10\noptions ndots:5\n/s,
    );
    assert.match(log, /seer\n1000\nblue\n$/);
    const message = await node.k(
      'get',
      'pod',
      'sees',
      '-o',
      'jsonpath={.status.containerStatuses[0].state.terminated.message}',
    );
    assert.equal(message, 'done\n');
  });

  test('logs and exec', async () => {
    await node.apply(
      pod('works', 'echo one; echo two; echo served > /index.html; exec httpd -f -p 8080 -h /'),
    );
    await ready('works');
    assert.equal(await node.k('logs', 'works'), 'one\ntwo\n');
    assert.equal(await node.k('logs', 'works', '--tail=1'), 'two\n');
    assert.match(
      await node.k('logs', 'works', '--timestamps', '--limit-bytes=15'),
      /^\d{4}-\d\d-\d\dT\d\d:\d/,
    );
    assert.equal(await node.k('exec', 'works', '--', 'echo', 'hello there'), 'hello there\n');
    const failed = await node.kubectl(['exec', 'works', '--', 'sh', '-c', 'echo bad >&2; exit 7']);
    assert.equal(failed.code, 7);
    assert.match(failed.stderr, /^bad\n/);
    const piped = await node.kubectl(['exec', '-i', 'works', '--', 'cat'], 'through stdin');
    assert.equal(piped.stdout, 'through stdin');
  });

  test('all containers begin anew in their sandbox, with their volumes', async () => {
    const volumeMounts = [{ name: 'work', mountPath: '/work' }];
    const command = (script: string) => ({ image: testImage, command: ['sh', '-c', script], volumeMounts });
    await node.apply(
      pod('anew', 'if [ -f /work/once ]; then exec sleep 1000; fi; touch /work/once; exit 42', {
        spec: {
          restartPolicy: 'Never',
          volumes: [{ name: 'work', emptyDir: {} }],
          initContainers: [{ name: 'init', ...command('echo init >> /work/inits') }],
        },
        container: {
          restartPolicy: 'Never',
          restartPolicyRules: [
            { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } },
          ],
          volumeMounts,
        },
      }),
    );
    const count = 'jsonpath={.status.containerStatuses[0].restartCount}';
    await node.k('wait', `--for=${count}=1`, 'pod/anew', '--timeout=20s');
    await ready('anew');
    assert.equal(await node.k('exec', 'anew', '--', 'cat', '/work/inits'), 'init\ninit\n');
    const told = await node.k(
      'get',
      'pod',
      'anew',
      '-o',
      'jsonpath={.status.initContainerStatuses[0].restartCount} {.status.containerStatuses[0].lastState.terminated.exitCode}',
    );
    assert.equal(told, '1 42');
  });

  test('the control group of a pod limits what it may use as a whole', async () => {
    const limits = { cpu: '300m', memory: '48Mi' };
    const eats = 'head -c 100m /dev/zero | tail';
    await node.apply(pod('whole', 'sleep 1000', { spec: { resources: { limits } } }));
    await node.apply(pod('eats', eats, { spec: { restartPolicy: 'Never', resources: { limits } } }));
    await ready('whole');
    const [uid, qos] = (
      await node.k('get', 'pod', 'whole', '-o', 'jsonpath={.metadata.uid} {.status.qosClass}')
    ).split(' ');
    assert.equal(qos, 'Guaranteed');
    const limitOf = (folder: string) =>
      ['memory.limit_in_bytes', 'memory.max'].flatMap(name => {
        const path = join(folder, name);
        return existsSync(path) ? [readFileSync(path, 'utf8').trim()] : [];
      });
    const folders = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `pod${uid}`], {
      encoding: 'utf8',
    });
    assert.deepEqual(folders.trim().split('\n').flatMap(limitOf), [String(48 * 1024 * 1024)]);
    await phase('eats', 'Failed');
    const ended = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    assert.equal(await node.k('get', 'pod', 'eats', '-o', ended), '137');
  });

  test('port-forward, attach and run --rm', async () => {
    const forward = node.spawn(['port-forward', 'pod/works', '18080:8080']);
    try {
      await forward.says(/Forwarding from 127\.0\.0\.1:18080/);
      const answer = await fetch('http://127.0.0.1:18080/index.html');
      assert.equal(await answer.text(), 'served\n');
    } finally {
      await forward.end();
    }
    const echo = {
      stdin: true,
      stdinOnce: true,
      tty: false,
      command: ['sh', '-c', 'read line; echo "got $line"'],
    };
    await node.apply(pod('attached', '', { spec: { restartPolicy: 'Never' }, container: echo }));
    await ready('attached');
    const { stdout } = await node.kubectl(['attach', '-i', 'attached'], 'a word\n');
    assert.match(stdout, /got a word/);
    const run = [
      'run',
      'once',
      `--image=${testImage}`,
      '--rm',
      '-i',
      '--restart=Never',
      '--image-pull-policy=IfNotPresent',
    ];
    const overrides = JSON.stringify({ spec: { nodeName: 'n1' } });
    const ran = await node.kubectl([...run, `--overrides=${overrides}`, '--', 'echo', 'ran here']);
    assert.match(ran.stdout, /ran here/, ran.stderr);
    assert.match(ran.stdout, /pod "once" deleted/);
    assert.notEqual((await node.kubectl(['get', 'pod', 'once'])).code, 0);
  });

  test('a container that crashes waits and its earlier log can be read', async () => {
    await node.apply(pod('crashes', 'echo about to fail; exit 3'));
    await node.k(
      'wait',
      '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff',
      'pod/crashes',
      '--timeout=20s',
    );
    assert.equal(await node.k('logs', 'crashes', '--previous'), 'about to fail\n');
    const described = await node.k('describe', 'pod', 'crashes');
    assert.match(described, /Exit Code: +3/);
    assert.match(described, /Back-off restarting failed container main in pod crashes_default/);
  });

  test('probes over the pod network decide', async () => {
    const httpGet = { port: 8080, path: '/ok' };
    await node.apply(
      pod('probed', 'mkdir /w; httpd -p 8080 -h /w; sleep 1; touch /w/ok; sleep 1000', {
        container: {
          readinessProbe: { httpGet, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        },
      }),
    );
    await ready('probed');
    const events = await node.k('get', 'events', '--field-selector', 'involvedObject.name=probed');
    assert.match(
      events,
      /Readiness probe failed: (HTTP probe failed with statuscode: 404|Get "http:\/\/10\.88)/,
    );
    assert.match(await node.k('get', 'pod', 'probed'), /1\/1 +Running +0 /);
  });

  test('a service account token bound to the pod reaches it', async () => {
    await node.apply(
      pod('token', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token', {
        spec: { restartPolicy: 'Never' },
      }),
    );
    await phase('token', 'Succeeded');
    const token = await node.k('logs', 'token');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(claims.sub, 'system:serviceaccount:default:default');
    assert.equal(claims['kubernetes.io'].pod.name, 'token');
  });

  test('an agent that restarts lets containers run', async () => {
    await node.apply(pod('stays', 'while true; do date; sleep 0.2; done'));
    await ready('stays');
    const before = await node.k(
      'get',
      'pod',
      'stays',
      '-o',
      'jsonpath={.status.containerStatuses[0].containerID}',
    );
    // A session that is open does not keep the agent from stopping.
    const session = node.spawn(['exec', 'stays', '--', 'sh', '-c', 'echo open; sleep 1000']);
    await session.says(/open/);
    await node.stopAgent();
    await session.end();
    await node.startAgent();
    await node.k('label', 'pod', 'stays', 'touched=yes');
    await ready('stays');
    const status = JSON.parse(await node.k('get', 'pod', 'stays', '-o', 'json')).status;
    assert.equal(status.containerStatuses[0].containerID, before);
    assert.equal(status.containerStatuses[0].restartCount, 0);
    await node.k('exec', 'stays', '--', 'true');
  });

  test('pods go, with everything of them', async () => {
    await node.k('delete', 'pods', '--all', '--timeout=30s');
    const { cri } = node.runtime;
    for (let tries = 0; (await cri.listPodSandbox()).length > 0; tries++) {
      assert.ok(tries < 200, 'sandboxes are left');
      await new Promise(resolve => setTimeout(resolve, 25));
    }
    assert.deepEqual(await cri.listContainers(), []);
  });
}
