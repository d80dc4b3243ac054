import { ApiError } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { SharedReads } from '../store/store.ts';
import { type AuditOptions, AuditTrail } from './audit/audit-trail.ts';
import type { Call } from './call.ts';
import { toApiError } from './errors/status.ts';
import { header, type ServerRequest, type ServerResponse } from './exchange.ts';
import { authenticate, type TokenAuthenticator } from './filters/authentication.ts';
import {
  type AccessAttributes,
  type Authorizer,
  accessDenied,
  attributesOf,
} from './filters/authorization.ts';
import { freshness } from './filters/freshness.ts';
import { impersonate } from './filters/impersonation.ts';
import { InFlight, isLongRunning } from './filters/in-flight.ts';
import { parseRequestInfo } from './filters/request-info.ts';
import { warningHeaders } from './filters/warnings.ts';
import type { FlowControl } from './flowcontrol/flow-control.ts';
import type { RequestMetrics } from './metrics.ts';
import { type Negotiated, negotiate } from './negotiation.ts';
import type { Random } from './random.ts';
import { encoded } from './registry/representation.ts';

export interface PipelineDeps {
  clock: Clock;
  log: Logger;
  random: Random;
  authorizer: Authorizer;
  metrics: RequestMetrics;
  /** Of a store that others write to as well. */
  shared?: SharedReads | undefined;
  tokens: readonly TokenAuthenticator[];
  flowControl: FlowControl;
  /** Undefined: no audit log is kept. */
  audit?: AuditOptions;
  /** Answers a call that may be made. */
  route(call: Call): ServerResponse | Promise<ServerResponse>;
}

/** Milliseconds a request that is not long-running may take (upstream's --request-timeout). */
const requestTimeout = 60_000;

/**
 * The filters every request passes, in upstream's order: nothing behind them may fail a client without a
 * Status, and nothing before them is asked who the client is.
 */
export class RequestPipeline {
  readonly #deps: PipelineDeps;
  readonly inFlight = new InFlight();

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async handle(request: ServerRequest): Promise<ServerResponse> {
    const auditId = request.inProcess ? '' : (header(request, 'audit-id') ?? this.#deps.random.uuid());
    const warnings: string[] = [];
    let response: ServerResponse;
    let call: Call | undefined;
    const trail = this.trailOf(request, auditId);
    try {
      const fresh = freshness(this.#deps.shared, request);
      if (fresh) await fresh;
      call = await this.admit(request, auditId, warnings, trail);
      response = await this.#run(call);
      this.#deps.metrics.count(call.info.verb, call.info.resource, response.status);
    } catch (error) {
      response = this.#failed(error, request);
    }
    if (request.inProcess) return response;
    const { headers } = response;
    headers['audit-id'] = auditId;
    headers['cache-control'] ??= 'no-cache, private';
    if (call?.flow) {
      headers['x-kubernetes-pf-flowschema-uid'] = call.flow.schema;
      headers['x-kubernetes-pf-prioritylevel-uid'] = call.flow.level;
    }
    if (warnings.length > 0) headers.warning = warningHeaders(warnings);
    trail?.responded(response);
    return response;
  }

  /** Undefined where no log is kept; what the server does by itself is not logged. */
  trailOf(request: ServerRequest, auditId: string): AuditTrail | undefined {
    const { audit, clock } = this.#deps;
    return audit && !request.inProcess ? new AuditTrail({ ...audit, clock }, request, auditId) : undefined;
  }

  /**
   * Authenticates and authorizes without running: what upgraded connections need, too.
   * @throws ApiError 401, 403
   */
  async admit(
    request: ServerRequest,
    auditId: string,
    warnings: string[] = [],
    trail?: AuditTrail,
  ): Promise<Call> {
    const info = parseRequestInfo(request);
    const authenticated = await authenticate(request, this.#deps.tokens).catch(error => {
      trail?.unidentified(info);
      throw error;
    });
    trail?.identified(authenticated, info);
    const asked = attributesOf(authenticated, info, request.query);
    const other = request.inProcess ? undefined : impersonate(request, asked, this.#deps.authorizer);
    if (other) trail?.impersonates(other.user, other.constraint);
    const user = other?.user ?? authenticated;
    this.authorize(attributesOf(user, info, request.query), trail);
    return { request, info, user, auditId, warnings, ...(trail && { trail }) };
  }

  /** @throws ApiError 403 */
  authorize(attributes: AccessAttributes, trail?: AuditTrail): void {
    const decision = this.#deps.authorizer.authorize(attributes);
    trail?.authorized(decision);
    if (!decision.allowed) throw accessDenied(attributes, decision.reason);
  }

  async #run(call: Call): Promise<ServerResponse> {
    const { route, flowControl } = this.#deps;
    if (call.request.inProcess) return route(call);
    const { info } = call;
    // Of a watch its start takes a seat; of what else stays open nothing is known, as upstream.
    if (isLongRunning(info)) {
      return info.verb === 'watch' ? flowControl.run(call, () => route(call)) : route(call);
    }
    this.inFlight.change(info, 1);
    try {
      return await flowControl.run(call, () => {
        const answer = route(call);
        return answer instanceof Promise ? this.#withDeadline(answer, call) : answer;
      });
    } finally {
      this.inFlight.change(info, -1);
    }
  }

  #withDeadline(answer: Promise<ServerResponse>, call: Call): Promise<ServerResponse> {
    return new Promise((resolve, reject) => {
      const cancel = this.#deps.clock.after(requestTimeout, () => {
        const message = `Timeout: request did not complete within the allotted timeout: ${call.request.method} ${call.request.path}`;
        reject(new ApiError({ message, reason: 'Timeout', code: 504, details: {} }));
      });
      answer.then(resolve, reject).finally(cancel);
    });
  }

  #failed(error: unknown, request: ServerRequest): ServerResponse {
    const known = toApiError(error);
    if (known.code >= 500 && known.reason === 'InternalError') {
      this.#deps.log.error('request failed', { method: request.method, path: request.path, error });
    }
    const response = encoded(this.#encodingOf(known, request), known.code, known.status);
    const retry = known.status.details?.retryAfterSeconds;
    if (retry !== undefined) response.headers['retry-after'] = String(retry);
    return response;
  }

  /** A Status is in what the client asked for, whatever it is about; in JSON where that is nothing we have. */
  #encodingOf(error: ApiError, request: ServerRequest): Negotiated {
    if (request.inProcess || error.code === 406) return { encoding: 'json' };
    try {
      return negotiate(request, false, () => true);
    } catch {
      return { encoding: 'json' };
    }
  }
}
