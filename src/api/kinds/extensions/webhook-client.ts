import { label1035Errors, portNumberErrors, subdomainErrors } from '../../names.ts';
import { Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/** Where a webhook is called: an address, or a Service. */
export interface WebhookClient {
  url?: string;
  service?: { name?: string; namespace?: string; port?: number; path?: string };
}

export function checkWebhookClient(client: WebhookClient, at: FieldPath, out: Findings): void {
  const { url, service } = client;
  if ((url === undefined) === (service === undefined)) {
    out.required(at, 'exactly one of url or service is required');
  } else if (url !== undefined) checkUrl(url, at.child('url'), out);
  else if (service) checkService(service, at.child('service'), out);
}

/** As RFC 3986 has it: scheme, authority, path, query, fragment. Taken apart so, what is missing can be named. */
const urlPattern = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/;

function checkUrl(url: string, at: FieldPath, out: Findings): void {
  const form = '; desired format: https://host[/path]';
  const [, scheme = '', authority = '', query, fragment] = urlPattern.exec(url) ?? [];
  if (scheme && authority && !URL.canParse(url)) {
    out.required(at, `url must be a valid URL: parse ${JSON.stringify(url)}: invalid URL${form}`);
    return;
  }
  const user = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (scheme.toLowerCase() !== 'https') {
    out.invalid(at, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`);
  }
  if (!host) out.invalid(at, host, `host must be specified${form}`);
  if (user !== undefined) out.invalid(at, user, 'user information is not permitted in the URL');
  if (fragment) out.invalid(at, fragment, 'fragments are not permitted in the URL');
  if (query) out.invalid(at, query, 'query parameters are not permitted in the URL');
}

function checkService(service: NonNullable<WebhookClient['service']>, at: FieldPath, out: Findings): void {
  const { name, namespace, port = 0, path } = service;
  if (!name) out.required(at.child('name'), 'service name is required');
  if (!namespace) out.required(at.child('namespace'), 'service namespace is required');
  const wrong = portNumberErrors(port);
  if (wrong.length > 0) out.invalid(at.child('port'), port, `port is not valid: ${wrong.join(',')}`);
  if (path) checkPath(path, at.child('path'), out);
}

function checkPath(path: string, at: FieldPath, out: Findings): void {
  if (path === '/') return;
  if (path === '//') {
    out.invalid(at, path, 'segment[0] may not be empty');
    return;
  }
  if (!path.startsWith('/')) out.invalid(at, path, "must start with a '/'");
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  for (const [i, step] of steps.entries()) {
    if (!step) out.invalid(at, path, `segment[${i}] may not be empty`);
    else {
      out.invalidAll(
        at,
        path,
        subdomainErrors(step).map(why => `segment[${i}]: ${why}`),
      );
    }
  }
}

const known = ['v1', 'v1beta1'];

/** Versions of the reviews a webhook understands: of those the server sends, at least one. */
export function checkReviewVersions(
  versions: readonly string[],
  none: string,
  at: FieldPath,
  out: Findings,
): void {
  if (versions.length === 0) {
    out.required(at, none);
    return;
  }
  const seen = new Unique();
  versions.forEach((version, i) => {
    if (seen.add(version)) out.invalidAll(at.index(i), version, label1035Errors(version));
    else out.invalid(at.index(i), version, 'duplicate version');
  });
  if (versions.some(version => known.includes(version))) return;
  out.invalid(at, versions, `must include at least one of ${known.join(', ')}`);
}

export const reviewVersionsMissing = `must specify one of ${known.join(', ')}`;
