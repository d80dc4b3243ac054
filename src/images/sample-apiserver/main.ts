import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags, fail, log } from '../agnhost/flags.ts';
import { bodyOf } from '../agnhost/http-server.ts';
import { type Attributes, authenticate, authorize, type TrustedClients, trustedClients } from './access.ts';
import { clusterApi } from './cluster-api.ts';
import { documents } from './documents.ts';
import { Etcd } from './etcd.ts';
import { apiVersion, group, resources, version, type WardleResource } from './objects.ts';
import { WardleApi } from './requests.ts';
import { noSuchPath, StatusError } from './status.ts';

const flags = new Flags(process.argv.slice(2));
const etcd = new Etcd(flags.text('etcd-servers').split(',')[0]!);
const api = new WardleApi(etcd, clusterApi);

/** Asks until the role that lets it read is there: tests make it beside this pod. */
async function whomToTrust(): Promise<TrustedClients> {
  for (;;) {
    try {
      return await trustedClients(clusterApi);
    } catch (error) {
      log(`reading whom to trust: ${(error as Error).message}`);
      await sleep(1000);
    }
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  trusted: TrustedClients,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://wardle');
  if (['/healthz', '/readyz', '/livez'].includes(url.pathname)) {
    await etcd.list('/registry/');
    return void response.end('ok');
  }
  const target = targetOf(request.method ?? 'GET', url);
  const user = await authenticate(request, trusted, clusterApi);
  await authorize(user, target.attributes, clusterApi);
  if (flags.text('audit-log-path') === '-') audit(user.username, target.attributes);
  if (!target.resource) {
    const document = documents[url.pathname.replace(/\/$/, '')];
    if (!document || request.method !== 'GET') throw noSuchPath();
    return send(response, 200, document);
  }
  const end = new AbortController();
  response.on('close', () => end.abort());
  const { accept, 'content-type': contentType } = request.headers;
  const { resource, namespace, name } = target;
  const body = (await bodyOf(request)).toString();
  const { signal } = end;
  const whole = {
    method: request.method!,
    resource,
    namespace,
    name,
    query: url.searchParams,
    accept,
    contentType,
    body,
    signal,
  };
  if (target.attributes.verb === 'watch') {
    const seconds = Number(url.searchParams.get('timeoutSeconds') ?? 1800);
    const timer = setTimeout(() => end.abort(), seconds * 1000);
    try {
      await api.watch(whole, response);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    return void response.end();
  }
  const { code, body: result } = await api.answer(whole);
  send(response, code, result);
}

interface Target {
  attributes: Attributes;
  resource?: WardleResource;
  namespace?: string;
  name?: string;
}

const verbs: Record<string, [one: string, all: string]> = {
  GET: ['get', 'list'],
  POST: ['create', 'create'],
  PUT: ['update', 'update'],
  PATCH: ['patch', 'patch'],
  DELETE: ['delete', 'deletecollection'],
};

/** `/apis/wardle.example.com/v1alpha1/[namespaces/NAMESPACE/]RESOURCE[/NAME]`. @throws StatusError 404 */
function targetOf(method: string, { pathname: path, searchParams }: URL): Target {
  const [, ...parts] = path.split('/').map(decodeURIComponent);
  const plain = { attributes: { verb: method.toLowerCase(), path } };
  if (`${parts[1]}/${parts[2]}` !== apiVersion || parts.length < 4) return plain;
  const scoped = parts[3] === 'namespaces';
  const namespace = scoped ? parts[4] : undefined;
  const [plural, name, ...rest] = parts.slice(scoped ? 5 : 3);
  const resource = resources.find(each => each.plural === plural);
  if (!resource || rest.length > 0 || (namespace !== undefined && !resource.namespaced)) throw noSuchPath();
  const watches =
    method === 'GET' && name === undefined && ['true', '1'].includes(searchParams.get('watch') ?? '');
  const verb = watches ? 'watch' : verbs[method]?.[name === undefined ? 1 : 0];
  if (verb === undefined) throw noSuchPath();
  const where = { ...(namespace !== undefined && { namespace }), ...(name !== undefined && { name }) };
  return {
    attributes: { verb, path, group, version, resource: resource.plural, ...where },
    resource,
    ...where,
  };
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

function audit(username: string, { verb, path }: Attributes): void {
  const event = { kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', verb, requestURI: path };
  process.stdout.write(`${JSON.stringify({ ...event, user: { username } })}\n`);
}

function refuse(response: ServerResponse, error: Error): void {
  const internal = () => new StatusError(500, 'InternalError', `Internal error occurred: ${error.message}`);
  const refusal = error instanceof StatusError ? error : internal();
  if (response.headersSent) response.destroy();
  else send(response, refusal.code, refusal.status);
}

async function main(): Promise<void> {
  const trusted = await whomToTrust();
  const options = {
    cert: readFileSync(flags.text('tls-cert-file')),
    key: readFileSync(flags.text('tls-private-key-file')),
    ca: [trusted.clientAuthority, trusted.proxyAuthority].filter(pem => pem !== ''),
    requestCert: true,
    // Who has no certificate may have a token.
    rejectUnauthorized: false,
  };
  const server = createServer(options, (request, response) => {
    answer(request, response, trusted).catch(error => refuse(response, error));
  });
  const port = flags.number('secure-port', 443);
  server.on('error', error => fail(`listening on port ${port}: ${error.message}`));
  server.listen(port, () => log(`serving on port ${port}`));
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
main().catch(error => fail(error.message));
