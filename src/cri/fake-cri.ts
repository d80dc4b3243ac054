import type { Clock } from '../base/clock.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import type {
  Container,
  ContainerConfig,
  ContainerStatus,
  Cri,
  ExecResult,
  Image,
  LinuxContainerResources,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
  RuntimeEvent,
  RuntimeVersion,
  ViewMount,
} from './cri.ts';
import { CriError } from './cri.ts';
import type { Decoded, Encoded } from './schema.ts';

interface FakeSandbox {
  status: PodSandboxStatus;
}

interface FakeContainer {
  sandboxId: string;
  config: Decoded<'ContainerConfig'>;
  status: ContainerStatus;
}

export interface FakeExecRequest {
  containerId: string;
  containerName: string;
  command: readonly string[];
}

/**
 * A container runtime that is a model: sandboxes, containers and images with their states, no processes.
 * Tests make containers exit (`exit`), make calls fail (`failNext`), hold them (`hold`) and read the calls.
 */
export class FakeCri implements Cri {
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Map<string, Image>();
  /** Image by key. */
  readonly views = new Map<string, string>();
  /** Every changing call in order: `startContainer web`, `stopContainer web 30`. */
  readonly calls: string[] = [];
  conditions: RuntimeCondition[] = [
    { type: 'RuntimeReady', status: true, reason: '', message: '' },
    { type: 'NetworkReady', status: true, reason: '', message: '' },
  ];
  /** Images a pull finds; others fail as a registry without them answers. */
  readonly registry = new Set<string>();
  /** Answers `execSync`; the default succeeds with no output. */
  onExec: (request: FakeExecRequest) => Promise<ExecResult> | ExecResult = () => emptyExec;
  /** What a container does with its stop signal: ends at once with this code, or waits for SIGKILL. */
  stopBehaviour: (name: string) => number | 'ignores' = () => 0;

  readonly #clock: Clock;
  readonly #podNetwork: string;
  readonly #failures = new Map<string, CriError[]>();
  readonly #holds = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #sequence = 0;

  /** @param podNetwork the first three bytes of the addresses its pods get. */
  constructor(clock: Clock, podNetwork = '10.244.0') {
    this.#clock = clock;
    this.#podNetwork = podNetwork;
  }

  /** Makes the next call of `method` fail. */
  failNext(method: keyof Cri, message: string, code: CriError['code'] = 'Unknown'): void {
    const waiting = this.#failures.get(method) ?? [];
    waiting.push(new CriError(code, message));
    this.#failures.set(method, waiting);
  }

