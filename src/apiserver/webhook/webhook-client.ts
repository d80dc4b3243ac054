import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { ApiError } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import { answerFault } from './answer-fault.ts';
import { networkErrorText } from './network-error.ts';
import {
  type ResolverDeps,
  resolveWebhook,
  shownUrl,
  type WebhookClientConfig,
  type WebhookTarget,
} from './webhook-target.ts';

/** Milliseconds an unused connection is kept. */
const idleTime = 90_000;
/** Unused connections kept to one webhook. */
const idleConnections = 8;
/** Bytes of the largest answer taken, where the caller says nothing else. */
const defaultAnswerBytes = 16 * 1024 * 1024;

export interface WebhookCall {
  config: WebhookClientConfig;
  /** Becomes JSON. */
  body: object;
  /** For the whole call; the webhook is told it in the query. */
  timeoutSeconds: number;
  /** Ends the call early. */
  signal?: AbortSignal;
  /** Bytes of the largest answer taken. Default 16 MiB. */
  maxAnswerBytes?: number;
}

/**
 * Why a webhook gave no answer; the message is upstream's (`Post "https://…": context deadline exceeded`), for
 * the caller to put its own words before.
 */
export class WebhookCallError extends Error {
  /** The answer did not come in time. */
  readonly timedOut: boolean;

  constructor(message: string, options: { cause?: unknown; timedOut?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WebhookCallError';
    this.timedOut = options.timedOut ?? false;
  }
}

/** Calls webhooks over HTTPS and keeps connections to them. See the README beside it. */
export class WebhookClient {
  readonly #deps: ResolverDeps & { clock: Clock };
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections, timeout: idleTime });

  constructor(deps: ResolverDeps & { clock: Clock }) {
    this.#deps = deps;
  }

  /**
   * POSTs `body` and resolves with the JSON object answered.
   * @throws WebhookCallError and nothing else
   */
  async post(call: WebhookCall): Promise<Record<string, unknown>> {
    const url = shownUrl(call.config, call.timeoutSeconds);
    const failed = (why: string, options?: { cause?: unknown; timedOut?: boolean }) =>
      new WebhookCallError(`Post "${url}": ${why}`, options);
    let target: WebhookTarget;
    try {
      target = resolveWebhook(this.#deps, call.config);
    } catch (cause) {
      if (cause instanceof ApiError && cause.code !== 400) throw failed(cause.message, { cause });
      throw new WebhookCallError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    const deadline = new AbortController();
    const cancel = this.#deps.clock.after(call.timeoutSeconds * 1000, () => deadline.abort());
    const signal = call.signal ? AbortSignal.any([deadline.signal, call.signal]) : deadline.signal;
    try {
      const { status, text } = await this.#exchange(call, target, signal);
      return answered(status, text);
    } catch (cause) {
      if (cause instanceof WebhookCallError) throw cause;
      if (deadline.signal.aborted) throw failed('context deadline exceeded', { cause, timedOut: true });
      if (call.signal?.aborted) throw failed('context canceled', { cause });
      const { host = '', port = 0 } = target.options;
      throw failed(networkErrorText(cause, { host: String(host), port: Number(port) }), { cause });
    } finally {
      cancel();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #exchange(call: WebhookCall, target: WebhookTarget, signal: AbortSignal): Promise<Answer> {
    const body = Buffer.from(JSON.stringify(call.body));
    const limit = call.maxAnswerBytes ?? defaultAnswerBytes;
    for (;;) {
      try {
        return await readAnswer(await this.#send(call, target, body, signal), limit);
      } catch (error) {
        // A connection kept from before may have been closed by the other side in the meantime.
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  #send(
    call: WebhookCall,
    { url, options }: WebhookTarget,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        ...options,
        agent: this.#agent,
        method: 'POST',
        path: `${url.pathname}?timeout=${call.timeoutSeconds}s`,
        headers: {
          host: url.host,
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'content-length': body.length,
          'user-agent': 'kube-apiserver-admission',
        },
        signal,
      });
      outgoing.once('response', resolve);
      outgoing.once('error', (error: NodeJS.ErrnoException) => {
        const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        reject(outgoing.reusedSocket && broken && !signal.aborted ? new StaleConnection() : error);
      });
      outgoing.end(body);
    });
  }
}

class StaleConnection extends Error {}

interface Answer {
  status: number;
  text: string;
}

async function readAnswer(message: IncomingMessage, limit: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > limit) {
      message.destroy();
      throw new WebhookCallError(`the webhook's answer is larger than ${limit} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return { status: message.statusCode ?? 500, text: Buffer.concat(chunks).toString('utf8') };
}

/** @throws WebhookCallError for another status than 2xx, or what is no JSON object */
function answered(status: number, text: string): Record<string, unknown> {
  if (status < 200 || status > 206) throw new WebhookCallError(answerFault(status, text));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WebhookCallError(`the webhook's answer is no JSON: ${why}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new WebhookCallError("the webhook's answer is no JSON object");
}
