import type { RequestOptions } from 'node:https';
import type { Service } from '../../api/generated/types.ts';
import { badRequest, notFound, serviceUnavailable } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import { type Address, readyEndpoints, servicePortName } from '../proxy/service-endpoints.ts';
import type { Random } from '../random.ts';

/** `clientConfig` of admission webhooks and of conversion webhooks: one of `url` and `service`. */
export interface WebhookClientConfig {
  url?: string;
  service?: { namespace?: string; name?: string; path?: string; port?: number };
  /** Base64 of the PEM certificates that sign the webhook's; the machine's where it is not given. */
  caBundle?: string;
}

export interface ResolverDeps {
  reader: ObjectReader;
  random: Random;
}

/** Where a webhook's request goes, and the URL people know it by. */
export interface WebhookTarget {
  url: URL;
  options: RequestOptions;
}

const defaultPort = 443;

/** The URL of the client config: `https://<svc>.<ns>.svc:<port><path>` for a Service. */
export function webhookUrl({ url, service }: WebhookClientConfig): URL {
  if (url !== undefined) return new URL(url);
  const { namespace = '', name = '', path = '', port = defaultPort } = service ?? {};
  // URL leaves out the port 443, which upstream's texts name.
  const made = new URL(`https://${name}.${namespace}.svc`);
  made.pathname = path || '/';
  if (port !== defaultPort) made.port = String(port);
  return made;
}

/** The text of a webhook's URL as upstream's errors show it, with its time-out as the query. */
export function shownUrl(config: WebhookClientConfig, timeoutSeconds: number): string {
  const url = webhookUrl(config);
  const host = config.service ? `${url.hostname}:${config.service.port ?? defaultPort}` : url.host;
  return `https://${host}${url.pathname}?timeout=${timeoutSeconds}s`;
}

/**
 * Resolves a client config to what `https.request` takes. A Service leads to one of its ready endpoints, chosen
 * at random: this server runs where pods are routed to and ClusterIPs need not be.
 * @throws ApiError 404, 503 for a Service that leads nowhere, 400 for a caBundle that is none
 */
export function resolveWebhook(deps: ResolverDeps, config: WebhookClientConfig): WebhookTarget {
  const url = webhookUrl(config);
  const ca = config.caBundle ? certificatesOf(config.caBundle) : undefined;
  const trust: RequestOptions = ca === undefined ? {} : { ca, allowPartialTrustChain: true };
  if (!config.service) {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return { url, options: { ...trust, host, port: Number(url.port) || defaultPort } };
  }
  const { namespace = '', name = '', port = defaultPort } = config.service;
  const address = resolveService(deps, namespace, name, port);
  return { url, options: { ...trust, ...address, servername: `${name}.${namespace}.svc` } };
}

/** One address behind a Service's port. @throws ApiError 404, 503 */
export function resolveService(
  { reader, random }: ResolverDeps,
  namespace: string,
  name: string,
  port: number,
): Address {
  const service = reader.get<Service>('services', namespace, name);
  // The resource in the singular, as upstream's listers have it.
  if (!service) throw notFound({ resource: 'service' }, name);
  if (service.spec?.type === 'ExternalName') return { host: service.spec.externalName ?? '', port };
  const portName = servicePortName(service, String(port));
  const choices = readyEndpoints(reader, namespace, name, portName);
  if (choices.length === 0) {
    throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  }
  return choices[random.integer(choices.length)]!;
}

function certificatesOf(caBundle: string): string {
  const pem = Buffer.from(caBundle, 'base64').toString('latin1');
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw badRequest('unable to load root certificates: unable to parse bytes as PEM block');
}
