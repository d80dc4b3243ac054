import type { KubeObject } from '../../api/objects.ts';
import type { Clock } from '../../base/clock.ts';
import { type ApiUser, header, type ServerRequest, type ServerResponse } from '../exchange.ts';
import type { Decision } from '../filters/authorization.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import { type AuditDecision, type AuditPolicy, type AuditStage, decide } from './audit-policy.ts';

/** Where events go, one line of JSON each. Does not wait and does not fail: what it cannot keep it drops and says so. */
export interface AuditSink {
  write(line: string): void;
}

export interface AuditOptions {
  policy: AuditPolicy;
  sink: AuditSink;
}

/** Objects beyond this are left out of an event, which says so. */
const maxEventLength = 1024 * 1024;

/** What the audit log says of one request, as the filters find it out. */
export class AuditTrail {
  readonly #deps: AuditOptions & { clock: Clock };
  readonly #request: ServerRequest;
  readonly #auditId: string;
  readonly #received: string;
  readonly #annotations: Record<string, string> = {};
  #decision: AuditDecision | undefined;
  #info: RequestInfo | undefined;
  #user: ApiUser | undefined;
  #impersonated: ApiUser | undefined;
  #constraint: string | undefined;
  #requestObject: unknown;

  constructor(deps: AuditOptions & { clock: Clock }, request: ServerRequest, auditId: string) {
    this.#deps = deps;
    this.#request = request;
    this.#auditId = auditId;
    this.#received = this.#now();
  }

  /** Who asks for what is known: the rule that holds is chosen. */
  identified(user: ApiUser, info: RequestInfo): void {
    this.#user = user;
    this.#info = info;
    this.#decision = decide(this.#deps.policy, user, info);
    this.#log('RequestReceived');
  }

  /** Nobody knows who asks: only the refusal is told (upstream's WithFailedAuthenticationAudit). */
  unidentified(info: RequestInfo): void {
    this.#info = info;
    this.#decision = decide(this.#deps.policy, undefined, info);
  }

  /** @param constraint the verb that allowed it where it is not the plain one */
  impersonates(user: ApiUser, constraint: string | undefined): void {
    this.#impersonated = user;
    this.#constraint = constraint;
  }

  authorized({ allowed, reason }: Decision): void {
    this.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
    this.annotate('authorization.k8s.io/reason', reason);
  }

  annotate(key: string, value: string): void {
    this.#annotations[key] = value;
  }

  /** The body as it was decoded. */
  requested(object: unknown): void {
    this.#requestObject = object;
  }

