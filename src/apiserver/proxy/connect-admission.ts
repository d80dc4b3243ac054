import type { KubeObject } from '../../api/objects.ts';
import type { AdmissionAttributes, AdmissionChain } from '../admission/admission.ts';
import type { Call } from '../call.ts';
import { isTrue } from '../filters/request-info.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';

const kinds: Record<string, string> = {
  'pods/attach': 'PodAttachOptions',
  'pods/exec': 'PodExecOptions',
  'pods/portforward': 'PodPortForwardOptions',
  'pods/proxy': 'PodProxyOptions',
  'services/proxy': 'ServiceProxyOptions',
  'nodes/proxy': 'NodeProxyOptions',
};

/**
 * Asks webhooks and policies whether a connection may be opened: operation CONNECT, about the options of the
 * connection (upstream: handlers.ConnectResource).
 * @throws ApiError what they say
 */
export async function admitConnection(
  admission: AdmissionChain,
  endpoint: ResourceEndpoint,
  call: Call,
): Promise<void> {
  const { info, user, warnings } = call;
  const kind = kinds[`${info.resource}/${info.subresource}`];
  if (!kind) return;
  const attributes: AdmissionAttributes = {
    operation: 'CONNECT',
    endpoint,
    subresource: info.subresource,
    kind: { group: '', version: 'v1', kind },
    namespace: info.namespace,
    name: info.pathName,
    object: connectOptions(kind, call),
    oldObject: undefined,
    user,
    dryRun: false,
    warnings,
  };
  await admission.admitConfigured(attributes);
  await admission.validateConfigured(attributes);
}

/** The query of the request as an object. */
function connectOptions(kind: string, { info, request: { query } }: Call): KubeObject {
  const options: Record<string, unknown> = { kind, apiVersion: 'v1' };
  if (kind === 'PodPortForwardOptions') {
    const ports = query.getAll('ports').flatMap(each => each.split(',').map(Number));
    return { ...options, ...(ports.length > 0 && { ports }) } as KubeObject;
  }
  if (kind.endsWith('ProxyOptions')) {
    return { ...options, ...(info.rest && { path: info.rest }) } as KubeObject;
  }
  for (const flag of ['stdin', 'stdout', 'stderr', 'tty']) if (isTrue(query.get(flag))) options[flag] = true;
  const container = query.get('container');
  if (container) options.container = container;
  if (kind === 'PodExecOptions') options.command = query.getAll('command');
  return options as KubeObject;
}
