import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { GrpcChannel, GrpcError, grpcCode } from '../grpc/grpc-channel.ts';
import { ProtobufCodec } from '../grpc/protobuf.ts';
import type { DecodedIn, EncodedIn, MessageNameIn } from '../grpc/schema.ts';
import { type EtcdEndpoint, parseEndpoint } from './etcd-endpoint.ts';
import { type EtcdSchema, etcdSchema } from './etcd-schema.ts';

type Name = MessageNameIn<EtcdSchema>;
type Reply<N extends Name> = DecodedIn<EtcdSchema, N>;
type Request<N extends Name> = EncodedIn<EtcdSchema, N>;

export interface EtcdClientOptions {
  /** `https://10.0.0.1:2379`, `http://…` or `unix:///path`; any of them serves. */
  endpoints: readonly string[];
  /** PEM, for endpoints with https. */
  tls?: { ca?: string; cert?: string; key?: string };
  /** Milliseconds for which a call is tried on one endpoint after the other. */
  patience?: number;
}

/** One answer has to come within this, milliseconds; then the next endpoint is asked. */
const attemptTimeout = 4000;
const defaultPatience = 10_000;
const pauseBetweenTries = 50;
/** Connections that answer no ping for this long are given up. */
const keepAlive = 2000;
/** Events and pages come in messages that hold as much as etcd likes to put in one. */
const maxMessageBytes = 256 * 1024 * 1024;

const codec = new ProtobufCodec(etcdSchema);
/** A member that knows no leader refuses at once instead of waiting for one, before it proposes anything. */
const metadata = { hasleader: 'true' };

interface Member extends EtcdEndpoint {
  channel: GrpcChannel<EtcdSchema>;
}

/** Calls to the members of one etcd, over to the next where one fails. */
export class EtcdClient {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #patience: number;
  readonly #members: readonly Member[];
  #at = 0;
  readonly #closed = new AbortController();

  constructor(deps: { clock: Clock; log: Logger }, options: EtcdClientOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#patience = options.patience ?? defaultPatience;
    this.#members = options.endpoints.map(text => {
      const endpoint = parseEndpoint(text);
      const tls = endpoint.secure ? (options.tls ?? {}) : undefined;
      const channel = new GrpcChannel(codec, endpoint.address, {
        ...(tls && { tls }),
        keepAlive,
        maxMessageBytes,
      });
      return { ...endpoint, channel };
    });
  }

  range(request: Request<'RangeRequest'>): Promise<Reply<'RangeResponse'>> {
    return this.#call('/etcdserverpb.KV/Range', 'RangeRequest', request, 'RangeResponse');
  }

  /**
   * A transaction that changes nothing where it was carried out before: one whose outcome nobody learned is
   * sent again, and `repeated` says that this was so.
   */
  async txn(request: Request<'TxnRequest'>): Promise<Reply<'TxnResponse'> & { repeated: boolean }> {
    let repeated = false;
    const onRetry = (error: GrpcError) => {
      repeated ||= !error.unsent && !/no leader/.test(error.message);
    };
    const path = '/etcdserverpb.KV/Txn';
    const reply = await this.#call(path, 'TxnRequest', request, 'TxnResponse', onRetry);
    return { ...reply, repeated };
  }

  put(request: Request<'PutRequest'>): Promise<Reply<'PutResponse'>> {
    return this.#call('/etcdserverpb.KV/Put', 'PutRequest', request, 'PutResponse');
  }

  deleteRange(request: Request<'DeleteRangeRequest'>): Promise<Reply<'DeleteRangeResponse'>> {
    return this.#call('/etcdserverpb.KV/DeleteRange', 'DeleteRangeRequest', request, 'DeleteRangeResponse');
  }

  /** Forgets what was overwritten before `revision`; what is forgotten already is left alone. */
  async compact(revision: number): Promise<void> {
    try {
      const path = '/etcdserverpb.KV/Compact';
      await this.#call(path, 'CompactionRequest', { revision }, 'CompactionResponse');
    } catch (error) {
      if (!(error instanceof GrpcError && error.code === grpcCode.outOfRange)) throw error;
    }
  }

  /**
   * The changes of a range on one member until that ends it or the connection breaks.
   * @throws GrpcError; the next watch goes to the next member.
   */
  async *watch(
    createRequest: Request<'WatchCreateRequest'>,
    signal: AbortSignal,
  ): AsyncGenerator<Reply<'WatchResponse'>> {
    const member = this.#member();
    try {
      yield* member.channel.stream(
        '/etcdserverpb.Watch/Watch',
        'WatchRequest',
        { createRequest },
        { reply: 'WatchResponse', signal: AbortSignal.any([signal, this.#closed.signal]), metadata },
      );
    } finally {
      this.#leave(member);
    }
  }

  close(): void {
    this.#closed.abort(new Error('the connection to etcd was closed'));
    for (const { channel } of this.#members) channel.close();
  }

  async #call<Q extends Name, R extends Name>(
    path: string,
    request: Q,
    value: Request<Q>,
    reply: R,
    onRetry?: (error: GrpcError) => void,
  ): Promise<Reply<R>> {
    const deadline = this.#clock.monotonic() + this.#patience;
    for (let attempt = 1; ; attempt++) {
      const member = this.#member();
      try {
        const options = { reply, timeout: attemptTimeout, metadata };
        return await member.channel.unary(path, request, value, options);
      } catch (error) {
        if (!isTransient(error) || this.#closed.signal.aborted) throw error;
        this.#leave(member);
        if (this.#clock.monotonic() >= deadline) {
          throw new Error(`etcd at ${member.name} does not answer`, { cause: error });
        }
        onRetry?.(error);
        this.#log.debug('an etcd member failed', { member: member.name, error });
        // Once round without a pause; members that elect a leader need a moment.
        if (attempt % this.#members.length === 0) {
          await this.#clock.sleep(pauseBetweenTries, this.#closed.signal);
        }
      }
    }
  }

  #member(): Member {
    return this.#members[this.#at]!;
  }

  /** Others may have left it already. */
  #leave(member: Member): void {
    if (this.#member() === member) this.#at = (this.#at + 1) % this.#members.length;
  }
}

const resourceExhausted = 8;

/** Whether another member, or the same one later, may do what this one did not. */
function isTransient(error: unknown): error is GrpcError {
  if (!(error instanceof GrpcError)) return false;
  const { unavailable, deadlineExceeded, cancelled, unknown } = grpcCode;
  if (error.code === unknown) return /leader changed|request timed out|stopped/.test(error.message);
  if (error.code === resourceExhausted) return /too many requests/.test(error.message);
  return [unavailable, deadlineExceeded, cancelled].some(code => code === error.code);
}
