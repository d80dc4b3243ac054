import type { Service } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';

/**
 * A process's environment and arguments may take 2 MiB together (a quarter of the usual stack limit). Service
 * variables get a share that leaves room for the container's own; kubelet has no such limit, and containers
 * fail to start with "argument list too long" where there are thousands of Services.
 */
const maxBytes = 512 * 1024;
/** What the kernel takes for a variable besides its text: the pointer and the closing zero. */
const overhead = 9;

export interface ServiceEnvironment {
  variables: Map<string, string>;
  /** How many Services had to be left out. */
  omitted: number;
}

/**
 * `<NAME>_SERVICE_HOST` and its companions for the Services of the pod's namespace and for
 * `default/kubernetes`. Source: kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function serviceEnvironment(
  services: readonly (Service & KubeObject)[],
  namespace: string,
  enableServiceLinks: boolean,
): ServiceEnvironment {
  const variables = new Map<string, string>();
  let size = 0;
  let omitted = 0;
  for (const service of relevant(services, namespace, enableServiceLinks)) {
    const own = serviceVariables(service);
    const bytes = own.reduce((sum, [name, value]) => sum + name.length + value.length + overhead, 0);
    if (size + bytes > maxBytes) {
      omitted += 1;
      continue;
    }
    size += bytes;
    for (const [name, value] of own) variables.set(name, value);
  }
  return { variables, omitted };
}

/** A Service of the pod's own namespace hides `default/kubernetes` where it has the same name. */
function relevant(services: readonly Service[], namespace: string, links: boolean): Service[] {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: at } = service.metadata ?? {};
    const address = service.spec?.clusterIP;
    if (!address || address === 'None') continue;
    const isApi = at === 'default' && name === 'kubernetes';
    if (at === namespace && links) byName.set(name, service);
    else if (isApi && !byName.has(name)) byName.set(name, service);
  }
  return [...byName.values()].sort((a, b) => (a.metadata!.name! < b.metadata!.name! ? -1 : 1));
}

function serviceVariables(service: Service): [string, string][] {
  const prefix = variableName(service.metadata?.name ?? '');
  const address = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const first = ports[0];
  if (!first) return [];
  const variables: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ];
  for (const { name, port } of ports) {
    if (name) variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  }
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const host = address.includes(':') ? `[${address}]` : address;
    const url = `${protocol.toLowerCase()}://${host}:${port}`;
    if (index === 0) variables.push([`${prefix}_PORT`, url]);
    const own = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    variables.push([own, url]);
    variables.push([`${own}_PROTO`, protocol.toLowerCase()]);
    variables.push([`${own}_PORT`, String(port)]);
    variables.push([`${own}_ADDR`, address]);
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
