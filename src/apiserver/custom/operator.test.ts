import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiException, CoreV1Api, CustomObjectsApi, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { RestartingServer } from '../testing/restarting-server.ts';
import { defineWebsites, until, type Website, websitesGroup, websitesPath } from '../testing/websites.ts';

/** An operator as people write them with the official client library, through what happens to operators. */

const at = { group: websitesGroup, version: 'v1', namespace: 'default', plural: 'websites' };

/** Keeps a ConfigMap for each Website, and tells in its status which one. */
class Operator {
  readonly #objects: CustomObjectsApi;
  readonly #core: CoreV1Api;
  readonly #informer: ReturnType<typeof makeInformer<Website>>;
  readonly #waiting = new Map<string, Website>();
  #stopped = false;
  #working: Promise<void> = Promise.resolve();
  /** Reconciles nothing while set. */
  paused = false;
  conflicts = 0;
  restarts = 0;

  constructor(config: KubeConfig) {
    this.#objects = config.makeApiClient(CustomObjectsApi);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#informer = makeInformer<Website>(config, websitesPath, () =>
      this.#objects.listNamespacedCustomObject(at),
    );
    for (const event of ['add', 'update'] as const) this.#informer.on(event, website => this.#add(website));
    this.#informer.on('error', () => this.#again());
  }

  start(): Promise<void> {
    return this.#informer.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#informer.stop();
    await this.#working;
  }

  /** Goes on with what it knew of a website when `website` was read, as if no later event had come. */
  resumeWith(website: Website): void {
    this.#waiting.set(website.metadata.name, website);
    this.paused = false;
    this.#work();
  }

  /** What the informer's users are told to do when it fails. */
  #again(): void {
    if (this.#stopped) return;
    this.restarts++;
    setTimeout(() => {
      if (!this.#stopped) this.#informer.start().catch(() => this.#again());
    }, 50);
  }

  #add(website: Website): void {
    this.#waiting.set(website.metadata.name, website);
    this.#work();
  }

  #work(): void {
    this.#working = this.#working.then(async () => {
      for (const [name, website] of this.#waiting) {
        if (this.paused) return;
        this.#waiting.delete(name);
        await this.#reconcile(website).catch(error => this.#failed(error, website));
      }
    });
  }

  /** With what the informer knows, which may be old. */
  async #reconcile(website: Website): Promise<void> {
    const { name, uid = '', generation } = website.metadata;
    const { title } = website.spec;
    if (website.status?.observedGeneration === generation && website.status?.title === title) return;
    const owner = { apiVersion: website.apiVersion, kind: website.kind, name, uid, controller: true };
    const metadata = { name: `${name}-site`, ownerReferences: [owner] };
    const body = { metadata, data: { title } };
    const { namespace } = at;
    try {
      await this.#core.createNamespacedConfigMap({ namespace, body });
    } catch (error) {
      if (!(error instanceof ApiException) || error.code !== 409) throw error;
      await this.#core.replaceNamespacedConfigMap({ namespace, name: metadata.name, body });
    }
    const status = { observedGeneration: generation, title };
    await this.#objects.replaceNamespacedCustomObjectStatus({ ...at, name, body: { ...website, status } });
  }

  async #failed(error: unknown, { metadata: { name } }: Website): Promise<void> {
    const code = error instanceof ApiException ? error.code : 0;
    if (code === 404 || this.#stopped) return;
    if (code === 409) this.conflicts++;
    const fresh = await this.#objects.getNamespacedCustomObject({ ...at, name }).catch(() => undefined);
    if (fresh) this.#waiting.set(name, fresh as Website);
    setTimeout(() => this.#work(), 20);
  }
}

let server: RestartingServer;
let operator: Operator;

before(async () => {
  server = await RestartingServer.create();
  await defineWebsites(server);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'test',
      server: `https://127.0.0.1:${server.port}`,
      caData: base64(server.authority.cert),
    } as never,
    { name: 'operator', certData: base64(server.admin.cert), keyData: base64(server.admin.key) } as never,
  );
  operator = new Operator(config);
  await operator.start();
});
after(async () => {
  await operator.stop();
  await server.end();
});

const create = (name: string, title: string) =>
  server.request('POST', websitesPath, {
    apiVersion: `${websitesGroup}/v1`,
    kind: 'Website',
    metadata: { name },
    spec: { title },
  });
const retitle = (name: string, title: string) =>
  server.request('PATCH', `${websitesPath}/${name}`, { spec: { title } });

/** Resolves when the operator has brought the ConfigMap and the status up to date. */
async function reconciled(name: string, title: string): Promise<void> {
  await until(`${name} is ${title}`, async () => {
    const map = await server.request<{ data: { title: string } }>(
      'GET',
      `/api/v1/namespaces/default/configmaps/${name}-site`,
    );
    const { status, metadata } = await server.request<Website>('GET', `${websitesPath}/${name}`);
    return (
      map.data.title === title && status?.title === title && status.observedGeneration === metadata.generation
    );
  });
}

test('a website that is created and changed', async () => {
  await create('one', 'first');
  await reconciled('one', 'first');
  await retitle('one', 'second');
  await reconciled('one', 'second');
});

test('a change that comes between is a conflict, and is then seen', async () => {
  operator.paused = true;
  await create('two', 'old');
  await retitle('two', 'new');
  const known = operator.conflicts;
  const stale = await server.request<Website>('GET', `${websitesPath}/two`);
  await server.request('PATCH', `${websitesPath}/two`, { metadata: { labels: { a: 'c' } } });
  operator.resumeWith(stale);
  await reconciled('two', 'new');
  assert.ok(operator.conflicts > known);
});

test('the server restarts, and changes from before and after are seen', async () => {
  await server.stop();
  await server.start();
  await retitle('one', 'after restart');
  await reconciled('one', 'after restart');
});

test('history that is gone (410) is listed anew', async () => {
  const { metadata } = await server.request<{ metadata: { resourceVersion: string } }>('GET', websitesPath);
  const restarts = operator.restarts;
  await server.stop();
  await server.start(false);
  await create('three', 'while away');
  for (let change = 0; change < 3; change++) await retitle('one', `change ${change}`);
  await server.store.compact(server.store.revision);
  const expired = await server.watchFailure(
    `${websitesPath}?watch=1&resourceVersion=${metadata.resourceVersion}`,
  );
  assert.equal(expired, 410);
  await until('the operator finds nobody', async () => operator.restarts > restarts);
  await server.stop();
  await server.start();
  await reconciled('one', 'change 2');
  await reconciled('three', 'while away');
});
