import { GrpcChannel, GrpcError } from '../grpc/grpc-channel.ts';
import { criCodec, decodeMessage } from './codec.ts';
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
import { CriError, criErrorCodes } from './cri.ts';
import { removeImageView, viewImage } from './image-view.ts';
import type { criSchema, Decoded, Encoded, MessageName } from './schema.ts';

const seconds = 1000;
/** kubelet's `runtimeRequestTimeout`. */
const requestTimeout = 120 * seconds;

export interface GrpcCriOptions {
  /** Path of the runtime's socket; containerd serves CRI and its own events on the same one. */
  socket: string;
}

/** CRI over the runtime's Unix socket. */
export class GrpcCri implements Cri {
  readonly #channel: GrpcChannel<typeof criSchema>;

  constructor(options: GrpcCriOptions) {
    this.#channel = new GrpcChannel(criCodec, { path: options.socket });
  }

  version(): Promise<RuntimeVersion> {
    return this.#runtime('Version', 'VersionRequest', {}, 'VersionResponse');
  }

  async status(): Promise<RuntimeCondition[]> {
    const { status } = await this.#runtime('Status', 'StatusRequest', {}, 'StatusResponse');
    return status?.conditions ?? [];
  }

  async runPodSandbox(config: PodSandboxConfig, runtimeHandler = ''): Promise<string> {
    const request = { config, runtimeHandler };
    // kubelet allows a sandbox twice the usual time.
    const reply = await this.#runtime(
      'RunPodSandbox',
      'RunPodSandboxRequest',
      request,
      'RunPodSandboxResponse',
      2 * requestTimeout,
    );
    return reply.podSandboxId;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const request = { podSandboxId: id };
    await this.#runtime('StopPodSandbox', 'StopPodSandboxRequest', request, 'StopPodSandboxResponse');
  }

  async removePodSandbox(id: string): Promise<void> {
    const request = { podSandboxId: id };
    await this.#runtime('RemovePodSandbox', 'RemovePodSandboxRequest', request, 'RemovePodSandboxResponse');
  }

  async podSandboxStatus(id: string): Promise<PodSandboxStatus> {
    const request = { podSandboxId: id };
    const reply = await this.#runtime(
      'PodSandboxStatus',
      'PodSandboxStatusRequest',
      request,
      'PodSandboxStatusResponse',
    );
    return present(reply.status, id);
  }

  async listPodSandbox(filter?: Encoded<'PodSandboxFilter'>): Promise<PodSandbox[]> {
    const request = { filter };
    const reply = await this.#runtime(
      'ListPodSandbox',
      'ListPodSandboxRequest',
      request,
      'ListPodSandboxResponse',
    );
    return reply.items;
  }

  async createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandbox: PodSandboxConfig,
  ): Promise<string> {
    const request = { podSandboxId: sandboxId, config, sandboxConfig: sandbox };
    const reply = await this.#runtime(
      'CreateContainer',
      'CreateContainerRequest',
      request,
      'CreateContainerResponse',
    );
    return reply.containerId;
  }

  async startContainer(id: string): Promise<void> {
    const request = { containerId: id };
    await this.#runtime('StartContainer', 'StartContainerRequest', request, 'StartContainerResponse');
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    await this.#runtime(
      'StopContainer',
      'StopContainerRequest',
      { containerId: id, timeout: timeoutSeconds },
      'StopContainerResponse',
      requestTimeout + timeoutSeconds * seconds,
    );
  }

  async removeContainer(id: string): Promise<void> {
    const request = { containerId: id };
    await this.#runtime('RemoveContainer', 'RemoveContainerRequest', request, 'RemoveContainerResponse');
  }

  async listContainers(filter?: Encoded<'ContainerFilter'>): Promise<Container[]> {
    const request = { filter };
    const reply = await this.#runtime(
      'ListContainers',
      'ListContainersRequest',
      request,
      'ListContainersResponse',
    );
    return reply.containers;
  }

  async containerStatus(id: string): Promise<ContainerStatus> {
    const request = { containerId: id };
    const reply = await this.#runtime(
      'ContainerStatus',
      'ContainerStatusRequest',
      request,
      'ContainerStatusResponse',
    );
    return present(reply.status, id);
  }

  async updateContainerResources(id: string, linux: LinuxContainerResources): Promise<void> {
    await this.#runtime(
      'UpdateContainerResources',
      'UpdateContainerResourcesRequest',
      { containerId: id, linux },
      'UpdateContainerResourcesResponse',
    );
  }

  async reopenContainerLog(id: string): Promise<void> {
    const request = { containerId: id };
    await this.#runtime(
      'ReopenContainerLog',
      'ReopenContainerLogRequest',
      request,
      'ReopenContainerLogResponse',
    );
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult> {
    const request = { containerId: id, cmd: command, timeout: timeoutSeconds };
    // Without a limit of its own the call may last; with one the runtime answers first.
    const timeout = timeoutSeconds === 0 ? 0 : requestTimeout + timeoutSeconds * seconds;
    const reply = await this.#runtime('ExecSync', 'ExecSyncRequest', request, 'ExecSyncResponse', timeout);
    return {
      stdout: Buffer.from(reply.stdout),
      stderr: Buffer.from(reply.stderr),
      exitCode: reply.exitCode,
    };
  }

  async exec(request: Encoded<'ExecRequest'>): Promise<string> {
    return (await this.#runtime('Exec', 'ExecRequest', request, 'ExecResponse')).url;
  }

  async attach(request: Encoded<'AttachRequest'>): Promise<string> {
    return (await this.#runtime('Attach', 'AttachRequest', request, 'AttachResponse')).url;
  }

  async portForward(request: Encoded<'PortForwardRequest'>): Promise<string> {
    return (await this.#runtime('PortForward', 'PortForwardRequest', request, 'PortForwardResponse')).url;
  }

  async listImages(): Promise<Image[]> {
    return (await this.#image('ListImages', 'ListImagesRequest', {}, 'ListImagesResponse')).images;
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    const request = { image: { image } };
    return (await this.#image('ImageStatus', 'ImageStatusRequest', request, 'ImageStatusResponse')).image;
  }

  async pullImage(image: string, auth?: Encoded<'AuthConfig'>, signal?: AbortSignal): Promise<string> {
    const request = { image: { image }, auth };
    const options = { timeout: 0, signal };
    const reply = await this.#image('PullImage', 'PullImageRequest', request, 'PullImageResponse', options);
    return reply.imageRef;
  }

  async removeImage(image: string): Promise<void> {
    await this.#image('RemoveImage', 'RemoveImageRequest', { image: { image } }, 'RemoveImageResponse');
  }

  async viewImage(image: string, key: string): Promise<ViewMount[]> {
    return viewImage(this.#channel, image, key).catch(error => Promise.reject(translate(error)));
  }

  async removeImageView(key: string): Promise<void> {
    await removeImageView(this.#channel, key).catch(error => Promise.reject(translate(error)));
  }

  async imageFsInfo(): Promise<Decoded<'FilesystemUsage'>[]> {
    const reply = await this.#image('ImageFsInfo', 'ImageFsInfoRequest', {}, 'ImageFsInfoResponse');
    return reply.imageFilesystems;
  }

  /**
   * containerd's own event stream: CRI's `GetContainerEvents` exists from containerd 1.7 on only, this one
   * in every version.
   */
  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const path = '/containerd.services.events.v1.Events/Subscribe';
    const request = { filters: ['namespace==k8s.io,topic~="^/tasks/"'] };
    const options = { reply: 'Envelope', signal } as const;
    try {
      for await (const envelope of this.#channel.stream(path, 'SubscribeRequest', request, options)) {
        const event = toEvent(envelope);
        if (event) yield event;
      }
    } catch (error) {
      throw translate(error);
    }
  }

  close(): void {
    this.#channel.close();
  }

  async #runtime<Request extends MessageName, Reply extends MessageName>(
    method: string,
    request: Request,
    value: Encoded<Request>,
    reply: Reply,
    timeout = requestTimeout,
  ): Promise<Decoded<Reply>> {
    try {
      const path = `/runtime.v1.RuntimeService/${method}`;
      return await this.#channel.unary(path, request, value, { reply, timeout });
    } catch (error) {
      throw translate(error);
    }
  }

  async #image<Request extends MessageName, Reply extends MessageName>(
    method: string,
    request: Request,
    value: Encoded<Request>,
    reply: Reply,
    options: { timeout?: number; signal?: AbortSignal } = { timeout: requestTimeout },
  ): Promise<Decoded<Reply>> {
    try {
      const path = `/runtime.v1.ImageService/${method}`;
      return await this.#channel.unary(path, request, value, { reply, ...options });
    } catch (error) {
      throw translate(error);
    }
  }
}

function present<T>(status: T | undefined, id: string): T {
  if (status === undefined) throw new CriError('NotFound', `no status of ${id}`);
  return status;
}

const eventTypes: Record<string, RuntimeEvent['type']> = {
  '/tasks/create': 'created',
  '/tasks/start': 'started',
  '/tasks/exit': 'exited',
  '/tasks/oom': 'oom',
  '/tasks/delete': 'deleted',
};

function toEvent(envelope: Decoded<'Envelope'>): RuntimeEvent | undefined {
  const type = eventTypes[envelope.topic];
  if (!type || !envelope.event) return undefined;
  return { type, containerId: decodeMessage('TaskEvent', envelope.event.value).containerId };
}

function translate(error: unknown): CriError {
  if (error instanceof GrpcError) {
    return new CriError(criErrorCodes[error.code] ?? 'Unknown', error.message, { cause: error });
  }
  return new CriError('Unknown', error instanceof Error ? error.message : String(error), { cause: error });
}
