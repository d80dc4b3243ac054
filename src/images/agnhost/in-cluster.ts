import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags, fail, log } from './flags.ts';
import { bodyOf, hostPort } from './http-server.ts';

const secrets = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Asks the API server again and again, with the token as it is in the volume at that time. */
export async function inClusterClient(args: readonly string[]): Promise<void> {
  const seconds = new Flags(args).number('poll-interval', 30);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port)
    fail('unable to load in-cluster configuration: the KUBERNETES_SERVICE_ variables are missing');
  log('started');
  for (;;) {
    await sleep(seconds * 1000);
    const authorization = `Bearer ${readFileSync(`${secrets}/token`, 'utf8')}`;
    // A test sees by it that the token was rotated, and nobody sees the token.
    log(`authz_header=${createHash('sha256').update(`salt|${authorization}`).digest('base64url')}`);
    log('calling /healthz');
    try {
      await ask(`https://${hostPort(host, port)}/healthz`, { authorization });
    } catch (error) {
      log('status=failed');
      log(`error checking /healthz: ${(error as Error).message}`);
    }
  }
}

/** Verifies a service-account token by what its issuer publishes (OpenID Connect Discovery 1.0). */
export async function tokenDiscovery(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const token = readFileSync(flags.text('token-path'), 'utf8').trim();
  log('OK: Got token');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { kid, alg } = decode(header);
  const claims = decode(payload);
  log(`OK: got issuer ${claims.iss}`);
  const authorization = `Bearer ${readFileSync(`${secrets}/token`, 'utf8')}`;
  const provider = JSON.parse(await ask(`${claims.iss}/.well-known/openid-configuration`, { authorization }));
  if (provider.issuer !== claims.iss) fail(`the issuer calls itself ${provider.issuer}`);
  log(`OK: Constructed OIDC provider for issuer ${claims.iss}`);
  const { keys } = JSON.parse(await ask(provider.jwks_uri, { authorization }));
  const jwk = keys.find((key: { kid: string }) => key.kid === kid) ?? fail(`the issuer has no key ${kid}`);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const data = Buffer.from(`${header}.${payload}`);
  const good = verify(
    'sha256',
    data,
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!good) fail(`the signature (${alg}) is not good`);
  if (![claims.aud].flat().includes(flags.text('audience'))) fail(`the token is for ${claims.aud}`);
  if (claims.exp * 1000 < Date.now()) fail('the token has expired');
  log('OK: Validated signature on JWT');
  log('OK: Got valid claims from token!');
}

function decode(part: string) {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

/** What the API server answers, with the token of the pod. @throws Error for any answer but 200 */
export function askServer(path: string): Promise<string> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = process.env;
  const authorization = `Bearer ${readFileSync(`${secrets}/token`, 'utf8')}`;
  return ask(`https://${hostPort(host, port)}${path}`, { authorization });
}

function ask(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      { headers, ca: readFileSync(`${secrets}/ca.crt`), timeout: 10_000 },
      response => {
        bodyOf(response).then(body => {
          if (response.statusCode === 200) resolve(body.toString());
          else reject(new Error(`${url}: ${response.statusCode} ${body}`));
        }, reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error(`${url}: no answer within 10 s`)));
    call.on('error', reject);
    call.end();
  });
}
