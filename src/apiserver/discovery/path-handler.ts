import type { DecisionLog } from '../../base/decisions.ts';
import type { Call } from '../call.ts';
import { jsonResponse, type ServerResponse, textResponse } from '../exchange.ts';
import type { TokenSigner } from '../filters/jwt.ts';
import { answerHealth, type HealthCheck } from './health.ts';
import { versionInfo } from './version.ts';

export interface PathDeps {
  decisions: DecisionLog;
  signer: TokenSigner;
  issuer: string;
  checks: readonly HealthCheck[];
  /** The text of `/metrics`. */
  metrics(): string;
  /** Everything that is stored. */
  backup(): Promise<ServerResponse>;
  openApi(call: Call): ServerResponse | undefined;
}

/** The paths that `/` lists. */
const listed = [
  '/.well-known/openid-configuration',
  '/api',
  '/api/v1',
  '/apis',
  '/causeway/backup',
  '/causeway/decisions',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

/** Answers the paths that are about no resource; undefined where there is nothing. */
export class PathHandler {
  readonly #deps: PathDeps;

  constructor(deps: PathDeps) {
    this.#deps = deps;
  }

  handle(call: Call): ServerResponse | Promise<ServerResponse> | undefined {
    const path = call.request.path.length > 1 ? call.request.path.replace(/\/+$/, '') : '/';
    const { signer, issuer } = this.#deps;
    switch (path) {
      case '/':
        return jsonResponse(200, { paths: listed });
      case '/version':
        return jsonResponse(200, versionInfo);
      case '/metrics':
        return textResponse(200, this.#deps.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
      case '/causeway/backup':
        return this.#deps.backup();
      case '/causeway/decisions':
        return this.#decisions(call);
      case '/.well-known/openid-configuration':
        return jsonResponse(200, openIdConfiguration(issuer, signer.algorithm));
      case '/openid/v1/jwks':
        return jsonResponse(200, { keys: [signer.publicJwk] });
    }
    if (path.startsWith('/openapi/')) return this.#deps.openApi(call);
    return answerHealth(call, this.#deps.checks);
  }

  /** `?after=N` gives those with a sequence above N, `?since=` those not before a time (RFC 3339). */
  #decisions(call: Call): ServerResponse {
    const { query } = call.request;
    const since = query.get('since');
    const from = since ? Date.parse(since) : 0;
    const decisions = this.#deps.decisions.since(Number(query.get('after') ?? 0) || 0);
    return jsonResponse(200, { decisions: decisions.filter(each => !(each.time < from)) });
  }
}

function openIdConfiguration(issuer: string, algorithm: string): object {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}
