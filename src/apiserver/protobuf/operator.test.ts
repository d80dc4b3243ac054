import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jsonFormat, type Kind, type Metadata, protobufFormat } from '../testing/formats.ts';
import { Failed, FormatClient, Reflector } from '../testing/list-watch.ts';
import { RestartingServer } from '../testing/restarting-server.ts';
import { defineWebsites, until, type Website, websitesGroup, websitesPath } from '../testing/websites.ts';
import { Fields, field } from '../testing/wire.ts';

/**
 * An operator as client-go's users write them: built-in kinds in protobuf, with field numbers of its own, the
 * custom resources in JSON; through what happens to operators.
 */

const deploymentsPath = '/apis/apps/v1/namespaces/default/deployments';
const mapsPath = '/api/v1/namespaces/default/configmaps';

interface Deployment {
  metadata: Metadata;
  image: string;
  replicas: number;
}

const deployment: Kind<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  read(fields) {
    const spec = fields.message(2);
    const [container] = spec.message(3).message(2).all(2);
    return { replicas: spec.integer(1), image: new Fields(container!).text(2) };
  },
  write({ metadata, image, replicas }) {
    const label = field(1, [field(1, 'site'), field(2, metadata.name)]);
    const container = field(2, [field(1, 'web'), field(2, image), field(6, [field(3, 8080)])]);
    const labels = field(11, [field(1, 'site'), field(2, metadata.name)]);
    const template = field(3, [field(1, [labels]), field(2, [container])]);
    return [field(2, [field(1, replicas), field(2, [label]), template])];
  },
};

interface Settings {
  metadata: Metadata;
  data: Record<string, string>;
}

const configMap: Kind<Settings> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  read: fields => ({ data: fields.map(2) }),
  write: ({ data }) => Object.entries(data).map(([key, value]) => field(2, [field(1, key), field(2, value)])),
};

/** Keeps a Deployment for each Website, of the image that the ConfigMap `settings` names. */
class Operator {
  readonly websites: Reflector<Website>;
  readonly deployments: Reflector<Deployment>;
  readonly settings: Reflector<Settings>;
  readonly #objects: FormatClient<Website>;
  readonly #apps: FormatClient<Deployment>;
  readonly #waiting = new Set<string>();
  #working: Promise<void> = Promise.resolve();
  #stopped = false;
  #paused = false;
  /** What it wrote with an old version. */
  readonly conflicts: string[] = [];

  constructor(server: RestartingServer) {
    const reach = () => ({
      host: '127.0.0.1',
      port: server.port,
      ca: server.authority.cert,
      ...server.admin,
      agent: false as const,
    });
    const json = jsonFormat<Website>();
    this.#objects = new FormatClient(json, reach);
    const apps = protobufFormat(deployment);
    this.#apps = new FormatClient(apps, reach);
    const core = protobufFormat(configMap);
    const nameOf = ({ metadata }: { metadata: { name: string } }) => metadata.name;
    this.websites = new Reflector({ client: this.#objects, path: websitesPath, format: json }, nameOf, name =>
      this.#add(name),
    );
    this.deployments = new Reflector(
      { client: this.#apps, path: deploymentsPath, format: apps },
      nameOf,
      name => this.#add(name.replace(/-site$/, '')),
    );
    const maps = { client: new FormatClient(core, reach), path: mapsPath, format: core };
    this.settings = new Reflector(maps, nameOf, () => {
      for (const name of this.websites.known.keys()) this.#add(name);
    });
  }

  get #reflectors() {
    return [this.websites, this.deployments, this.settings];
  }

  start(): void {
    for (const reflector of this.#reflectors) reflector.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#reflectors.map(reflector => reflector.stop()));
    await this.#working;
  }

  /** Reconciles nothing from now on. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#working;
  }

  /** Goes on with what it knew of a Deployment earlier, as if no later event had come. */
  resumeWith(known: Deployment): void {
    this.deployments.known.set(known.metadata.name, known);
    this.#paused = false;
    this.#work();
  }

  #add(website: string): void {
    this.#waiting.add(website);
    this.#work();
  }

  #work(): void {
    this.#working = this.#working.then(async () => {
      for (const name of this.#waiting) {
        if (this.#paused || this.#stopped) return;
        this.#waiting.delete(name);
        await this.#reconcile(name).catch(error => this.#failed(error, name));
      }
    });
  }

  async #reconcile(name: string): Promise<void> {
    const website = this.websites.known.get(name);
    const image = this.settings.known.get('settings')?.data.image;
    if (!website || !image) return;
    const { apiVersion, kind, metadata, spec } = website;
    const found = this.deployments.known.get(`${name}-site`);
    if (!found || !this.#agrees(found, spec.title, image)) {
      const { resourceVersion } = found?.metadata ?? {};
      const wanted: Deployment = {
        metadata: {
          name: `${name}-site`,
          annotations: { title: spec.title },
          owner: { apiVersion, kind, name, uid: metadata.uid! },
          ...(resourceVersion && { resourceVersion }),
        },
        image,
        replicas: 2,
      };
      if (found) await this.#apps.write('PUT', `${deploymentsPath}/${name}-site`, wanted);
      else await this.#apps.write('POST', deploymentsPath, wanted);
    }
    const { title, observedGeneration } = website.status ?? {};
    if (title === spec.title && observedGeneration === metadata.generation) return;
    const status = { observedGeneration: metadata.generation!, title: spec.title };
    await this.#objects.write('PUT', `${websitesPath}/${name}/status`, { ...website, status });
  }

  #agrees({ metadata, ...found }: Deployment, title: string, image: string): boolean {
    return metadata.annotations?.title === title && found.image === image && found.replicas === 2;
  }

  async #failed(error: unknown, name: string): Promise<void> {
    if (error instanceof Failed && error.failure.code === 409) {
      if (error.failure.reason === 'Conflict') this.conflicts.push(error.path);
      const fresh = await this.#apps.get(`${deploymentsPath}/${name}-site`).catch(() => undefined);
      if (fresh) this.deployments.known.set(fresh.metadata.name, fresh);
      const website = await this.#objects.get(`${websitesPath}/${name}`).catch(() => undefined);
      if (website) this.websites.known.set(name, website);
    }
    this.#waiting.add(name);
    setTimeout(() => this.#work(), 20);
  }
}

