import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerConfig, type Cri, CriError, type PodSandboxConfig, type RuntimeEvent } from './cri.ts';

export interface CriUnderTest {
  cri: Cri;
  /** An image that is on the node, with `sh` and `sleep`. */
  image: string;
  logDirectory: string;
  cgroup: string;
}

/** What every `Cri` must do, the fake included. */
export function criContract(name: string, make: () => Promise<CriUnderTest>): void {
  test(`${name}: version and status`, async () => {
    const { cri } = await make();
    assert.equal((await cri.version()).runtimeApiVersion, 'v1');
    const conditions = await cri.status();
    assert.deepEqual(
      conditions
        .filter(c => c.status)
        .map(c => c.type)
        .sort(),
      ['NetworkReady', 'RuntimeReady'],
    );
  });

  test(`${name}: a sandbox lives and goes`, async () => {
    const { cri, logDirectory, cgroup } = await make();
    const config = sandboxConfig('lives', logDirectory, cgroup);
    const id = await cri.runPodSandbox(config);
    const status = await cri.podSandboxStatus(id);
    assert.equal(status.state, 'SANDBOX_READY');
    assert.deepEqual(status.metadata, { name: 'lives', uid: 'uid-lives', namespace: 'default', attempt: 0 });
    assert.match(status.network?.ip ?? '', /^10\./);
    assert.equal(status.labels['io.kubernetes.pod.uid'], 'uid-lives');
    assert.deepEqual(status.annotations, { note: 'kept' });

    const listed = await cri.listPodSandbox({ labelSelector: { 'io.kubernetes.pod.uid': 'uid-lives' } });
    assert.deepEqual(
      listed.map(s => s.id),
      [id],
    );
    assert.deepEqual(await cri.listPodSandbox({ labelSelector: { 'io.kubernetes.pod.uid': 'other' } }), []);

    await cri.stopPodSandbox(id);
    await cri.stopPodSandbox(id);
    assert.equal((await cri.podSandboxStatus(id)).state, 'SANDBOX_NOTREADY');
    await cri.removePodSandbox(id);
    await cri.removePodSandbox(id);
    await assert.rejects(cri.podSandboxStatus(id), isCriError('NotFound'));
  });

  test(`${name}: a container is created, runs, is stopped and removed`, async () => {
    const { cri, image, logDirectory, cgroup } = await make();
    const sandbox = sandboxConfig('runs', logDirectory, cgroup);
    const sandboxId = await cri.runPodSandbox(sandbox);
    const id = await cri.createContainer(sandboxId, containerConfig('web', image), sandbox);
    const created = await cri.containerStatus(id);
    assert.equal(created.state, 'CONTAINER_CREATED');
    assert.equal(created.startedAt, 0);

    const events = firstEvent(cri, event => event.containerId === id && event.type === 'exited');
    await events.listening;
    await cri.startContainer(id);
    const running = await cri.containerStatus(id);
    assert.equal(running.state, 'CONTAINER_RUNNING');
    assert.ok(running.startedAt >= running.createdAt);
    assert.deepEqual(running.metadata, { name: 'web', attempt: 0 });
    assert.notEqual(running.imageRef, '');

    const listed = await cri.listContainers({ labelSelector: { 'io.kubernetes.container.name': 'web' } });
    assert.deepEqual(
      listed.map(c => [c.id, c.podSandboxId, c.state]),
      [[id, sandboxId, 'CONTAINER_RUNNING']],
    );
    assert.equal((await cri.execSync(id, ['true'], 10)).exitCode, 0);
    assert.match(await cri.exec({ containerId: id, cmd: ['true'], stdout: true }), /^http:\/\//);

    await cri.stopContainer(id, 0);
    const exited = await cri.containerStatus(id);
    assert.equal(exited.state, 'CONTAINER_EXITED');
    assert.equal(exited.exitCode, 137);
    assert.ok(exited.finishedAt >= exited.startedAt);
    await events.found;

    await cri.removeContainer(id);
    await cri.removeContainer(id);
    await assert.rejects(cri.containerStatus(id), isCriError('NotFound'));
    await cri.removePodSandbox(sandboxId);
  });

  test(`${name}: stopping a sandbox kills its containers`, async () => {
    const { cri, image, logDirectory, cgroup } = await make();
    const sandbox = sandboxConfig('kills', logDirectory, cgroup);
    const sandboxId = await cri.runPodSandbox(sandbox);
    const id = await cri.createContainer(sandboxId, containerConfig('web', image), sandbox);
    await cri.startContainer(id);
    await cri.stopPodSandbox(sandboxId);
    assert.equal((await cri.containerStatus(id)).state, 'CONTAINER_EXITED');
    await cri.removePodSandbox(sandboxId);
    await assert.rejects(cri.containerStatus(id), isCriError('NotFound'));
  });

  test(`${name}: images`, async () => {
    const { cri, image } = await make();
    const status = await cri.imageStatus(image);
    assert.ok(status && status.size > 0 && status.id.startsWith('sha256:'));
    assert.ok((await cri.listImages()).some(({ id }) => id === status.id));
    assert.equal(await cri.imageStatus('registry.invalid/none:1'), undefined);
    await assert.rejects(cri.pullImage('registry.invalid/none:1'), CriError);
  });

  test(`${name}: the files of an image, until they are let go of`, async () => {
    const { cri, image } = await make();
    const views = await cri.viewImage(image, 'view-a');
    assert.equal(views.length, 1);
    assert.deepEqual(await cri.viewImage(image, 'view-a'), views);
    await cri.removeImageView('view-a');
    await cri.removeImageView('view-a');
    await assert.rejects(cri.viewImage('registry.invalid/none:1', 'view-b'), CriError);
  });

  test(`${name}: containers need a sandbox and an image that are there`, async () => {
    const { cri, image, logDirectory, cgroup } = await make();
    const sandbox = sandboxConfig('needs', logDirectory, cgroup);
    await assert.rejects(
      cri.createContainer('f'.repeat(64), containerConfig('web', image), sandbox),
      CriError,
    );
    const sandboxId = await cri.runPodSandbox(sandbox);
    const missing = containerConfig('web', 'registry.invalid/none:1');
    await assert.rejects(cri.createContainer(sandboxId, missing, sandbox), CriError);
    await cri.removePodSandbox(sandboxId);
  });
}

function isCriError(code: CriError['code']): (error: unknown) => boolean {
  return error => error instanceof CriError && error.code === code;
}

function sandboxConfig(name: string, logDirectory: string, cgroupParent: string): PodSandboxConfig {
  return {
    metadata: { name, uid: `uid-${name}`, namespace: 'default' },
    hostname: name,
    logDirectory,
    labels: {
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': `uid-${name}`,
    },
    annotations: { note: 'kept' },
    linux: { cgroupParent, securityContext: { namespaceOptions: { pid: 'CONTAINER' } } },
  };
}

function containerConfig(name: string, image: string): ContainerConfig {
  return {
    metadata: { name },
    image: { image },
    command: ['sleep', '1000'],
    labels: { 'io.kubernetes.container.name': name },
    logPath: `${name}.log`,
    linux: { resources: {}, securityContext: { namespaceOptions: { pid: 'CONTAINER' } } },
  };
}

/** Subscribes to the events; `found` resolves with the first that `wanted` takes. */
function firstEvent(
  cri: Cri,
  wanted: (event: RuntimeEvent) => boolean,
): { listening: Promise<void>; found: Promise<RuntimeEvent> } {
  const stop = new AbortController();
  const find = async () => {
    for await (const event of cri.events(stop.signal)) {
      if (!wanted(event)) continue;
      stop.abort();
      return event;
    }
    throw new Error('the events ended');
  };
  const found = find();
  // The subscription counts once a later call on the same connection has been answered.
  return { listening: cri.version().then(() => {}), found };
}
