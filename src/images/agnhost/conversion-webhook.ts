import { Flags } from './flags.ts';
import { answer, bodyOf, type Handler, routes, serve } from './http-server.ts';

interface Converted {
  apiVersion: string;
  hostPort?: string;
  host?: string;
  port?: string;
}

/** Converts `stable.example.com` objects: `hostPort` of v1 is `host` and `port` of v2. */
export async function conversionWebhook(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const tls = { cert: flags.text('tls-cert-file'), key: flags.text('tls-private-key-file') };
  const ready: Handler = (_request, response) => answer(response, 200, 'ok');
  await serve(routes({ '/crdconvert': convertAll, '/readyz': ready }), {
    port: flags.number('port', 443),
    tls,
  });
}

const convertAll: Handler = async (call, response) => {
  const { kind, apiVersion, request } = JSON.parse((await bodyOf(call)).toString());
  const { uid, desiredAPIVersion, objects } = request;
  const answered: { convertedObjects: Converted[]; result: { status: string; message?: string } } = {
    convertedObjects: [],
    result: { status: 'Success' },
  };
  try {
    answered.convertedObjects = objects.map((object: Converted) => convert(object, desiredAPIVersion));
  } catch (error) {
    answered.result = { status: 'Failed', message: (error as Error).message };
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind, apiVersion, response: { uid, ...answered } }));
};

const group = 'stable.example.com';

/** @throws Error where the versions are others than v1 and v2 of the group. */
export function convert(object: Converted, apiVersion: string): Converted {
  const way = `${object.apiVersion} → ${apiVersion}`;
  if (way === `${group}/v1 → ${group}/v2`) {
    const { hostPort, ...rest } = object;
    if (hostPort === undefined) return { ...rest, apiVersion };
    const [host, port, ...more] = hostPort.split(':');
    if (port === undefined || more.length > 0) throw new Error(`invalid hostPort value \`${hostPort}\``);
    return { ...rest, apiVersion, host: host!, port };
  }
  if (way === `${group}/v2 → ${group}/v1`) {
    const { host, port, ...rest } = object;
    if (host === undefined && port === undefined) return { ...rest, apiVersion };
    return { ...rest, apiVersion, hostPort: `${host ?? ''}:${port ?? ''}` };
  }
  throw new Error(`unexpected conversion version "${apiVersion}"`);
}