let server: RestartingServer;
let operator: Operator;

before(async () => {
  server = await RestartingServer.create();
  await defineWebsites(server);
  operator = new Operator(server);
  operator.start();
  const metadata = { name: 'settings' };
  await server.request('POST', mapsPath, { metadata, data: { image: 'web:1' } });
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

interface ServedDeployment {
  metadata: { annotations: { title: string }; ownerReferences: object[]; labels?: object };
  spec: {
    replicas: number;
    revisionHistoryLimit: number;
    selector: object;
    template: { spec: { containers: object[] } };
  };
}

/** The Deployment in JSON, when the operator has brought it and the Website's status up to date. */
function reconciled(name: string, title: string, image = 'web:1'): Promise<ServedDeployment> {
  return until(`${name} is ${title} of ${image}`, async () => {
    const found = await server.request<ServedDeployment>('GET', `${deploymentsPath}/${name}-site`);
    const { status, metadata } = await server.request<Website>('GET', `${websitesPath}/${name}`);
    const [container] = found.spec.template.spec.containers as { image: string }[];
    const done =
      found.metadata.annotations.title === title &&
      found.spec.replicas === 2 &&
      container!.image === image &&
      status?.title === title &&
      status.observedGeneration === metadata.generation;
    return done && found;
  });
}

test('a website that is created and changed', async () => {
  await create('one', 'first');
  const { metadata, spec } = await reconciled('one', 'first');
  const { uid } = (await server.request<Website>('GET', `${websitesPath}/one`)).metadata;
  assert.deepEqual(metadata.ownerReferences, [
    { apiVersion: `${websitesGroup}/v1`, kind: 'Website', name: 'one', uid, controller: true },
  ]);
  assert.deepEqual(spec.selector, { matchLabels: { site: 'one-site' } });
  assert.equal(spec.revisionHistoryLimit, 10);
  const [container] = spec.template.spec.containers as { ports: object[] }[];
  assert.deepEqual(container!.ports, [{ containerPort: 8080, protocol: 'TCP' }]);
  await retitle('one', 'second');
  await reconciled('one', 'second');
});

test('what others do to its objects is seen in the watches of built-in kinds', async () => {
  await server.request('PATCH', `${deploymentsPath}/one-site`, { spec: { replicas: 7 } });
  await until('the change is undone', async () => {
    const { metadata } = await server.request<{ metadata: { generation: number } }>(
      'GET',
      `${deploymentsPath}/one-site`,
    );
    // Created, retitled in its metadata alone, changed, and changed back.
    return metadata.generation === 3;
  });
  await reconciled('one', 'second');
  await server.request('DELETE', `${deploymentsPath}/one-site`);
  await reconciled('one', 'second');
  await server.request('PATCH', `${mapsPath}/settings`, { data: { image: 'web:2' } });
  await reconciled('one', 'second', 'web:2');
});

test('a change that comes between is a conflict, and is then seen', async () => {
  await create('two', 'old');
  await reconciled('two', 'old', 'web:2');
  await operator.pause();
  const known = await until('the Deployment is known', async () =>
    operator.deployments.known.get('two-site'),
  );
  await server.request('PATCH', `${deploymentsPath}/two-site`, { metadata: { labels: { by: 'another' } } });
  await retitle('two', 'new');
  await until('both changes have been told', async () => {
    const { metadata } = await server.request<Deployment>('GET', `${deploymentsPath}/two-site`);
    const { resourceVersion } = operator.deployments.known.get('two-site')!.metadata;
    return (
      resourceVersion === metadata.resourceVersion && operator.websites.known.get('two')!.spec.title === 'new'
    );
  });
  operator.conflicts.length = 0;
  operator.resumeWith(known);
  await reconciled('two', 'new', 'web:2');
  assert.equal(operator.conflicts[0], `${deploymentsPath}/two-site`);
});

test('the server restarts, and changes from before and after are seen', async () => {
  const { lists } = operator.deployments;
  await server.stop();
  await server.start();
  await retitle('one', 'after restart');
  await reconciled('one', 'after restart', 'web:2');
  await server.request('PATCH', `${deploymentsPath}/one-site`, { spec: { replicas: 1 } });
  await reconciled('one', 'after restart', 'web:2');
  assert.equal(operator.deployments.lists, lists, 'the watch went on where it was');
});

test('history that is gone (410) is listed anew', async () => {
  const before = { ...operator.deployments };
  await server.stop();
  await server.start(false);
  await create('three', 'while away');
  for (let change = 0; change < 3; change++) await retitle('one', `change ${change}`);
  await server.request('DELETE', `${deploymentsPath}/two-site`);
  await server.request('PATCH', `${mapsPath}/settings`, { data: { image: 'web:3' } });
  await server.store.compact(server.store.revision);
  await until('the operator finds nobody', async () => operator.deployments.failures > before.failures);
  await server.stop();
  await server.start();
  await reconciled('one', 'change 2', 'web:3');
  await reconciled('two', 'new', 'web:3');
  await reconciled('three', 'while away', 'web:3');
  assert.equal(operator.deployments.gone, before.gone + 1);
  assert.equal(operator.deployments.lists, before.lists + 1);
});