  /** The answer is known. Of one that goes on (a watch, a log) the end is told later. */
  responded(response: ServerResponse): void {
    const { body } = response;
    if (!this.#user) this.#log('ResponseStarted', response);
    else if (body.kind === 'stream') {
      this.#log('ResponseStarted', response);
      body.stream.once('close', () => this.#log('ResponseComplete', response));
    } else if (body.kind === 'watch') {
      this.#log('ResponseStarted', response);
      const { source } = body;
      let over = false;
      const complete = () => {
        if (!over) this.#log('ResponseComplete', response);
        over = true;
      };
      response.body = {
        kind: 'watch',
        source: {
          open(sink) {
            const end = () => {
              complete();
              sink.end();
            };
            const opened = source.open({ events: batch => sink.events(batch), end });
            return {
              close() {
                complete();
                opened.close();
              },
            };
          },
        },
      };
    } else this.#log('ResponseComplete', response);
  }

  /** A connection that was handed over to another protocol. */
  upgraded(closed: Promise<unknown>): void {
    const response: ServerResponse = { status: 101, headers: {}, body: { kind: 'none' } };
    this.#log('ResponseStarted', response);
    closed.finally(() => this.#log('ResponseComplete', response)).catch(() => {});
  }

  #log(stage: AuditStage, response?: ServerResponse): void {
    const decision = this.#decision;
    if (!decision || decision.level === 'None' || decision.omitStages.includes(stage)) return;
    const objects = stage === 'RequestReceived' ? {} : this.#objects(decision, stage, response);
    const event = this.#event(decision, stage, response);
    let line = JSON.stringify({ ...event, ...objects });
    if (line.length > maxEventLength) {
      const annotations = { ...event.annotations, 'audit.k8s.io/truncated': 'true' };
      line = JSON.stringify({ ...event, annotations });
    }
    this.#deps.sink.write(line);
  }

  #event({ level }: AuditDecision, stage: AuditStage, response: ServerResponse | undefined) {
    const { path, query, remoteAddress } = this.#request;
    const search = query.toString();
    const annotations = { ...this.#annotations };
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID: this.#auditId,
      stage,
      requestURI: search ? `${path}?${search}` : path,
      verb: this.#info!.verb,
      user: this.#user ? userOf(this.#user) : {},
      ...(this.#impersonated && { impersonatedUser: userOf(this.#impersonated) }),
      ...(this.#constraint && { authenticationMetadata: { impersonationConstraint: this.#constraint } }),
      ...(remoteAddress && { sourceIPs: [remoteAddress] }),
      userAgent: header(this.#request, 'user-agent'),
      objectRef: this.#info!.isResource ? this.#reference(this.#info!) : undefined,
      responseStatus: response && (this.#user ? statusOf(response) : this.#refusal(response)),
      requestReceivedTimestamp: this.#received,
      stageTimestamp: this.#now(),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    };
  }

  #objects(
    { level, omitManagedFields }: AuditDecision,
    stage: AuditStage,
    response: ServerResponse | undefined,
  ) {
    const shown = (object: unknown) => (omitManagedFields ? withoutManagedFields(object) : object);
    const isFull = level === 'RequestResponse' && stage === 'ResponseComplete';
    const answer = isFull && response?.body.kind === 'value' ? response.body.value() : undefined;
    return {
      ...(level !== 'Metadata' &&
        this.#requestObject !== undefined && { requestObject: shown(this.#requestObject) }),
      ...(answer !== undefined && { responseObject: shown(answer) }),
    };
  }

  #reference({ resource, namespace, name, group, version, subresource }: RequestInfo) {
    const { metadata } = (this.#requestObject ?? {}) as KubeObject;
    return {
      resource,
      ...(namespace && { namespace }),
      ...((name || metadata?.name) && { name: name || metadata?.name }),
      ...(metadata?.uid && { uid: metadata.uid }),
      ...(group && { apiGroup: group }),
      apiVersion: version,
      ...(metadata?.resourceVersion && { resourceVersion: metadata.resourceVersion }),
      ...(subresource && { subresource }),
    };
  }

  /** What was shown in vain. */
  #refusal({ status }: ServerResponse) {
    const bearer = /^bearer /i.test(header(this.#request, 'authorization') ?? '');
    const message = bearer
      ? 'Authentication failed, attempted: bearer'
      : 'Authentication failed, no credentials provided';
    return { metadata: {}, message, code: status };
  }

  #now(): string {
    return new Date(this.#deps.clock.now()).toISOString().replace('Z', '000Z');
  }
}

function userOf({ name, uid, groups, extra }: ApiUser) {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

function statusOf({ status, body }: ServerResponse) {
  if (status < 400 || body.kind !== 'value') return { metadata: {}, code: status };
  const {
    status: word,
    message,
    reason,
  } = body.value() as { status?: string; message?: string; reason?: string };
  return { metadata: {}, status: word, message, reason, code: status };
}

function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const { metadata, items, ...rest } = object as {
    metadata?: { managedFields?: unknown };
    items?: unknown[];
  };
  const { managedFields: _, ...kept } = metadata ?? {};
  return {
    ...rest,
    ...(metadata && { metadata: kept }),
    ...(items && { items: items.map(withoutManagedFields) }),
  };
}
