/**
 * Image references, normalised as containerd and Docker do it (distribution/reference): `nginx` is
 * `docker.io/library/nginx:latest`. The error texts are upstream's, because the node agent shows them.
 */
export interface ImageReference {
  /** Registry with its port: `docker.io`, `localhost:5000`. */
  domain: string;
  /** Path below the registry: `library/nginx`. */
  path: string;
  tag?: string;
  /** `sha256:…` */
  digest?: string;
}

/** A reference that upstream's parser refuses too. */
export class InvalidReferenceError extends Error {
  override readonly name = 'InvalidReferenceError';
}

const defaultDomain = 'docker.io';
const legacyDefaultDomain = 'index.docker.io';
const officialRepository = 'library';
const maxNameLength = 255;

const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const remoteName = `${pathComponent}(?:/${pathComponent})*`;
const tag = '[\\w][\\w.-]{0,127}';
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:(${domain})/)?(${remoteName})(?::(${tag}))?(?:@(${digest}))?$`);
const bareIdentifier = /^[a-f0-9]{64}$/;
const digestLengths: Record<string, number> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Parses and normalises what a user wrote. A reference with neither tag nor digest gets the tag `latest`.
 * @throws InvalidReferenceError
 */
export function parseReference(text: string): ImageReference {
  if (bareIdentifier.test(text)) {
    throw new InvalidReferenceError(
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  }
  const { domain: registry, rest } = splitDomain(text);
  const separator = rest.search(/[:@]/);
  const repository = separator < 0 ? rest : rest.slice(0, separator);
  if (/[A-Z]/.test(repository)) {
    throw new InvalidReferenceError(
      `invalid reference format: repository name (${repository}) must be lowercase`,
    );
  }
  const match = reference.exec(`${registry}/${rest}`);
  if (!match) throw new InvalidReferenceError('invalid reference format');
  const [, parsedDomain = registry, path = '', parsedTag, parsedDigest] = match;
  if (path.length > maxNameLength) {
    throw new InvalidReferenceError(`repository name must not be more than ${maxNameLength} characters`);
  }
  if (parsedDigest !== undefined) checkDigest(parsedDigest);
  return {
    domain: parsedDomain,
    path,
    ...((parsedTag !== undefined || parsedDigest === undefined) && { tag: parsedTag ?? 'latest' }),
    ...(parsedDigest !== undefined && { digest: parsedDigest }),
  };
}

/** `docker.io/library/nginx:latest`, or with `@sha256:…` where the reference has a digest. */
export function formatReference({ domain, path, tag, digest }: ImageReference): string {
  return `${domain}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** The reference without tag and digest: `docker.io/library/nginx`. */
export function repositoryOf({ domain, path }: Pick<ImageReference, 'domain' | 'path'>): string {
  return `${domain}/${path}`;
}

/** As a user would write it: `nginx:latest`, `curlimages/curl:8.1`, `k8s.gcr.io/echoserver:1.10`. */
export function familiarReference(reference: ImageReference): string {
  const full = formatReference(reference);
  if (reference.domain !== defaultDomain) return full;
  const short = full.slice(defaultDomain.length + 1);
  const official = `${officialRepository}/`;
  return short.startsWith(official) && !short.slice(official.length).includes('/')
    ? short.slice(official.length)
    : short;
}

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const named = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  let domain = named ? first : defaultDomain;
  let rest = named ? text.slice(slash + 1) : text;
  if (domain === legacyDefaultDomain) domain = defaultDomain;
  if (domain === defaultDomain && !rest.includes('/')) rest = `${officialRepository}/${rest}`;
  return { domain, rest };
}

function checkDigest(text: string): void {
  const [algorithm = '', hex = ''] = text.split(':');
  const length = digestLengths[algorithm];
  if (length === undefined) throw new InvalidReferenceError('unsupported digest algorithm');
  if (hex.length !== length) throw new InvalidReferenceError('invalid checksum digest length');
  if (hex !== hex.toLowerCase()) throw new InvalidReferenceError('invalid checksum digest format');
}
