/** `InvalidImageName`: a reference no registry could be asked for. */
export class InvalidImageName extends Error {
  constructor(image: string, reason: string) {
    super(`couldn't parse image name "${image}": ${reason}`);
    this.name = 'InvalidImageName';
  }
}

const host =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
const formatWrong = 'invalid reference format';

/**
 * The full name of an image as container runtimes use it: `nginx` → `docker.io/library/nginx:latest`.
 * Source: github.com/distribution/reference
 * @throws InvalidImageName
 */
export function normalizeImage(image: string): string {
  if (/^[0-9a-f]{64}$/.test(image)) {
    throw new InvalidImageName(image, `${formatWrong}: repository name cannot be a hexadecimal id`);
  }
  const [withoutDigest = '', digest] = splitOnce(image, '@');
  const slash = withoutDigest.lastIndexOf('/');
  const colon = withoutDigest.indexOf(':', slash + 1);
  const name = colon < 0 ? withoutDigest : withoutDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : withoutDigest.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) throw new InvalidImageName(image, formatWrong);
  if (digest !== undefined && !digestPattern.test(digest)) throw new InvalidImageName(image, formatWrong);
  const full = fullName(image, name);
  const suffix = tag === undefined && digest === undefined ? ':latest' : tag === undefined ? '' : `:${tag}`;
  return full + suffix + (digest === undefined ? '' : `@${digest}`);
}

/** The tag decides the default pull policy; '' where the image is named by digest. */
export function imageTag(image: string): string {
  const normal = normalizeImage(image);
  if (normal.includes('@')) return '';
  return normal.slice(normal.lastIndexOf(':') + 1);
}

function fullName(image: string, name: string): string {
  const [first = '', rest] = splitOnce(name, '/');
  const hasHost = rest !== undefined && (/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
  const domain = hasHost ? first : 'docker.io';
  const path = hasHost ? rest : name;
  const normal = domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (/[A-Z]/.test(path))
    throw new InvalidImageName(image, `${formatWrong}: repository name must be lowercase`);
  const valid = host.test(domain) && normal.split('/').every(part => component.test(part));
  if (!valid || normal.length > 255) throw new InvalidImageName(image, formatWrong);
  return `${domain === 'index.docker.io' ? 'docker.io' : domain}/${normal}`;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
