import { fn, type Overload } from '../signatures.ts';
import { CelError, EntryMap, ItemList, OpaqueValue } from '../values.ts';

/** URLs as Go's url.ParseRequestURI reads them: with a scheme, or a path from the root. */
class UrlValue extends OpaqueValue {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    super();
    this.text = text;
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }

  equals(other: UrlValue): boolean {
    return this.text === other.text;
  }

  toString(): string {
    return this.text;
  }
}

const form = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/;
const hostForm = /^(?:[^@]*@)?(\[[0-9A-Fa-f:.]+(?:%25[^\]]*)?\]|[^[\]:@<>"\\^`{}| ]*)(?::(\d*))?$/;

/** @returns the URL, or what Go says is wrong with it */
export function parseUrl(text: string): UrlValue | string {
  const wrong = (why: string) => `parse ${JSON.stringify(text)}: ${why}`;
  if (text === '') return wrong('empty url');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Go refuses
  if (/[\x00-\x1f\x7f]/.test(text)) return wrong('net/url: invalid control character in URL');
  if (text.startsWith(':')) return wrong('missing protocol scheme');
  const [, scheme = '', authority, path = '', query = ''] = form.exec(text)!;
  if (scheme === '' && (authority !== undefined || !path.startsWith('/')))
    return wrong('invalid URI for request');
  if (scheme !== '' && authority === undefined && !path.startsWith('/')) {
    if (path === '') return wrong('invalid URI for request');
    return new UrlValue(text, scheme.toLowerCase(), '', '', query);
  }
  const broken = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(path);
  if (broken) return wrong(`invalid URL escape ${JSON.stringify(broken[0])}`);
  if (authority && !hostForm.test(authority)) return wrong(`invalid character in host name`);
  return new UrlValue(text, scheme.toLowerCase(), authority?.replace(/^[^@]*@/, '') ?? '', path, query);
}

function queryOf({ query }: UrlValue): EntryMap {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', value = ''] = [
      pair.split('=')[0],
      pair.includes('=') ? pair.slice(pair.indexOf('=') + 1) : '',
    ];
    const key = unescapeQuery(name);
    values.set(key, [...(values.get(key) ?? []), unescapeQuery(value)]);
  }
  const map = new EntryMap();
  for (const [key, list] of values) map.set(key, new ItemList(list));
  return map;
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const escapePath = (path: string) => encodeURI(path).replace(/%25(?=[0-9A-Fa-f]{2})/g, '%');
const parsing = (text: string) => Math.max(1, Math.ceil(text.length / 10));

export const urls: readonly Overload[] = [
  fn(
    'url(string): kubernetes.URL',
    (text: string) => {
      const url = parseUrl(text);
      return typeof url === 'string'
        ? new CelError(`URL parse error during conversion from string: ${url}`)
        : url;
    },
    parsing,
  ),
  fn('isURL(string): bool', (text: string) => typeof parseUrl(text) !== 'string', parsing),
  fn('kubernetes.URL->getScheme(): string', ({ scheme }: UrlValue) => scheme),
  fn('kubernetes.URL->getHost(): string', ({ host }: UrlValue) => host),
  fn('kubernetes.URL->getHostname(): string', ({ host }: UrlValue) =>
    (hostForm.exec(host)?.[1] ?? '').replace(/^\[|\]$/g, ''),
  ),
  fn('kubernetes.URL->getPort(): string', ({ host }: UrlValue) => hostForm.exec(host)?.[2] ?? ''),
  fn('kubernetes.URL->getEscapedPath(): string', ({ path }: UrlValue) => escapePath(path)),
  fn('kubernetes.URL->getQuery(): map(string, list(string))', queryOf),
];
