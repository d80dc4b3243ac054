import type { Decoded, Encoded } from './schema.ts';

/**
 * The container runtime as the node agent sees it: RuntimeService and ImageService of CRI v1, one method a
 * call, plus the runtime's events. Every method rejects with `CriError`; its message is the runtime's text.
 *
 * Source: https://github.com/kubernetes/cri-api/blob/master/pkg/apis/runtime/v1/api.proto
 */
export interface Cri {
  version(): Promise<RuntimeVersion>;
  /** `RuntimeReady` and `NetworkReady`, among others. */
  status(): Promise<RuntimeCondition[]>;

  /** Creates and starts a sandbox with its network; resolves with its id. */
  runPodSandbox(config: PodSandboxConfig, runtimeHandler?: string): Promise<string>;
  /** Kills what runs in it and gives its network back; fine to repeat. */
  stopPodSandbox(id: string): Promise<void>;
  /** Stops it where needed; fine to repeat, and for one that is not there. */
  removePodSandbox(id: string): Promise<void>;
  /** @throws CriError `NotFound` */
  podSandboxStatus(id: string): Promise<PodSandboxStatus>;
  listPodSandbox(filter?: Encoded<'PodSandboxFilter'>): Promise<PodSandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, after `timeoutSeconds` SIGKILL; resolves when it has ended. Fine to repeat. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  /** Fine to repeat, and for one that is not there. */
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: Encoded<'ContainerFilter'>): Promise<Container[]>;
  /** @throws CriError `NotFound` */
  containerStatus(id: string): Promise<ContainerStatus>;
  /** Of a running container; -1 takes a limit away. */
  updateContainerResources(id: string, linux: LinuxContainerResources): Promise<void>;
  /** After the log file was moved away. */
  reopenContainerLog(id: string): Promise<void>;

  /**
   * Runs a command in a container and waits for it; `timeoutSeconds` 0: for ever.
   * @throws CriError `DeadlineExceeded` when the time is over.
   */
  execSync(id: string, command: readonly string[], timeoutSeconds: number): Promise<ExecResult>;
  /** The three streaming calls resolve with a URL of the runtime's streaming server, good for one use. */
  exec(request: Encoded<'ExecRequest'>): Promise<string>;
  attach(request: Encoded<'AttachRequest'>): Promise<string>;
  portForward(request: Encoded<'PortForwardRequest'>): Promise<string>;

  listImages(): Promise<Image[]>;
  /** undefined where the image is not on the node. */
  imageStatus(image: string): Promise<Image | undefined>;
  /** Resolves with the image's reference on this node. Takes as long as it takes; `signal` gives up. */
  pullImage(image: string, auth?: Encoded<'AuthConfig'>, signal?: AbortSignal): Promise<string>;
  removeImage(image: string): Promise<void>;
  /**
   * A read-only view of an image's files, kept under `key` until it is removed: what to mount. Fine to repeat.
   * @throws CriError
   */
  viewImage(image: string, key: string): Promise<ViewMount[]>;
  /** Fine for one that is not there. */
  removeImageView(key: string): Promise<void>;
  imageFsInfo(): Promise<Decoded<'FilesystemUsage'>[]>;

  /**
   * What happens to containers and sandboxes, from now on; ends with an error when the runtime goes away.
   * A hint, not the truth: list again to see what is.
   */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;

  /** Drops the connection. */
  close(): void;
}

export type RuntimeVersion = Decoded<'VersionResponse'>;
export type RuntimeCondition = Decoded<'RuntimeCondition'>;
export type PodSandboxConfig = Encoded<'PodSandboxConfig'>;
export type PodSandbox = Decoded<'PodSandbox'>;
export type PodSandboxStatus = Decoded<'PodSandboxStatus'>;
export type ContainerConfig = Encoded<'ContainerConfig'>;
export type Container = Decoded<'Container'>;
export type ContainerStatus = Decoded<'ContainerStatus'>;
export type Image = Decoded<'Image'>;
export type Mount = Encoded<'Mount'>;
/** As of mount(8): a type, a source and options. */
export type ViewMount = Decoded<'ViewMount'>;
export type LinuxContainerResources = Encoded<'LinuxContainerResources'>;

export interface ExecResult {
  stdout: Buffer;
  stderr: Buffer;
  exitCode: number;
}

export interface RuntimeEvent {
  type: 'created' | 'started' | 'exited' | 'oom' | 'deleted';
  /** The container's or, for its own process, the sandbox's id. */
  containerId: string;
}

/** gRPC's codes with Go's names; the index is the number. */
export const criErrorCodes = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

export type CriErrorCode = (typeof criErrorCodes)[number];

/** A call the runtime refused, or that did not reach it (`Unavailable`). */
export class CriError extends Error {
  readonly code: CriErrorCode;
  constructor(code: CriErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CriError';
    this.code = code;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof CriError && error.code === 'NotFound';
}

/** An error of the runtime as Go clients print it, which is what users of Kubernetes know from events. */
export function rpcMessage(error: unknown): string {
  if (error instanceof CriError) return `rpc error: code = ${error.code} desc = ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
