import { Transform, type TransformCallback } from 'node:stream';

/** The attributes that hold links, by element (upstream: apimachinery/pkg/util/proxy/transport.go). */
const linkAttributes: Record<string, readonly string[]> = {
  a: ['href'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** Where links of a backend are to lead. */
export interface LinkBase {
  /** The path that leads to the backend's `/`: `/api/v1/namespaces/default/pods/web/proxy`. */
  prefix: string;
  /** The backend's own `host:port`. */
  host: string;
}

/** A link to the backend's own root, so that it leads through the proxy; others stay as they are. */
export function rewriteLink(link: string, { prefix, host }: LinkBase): string {
  const [own, authority] = /^(?:https?:)?\/\/([^/?#]*)/i.exec(link) ?? [];
  const path = own && authority === host ? link.slice(own.length) || '/' : link;
  if (!path.startsWith('/') || path.startsWith('//') || path.startsWith(prefix)) return link;
  return prefix + path;
}

/** An element's start that is longer is passed on as it is, bytes. */
const maxTag = 64 * 1024;

/** Rewrites the links of an HTML page on its way. */
export class LinkRewriter extends Transform {
  readonly #base: LinkBase;
  #rest = '';

  constructor(base: LinkBase) {
    super();
    this.#base = base;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // Latin 1 keeps every byte as it is; what is looked for is ASCII.
    const text = this.#rest + chunk.toString('latin1');
    const open = text.lastIndexOf('<');
    const whole = open < 0 || text.includes('>', open) || text.length - open > maxTag ? text.length : open;
    this.#rest = text.slice(whole);
    done(null, Buffer.from(rewriteTags(text.slice(0, whole), this.#base), 'latin1'));
  }

  override _flush(done: TransformCallback): void {
    done(null, Buffer.from(this.#rest, 'latin1'));
  }
}

function rewriteTags(html: string, base: LinkBase): string {
  return html.replace(/<([a-zA-Z]+)(\s[^<>]*)>/g, (whole, element: string, attributes: string) => {
    const names = linkAttributes[element.toLowerCase()];
    if (!names) return whole;
    const rewritten = attributes.replace(
      /([^\s=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"']+)/g,
      (each, name: string, equals: string, value: string) => {
        if (!names.includes(name.toLowerCase())) return each;
        const quote = /^["']/.exec(value)?.[0] ?? '';
        const link = quote ? value.slice(1, -1) : value;
        return `${name}${equals}${quote}${rewriteLink(link, base)}${quote}`;
      },
    );
    return `<${element}${rewritten}>`;
  });
}