  /** Makes calls of `method` wait until the returned function is called. */
  hold(method: keyof Cri): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.set(method, promise);
    return () => {
      this.#holds.delete(method);
      resolve();
    };
  }

  /** Puts an image on the node. */
  addImage(name: string, size = 1_000_000): Image {
    const id = `sha256:${fakeDigest(name)}`;
    const image = decodeMessage(
      'Image',
      encodeMessage('Image', { id, repoTags: [name], repoDigests: [`${name}@${id}`], size }),
    );
    this.images.set(name, image);
    return image;
  }

  /** The runtime learns afterwards why a container ended. */
  tellOutOfMemory(id: string): void {
    this.#container(id).status.reason = 'OOMKilled';
    this.#emit('oom', id);
  }

  /** Ends a running container from inside, as its process would. */
  exit(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.#container(id);
    if (container.status.state !== 'CONTAINER_RUNNING') return;
    container.status.state = 'CONTAINER_EXITED';
    container.status.exitCode = exitCode;
    container.status.reason = reason;
    container.status.finishedAt = this.#nanoseconds();
    this.#emit('exited', id);
  }

  /** The newest container of that name in a pod. */
  find(podName: string, containerName: string): FakeContainer | undefined {
    const all = [...this.containers.values()].filter(
      ({ config }) =>
        config.labels['io.kubernetes.pod.name'] === podName && config.metadata?.name === containerName,
    );
    return all.sort((a, b) => b.status.createdAt - a.status.createdAt)[0];
  }

  async version(): Promise<RuntimeVersion> {
    await this.#enter('version');
    return { version: '0.1.0', runtimeName: 'fake', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' };
  }

  async status(): Promise<RuntimeCondition[]> {
    await this.#enter('status');
    return this.conditions;
  }

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    const whole = decodeMessage('PodSandboxConfig', encodeMessage('PodSandboxConfig', config));
    await this.#enter('runPodSandbox', whole.metadata?.name);
    const id = this.#id('s');
    const hostNetwork = whole.linux?.securityContext?.namespaceOptions?.network === 'NODE';
    const ip = hostNetwork ? '' : `${this.#podNetwork}.${this.#sequence + 1}`;
    const status: PodSandboxStatus = {
      ...decodeMessage('PodSandboxStatus', new Uint8Array(0)),
      id,
      metadata: whole.metadata,
      createdAt: this.#nanoseconds(),
      network: { ip, additionalIps: [] },
      labels: whole.labels,
      annotations: whole.annotations,
    };
    this.sandboxes.set(id, { status });
    this.#emit('started', id);
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    await this.#enter('stopPodSandbox', sandbox?.status.metadata?.name ?? id);
    if (!sandbox || sandbox.status.state === 'SANDBOX_NOTREADY') return;
    for (const [containerId, container] of this.containers) {
      if (container.sandboxId === id) this.exit(containerId, 137);
    }
    sandbox.status.state = 'SANDBOX_NOTREADY';
    sandbox.status.network = undefined;
    this.#emit('exited', id);
  }

  async removePodSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    await this.#enter('removePodSandbox', sandbox?.status.metadata?.name ?? id);
    for (const [containerId, container] of this.containers) {
      if (container.sandboxId === id) this.containers.delete(containerId);
    }
    this.sandboxes.delete(id);
  }

  async podSandboxStatus(id: string): Promise<PodSandboxStatus> {
    await this.#enter('podSandboxStatus');
    const sandbox = this.sandboxes.get(id);
    if (!sandbox) throw new CriError('NotFound', `an error occurred when try to find sandbox: not found`);
    return structuredClone(sandbox.status);
  }

  async listPodSandbox(filter: Encoded<'PodSandboxFilter'> = {}): Promise<PodSandbox[]> {
    await this.#enter('listPodSandbox');
    const found = [...this.sandboxes.values()].filter(
      ({ status }) =>
        (!filter.id || filter.id === status.id) && includes(status.labels, filter.labelSelector),
    );
    return found.map(({ status: { id, metadata, state, createdAt, labels, annotations } }) => ({
      ...{ id, metadata, state, createdAt, labels, annotations },
    }));
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const whole = decodeMessage('ContainerConfig', encodeMessage('ContainerConfig', config));
    await this.#enter('createContainer', whole.metadata?.name);
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox) throw new CriError('NotFound', `failed to find sandbox id "${sandboxId}": not found`);
    const image = this.#image(whole.image?.image ?? '');
    if (!image) throw new CriError('NotFound', `failed to get image "${whole.image?.image}": not found`);
    const id = this.#id('c');
    const status: ContainerStatus = {
      ...decodeMessage('ContainerStatus', new Uint8Array(0)),
      id,
      metadata: whole.metadata,
      createdAt: this.#nanoseconds(),
      image: whole.image,
      imageRef: image.repoDigests[0] ?? image.id,
      imageId: image.id,
      labels: whole.labels,
      annotations: whole.annotations,
      mounts: whole.mounts,
      logPath: whole.logPath,
    };
    this.containers.set(id, { sandboxId, config: whole, status });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const { status } = this.#container(id);
    await this.#enter('startContainer', status.metadata?.name);
    if (status.state !== 'CONTAINER_CREATED') {
      throw new CriError(
        'Unknown',
        `failed to start container "${id}": container is in ${status.state} state`,
      );
    }
    status.state = 'CONTAINER_RUNNING';
    status.startedAt = this.#nanoseconds();
    this.#emit('started', id);
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.containers.get(id);
    const name = container?.status.metadata?.name ?? id;
    await this.#enter('stopContainer', `${name} ${timeoutSeconds}`);
    if (container?.status.state !== 'CONTAINER_RUNNING') return;
    const behaviour = timeoutSeconds > 0 ? this.stopBehaviour(name) : 'ignores';
    if (behaviour !== 'ignores') {
      this.exit(id, behaviour);
      return;
    }
    if (timeoutSeconds > 0) await this.#clock.sleep(timeoutSeconds * 1000);
    this.exit(id, 137);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#enter('removeContainer', this.containers.get(id)?.status.metadata?.name ?? id);
    if (this.containers.has(id)) this.exit(id, 137);
    this.containers.delete(id);
  }

  async listContainers(filter: Encoded<'ContainerFilter'> = {}): Promise<Container[]> {
    await this.#enter('listContainers');
    const found = [...this.containers.values()].filter(
      ({ status, sandboxId }) =>
        (!filter.id || filter.id === status.id) &&
        (!filter.podSandboxId || filter.podSandboxId === sandboxId) &&
        includes(status.labels, filter.labelSelector),
    );
    return found.map(({ sandboxId, status }) => ({
      id: status.id,
      podSandboxId: sandboxId,
      metadata: status.metadata,
      image: status.image,
      imageRef: status.imageRef,
      state: status.state,
      createdAt: status.createdAt,
      labels: status.labels,
      annotations: status.annotations,
      imageId: status.imageId,
    }));
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    await this.#enter('containerStatus');
    return structuredClone(this.#container(id).status);
  }

  async updateContainerResources(id: string, linux: LinuxContainerResources): Promise<void> {
    const { status } = this.#container(id);
    const { cpuShares, cpuQuota, memoryLimitInBytes } = linux;
    const detail = `${cpuShares} ${cpuQuota} ${memoryLimitInBytes}`;
    await this.#enter('updateContainerResources', `${status.metadata?.name} ${detail}`);
  }

  async reopenContainerLog(id: string): Promise<void> {
    await this.#enter('reopenContainerLog', this.#container(id).status.metadata?.name);
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const { status } = this.#container(id);
    const containerName = status.metadata?.name ?? '';
    await this.#enter('execSync', `${containerName} ${command.join(' ')}`);
    if (status.state !== 'CONTAINER_RUNNING') {
      throw new CriError('Unknown', `failed to exec in container: container is in ${status.state} state`);
    }
    const run = Promise.resolve(this.onExec({ containerId: id, containerName, command }));
    if (timeoutSeconds === 0) return run;
    const late = this.#clock.sleep(timeoutSeconds * 1000).then(() => {
      throw new CriError(
        'DeadlineExceeded',
        `timeout ${timeoutSeconds}s exceeded: context deadline exceeded`,
      );
    });
    return Promise.race([run, late]);
  }

  async exec(request: Encoded<'ExecRequest'>): Promise<string> {
    await this.#enter('exec', request.containerId);
    return `http://127.0.0.1:1/exec/${this.#container(request.containerId ?? '').status.id}`;
  }

  async attach(request: Encoded<'AttachRequest'>): Promise<string> {
    await this.#enter('attach', request.containerId);
    return `http://127.0.0.1:1/attach/${this.#container(request.containerId ?? '').status.id}`;
  }

  async portForward(request: Encoded<'PortForwardRequest'>): Promise<string> {
    await this.#enter('portForward', request.podSandboxId);
    return `http://127.0.0.1:1/portforward/${request.podSandboxId}`;
  }

  async listImages(): Promise<Image[]> {
    await this.#enter('listImages');
    return [...this.images.values()];
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    await this.#enter('imageStatus');
    return this.#image(image);
  }

  async pullImage(image: string): Promise<string> {
    await this.#enter('pullImage', image);
    if (!this.registry.has(image)) {
      throw new CriError(
        'NotFound',
        `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
      );
    }
    return this.addImage(image).id;
  }

  async removeImage(image: string): Promise<void> {
    await this.#enter('removeImage', image);
    for (const [name, known] of this.images) {
      if (name === image || known.id === image) this.images.delete(name);
    }
  }

  async viewImage(image: string, key: string): Promise<ViewMount[]> {
    await this.#enter('viewImage', key);
    if (!this.#image(image)) throw new CriError('Unknown', `the runtime has no files of the image ${image}`);
    this.views.set(key, image);
    return [{ type: 'bind', source: `/views/${key}`, options: ['ro', 'rbind'] }];
  }

  async removeImageView(key: string): Promise<void> {
    await this.#enter('removeImageView', key);
    this.views.delete(key);
  }

  async imageFsInfo(): Promise<Decoded<'FilesystemUsage'>[]> {
    await this.#enter('imageFsInfo');
    const empty = decodeMessage('FilesystemUsage', new Uint8Array(0));
    return [{ ...empty, fsId: { mountpoint: '/images' } }];
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const waiting: RuntimeEvent[] = [];
    let wake = () => {};
    const listener = (event: RuntimeEvent) => {
      waiting.push(event);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        const event = waiting.shift();
        if (event) {
          yield event;
          continue;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        if (signal.aborted) break;
        await promise;
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  close(): void {}

  async #enter(method: keyof Cri, what?: string): Promise<void> {
    if (what !== undefined) this.calls.push(`${method} ${what}`);
    await this.#holds.get(method);
    const failure = this.#failures.get(method)?.shift();
    if (failure) throw failure;
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (!container) {
      throw new CriError('NotFound', `an error occurred when try to find container "${id}": not found`);
    }
    return container;
  }

  #image(name: string): Image | undefined {
    const byName = this.images.get(name);
    if (byName) return byName;
    return [...this.images.values()].find(({ id, repoDigests }) => id === name || repoDigests.includes(name));
  }

  #emit(type: RuntimeEvent['type'], containerId: string): void {
    for (const listener of this.#listeners) listener({ type, containerId });
  }

  #id(kind: string): string {
    return `${kind}${String(++this.#sequence).padStart(4, '0')}`.padEnd(64, '0');
  }

  /** Grows with every call, so that order of creation shows even where the clock stands still. */
  #nanoseconds(): number {
    return this.#clock.now() * 1_000_000 + this.#sequence * 1024;
  }
}

const emptyExec: ExecResult = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0 };

function includes(labels: Record<string, string>, wanted: Readonly<Record<string, string>> = {}): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function fakeDigest(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
}
