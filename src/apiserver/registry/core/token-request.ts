import type {
  AuthenticationTokenRequest,
  BoundObjectReference,
  Pod,
  ServiceAccount,
} from '../../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../../api/objects.ts';
import { type ApiError, badRequest, conflict, invalid, notFound } from '../../../api/status.ts';
import type { Clock } from '../../../base/clock.ts';
import type { ObjectReader } from '../../admission/object-reader.ts';
import type { TokenSigner } from '../../filters/jwt.ts';
import type { Random } from '../../random.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';

export interface TokenIssuer {
  clock: Clock;
  random: Random;
  reader: ObjectReader;
  signer: TokenSigner;
  issuer: string;
  /** Of this API server: what a request without audiences gets. */
  audiences: readonly string[];
}

const minSeconds = 600;
const maxSeconds = 2 ** 32;
const defaultSeconds = 3600;
/** Mounted tokens ask for this and may live on for a year, so that clients that never reread them go on working. */
const extendableSeconds = 3607;
const extendedSeconds = 365 * 24 * 60 * 60;
const kind = { group: 'authentication.k8s.io', resource: 'TokenRequest' };

/** Issues a bound token (upstream: pkg/registry/core/serviceaccount/storage/token.go). */
export function issueToken(
  deps: TokenIssuer,
  accounts: ResourceEndpoint,
  namespace: string,
  name: string,
  request: AuthenticationTokenRequest,
): AuthenticationTokenRequest {
  const account = deps.reader.get<ServiceAccount>('serviceaccounts', namespace, name);
  if (!account) throw notFound(accounts.qualified, name);
  const spec = { ...request.spec };
  spec.audiences = spec.audiences?.length ? spec.audiences : [...deps.audiences];
  spec.expirationSeconds ??= defaultSeconds;
  checkSeconds(name, spec.expirationSeconds);
  const bound = spec.boundObjectRef ? boundObject(deps.reader, account, spec.boundObjectRef) : {};
  const now = Math.floor(deps.clock.now() / 1000);
  const extend = spec.expirationSeconds === extendableSeconds && isForUs(deps, spec.audiences);
  const claims = {
    aud: spec.audiences,
    exp: now + (extend ? extendedSeconds : spec.expirationSeconds),
    iat: now,
    iss: deps.issuer,
    jti: deps.random.uuid(),
    'kubernetes.io': {
      namespace,
      ...bound,
      serviceaccount: { name, uid: account.metadata.uid },
      ...(extend && { warnafter: now + spec.expirationSeconds }),
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const expirationTimestamp = new Date((now + spec.expirationSeconds) * 1000).toISOString();
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: `${new Date(now * 1000).toISOString().slice(0, 19)}Z` },
    spec: spec as AuthenticationTokenRequest['spec'],
    status: { token: deps.signer.sign(claims), expirationTimestamp: `${expirationTimestamp.slice(0, 19)}Z` },
  };
}

function isForUs({ audiences }: TokenIssuer, asked: readonly string[]): boolean {
  return asked.length === 1 && audiences.includes(asked[0]!);
}

function checkSeconds(name: string, seconds: number): void {
  let why: string | undefined;
  if (seconds < minSeconds) why = 'may not specify a duration less than 10 minutes';
  else if (seconds > maxSeconds) why = 'may not specify a duration larger than 2^32 seconds';
  if (why === undefined) return;
  const message = `Invalid value: ${seconds}: ${why}`;
  throw invalid(kind, name, [{ reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', message }]);
}

/** The claims for the object the token is bound to; the pod brings its node along. */
function boundObject(reader: ObjectReader, account: Stored, reference: BoundObjectReference): object {
  const { namespace = '', name: accountName } = account.metadata;
  const name = reference.name ?? '';
  const claim = (key: string, object: Stored) => ({ [key]: { name, uid: object.metadata.uid } });
  switch (`${reference.apiVersion} ${reference.kind}`) {
    case 'v1 Pod': {
      const pod = required(reader.get<Pod>('pods', namespace, name), 'pods', reference);
      if ((pod as Stored<Pod>).spec?.serviceAccountName !== accountName) {
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
        );
      }
      return { ...claim('pod', pod), ...nodeClaim(reader, (pod as Stored<Pod>).spec?.nodeName) };
    }
    case 'v1 Secret':
      return claim('secret', required(reader.get('secrets', namespace, name), 'secrets', reference));
    case 'v1 Node':
      return claim('node', required(reader.get('nodes', '', name), 'nodes', reference));
    default:
      throw badRequest(
        `cannot bind token to object of type ${JSON.stringify(`${reference.apiVersion}, Kind=${reference.kind}`)}`,
      );
  }
}

function nodeClaim(reader: ObjectReader, node: string | undefined): object {
  if (!node) return {};
  const uid = reader.get('nodes', '', node)?.metadata.uid;
  return { node: { name: node, ...(uid && { uid }) } };
}

/** @throws ApiError 404, or 409 where the object is another one than was meant. */
function required(
  object: Stored<KubeObject> | undefined,
  resource: string,
  { name = '', uid }: BoundObjectReference,
): Stored {
  if (!object) throw notFound({ resource }, name);
  if (uid && uid !== object.metadata.uid) throw otherUid(resource, name, uid, object.metadata.uid);
  return object;
}

function otherUid(resource: string, name: string, asked: string, actual: string): ApiError {
  return conflict(
    { resource },
    name,
    `the UID in the bound object reference (${asked}) does not match the UID in record. The object might have been deleted and then recreated (${actual})`,
  );
}
