import type { Container, Probe } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import { criCodec } from '../../cri/codec.ts';
import { type Cri, CriError } from '../../cri/cri.ts';
import { GrpcChannel, GrpcError, grpcCode } from '../../grpc/grpc-channel.ts';
import { httpRequest, joinHostPort, type NetworkRequests, resolvePort } from './network-request.ts';

/** What one try of a probe found. `error`: it could not be tried, which changes nothing. */
export interface ProbeOutcome {
  result: 'success' | 'failure' | 'error';
  message: string;
}

export interface ProbeTarget {
  containerId: string;
  container: Container;
  podIP: string;
}

const userAgent = 'kube-probe/1.36';
const maxOutput = 10 * 1024;

/** Tries probes: exec, httpGet, tcpSocket, grpc. */
export class ProbeRunner {
  readonly #cri: Cri;
  readonly #clock: Clock;
  readonly #requests: NetworkRequests;

  constructor(deps: { cri: Cri; clock: Clock; requests: NetworkRequests }) {
    this.#clock = deps.clock;
    this.#cri = deps.cri;
    this.#requests = deps.requests;
  }

  async run(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
    const timeout = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.exec) return this.#exec(probe.exec.command ?? [], timeout, target);
    if (probe.httpGet) return this.#httpGet(probe, timeout, target);
    if (probe.tcpSocket) return this.#tcpSocket(probe, timeout, target);
    if (probe.grpc) return this.#grpc(probe, timeout, target);
    return { result: 'error', message: `missing probe handler for ${target.container.name}` };
  }

  async #exec(command: string[], timeout: number, { containerId }: ProbeTarget): Promise<ProbeOutcome> {
    try {
      const { exitCode, stdout, stderr } = await this.#cri.execSync(containerId, command, timeout / 1000);
      const message = Buffer.concat([stdout, stderr]).subarray(0, maxOutput).toString();
      return { result: exitCode === 0 ? 'success' : 'failure', message };
    } catch (error) {
      const late = error instanceof CriError && error.code === 'DeadlineExceeded';
      if (late) {
        return {
          result: 'failure',
          message: `command timed out: "${command.join(' ')}" timed out after ${timeout / 1000}s`,
        };
      }
      return { result: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #httpGet(probe: Probe, timeout: number, { container, podIP }: ProbeTarget): Promise<ProbeOutcome> {
    try {
      const { url, headers } = httpRequest(probe.httpGet!, container, podIP, userAgent);
      const { status, body } = await this.#requests.get(url, headers, timeout);
      if (status >= 200 && status < 400) return { result: 'success', message: body };
      return { result: 'failure', message: `HTTP probe failed with statuscode: ${status}` };
    } catch (error) {
      return failure(error);
    }
  }

  async #tcpSocket(probe: Probe, timeout: number, { container, podIP }: ProbeTarget): Promise<ProbeOutcome> {
    try {
      const { host, port } = probe.tcpSocket!;
      await this.#requests.connect(host || podIP, resolvePort(port, container), timeout);
      return { result: 'success', message: '' };
    } catch (error) {
      return failure(error);
    }
  }

  async #grpc(probe: Probe, timeout: number, { podIP }: ProbeTarget): Promise<ProbeOutcome> {
    const { port, service = '' } = probe.grpc!;
    const channel = new GrpcChannel(criCodec, { host: podIP, port });
    const late = new AbortController();
    const cancel = this.#clock.after(timeout, () => late.abort());
    try {
      const path = '/grpc.health.v1.Health/Check';
      const options = {
        reply: 'HealthCheckResponse',
        timeout,
        signal: AbortSignal.timeout(timeout),
      } as const;
      const { status } = await channel.unary(path, 'HealthCheckRequest', { service }, options);
      if (status === 'SERVING') return { result: 'success', message: 'service healthy' };
      return { result: 'failure', message: `service unhealthy (responded with "${status}")` };
    } catch (error) {
      return { result: 'failure', message: grpcWords(error, joinHostPort(podIP, port), timeout) };
    } finally {
      cancel();
      channel.close();
    }
  }
}

function failure(error: unknown): ProbeOutcome {
  return { result: 'failure', message: error instanceof Error ? error.message : String(error) };
}

function grpcWords(error: unknown, address: string, timeout: number): string {
  const code = error instanceof GrpcError ? error.code : grpcCode.unknown;
  if (code === grpcCode.unimplemented) {
    return 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health)';
  }
  if (code === grpcCode.cancelled || code === grpcCode.deadlineExceeded || code === grpcCode.unavailable) {
    return `error: failed to connect service "${address}" within ${timeout / 1000}s: context deadline exceeded`;
  }
  return `error: health rpc probe failed: ${error instanceof Error ? error.message : String(error)}`;
}
