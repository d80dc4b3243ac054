import type { EndpointSlice, Namespace, Service } from '../api/generated/types.ts';
import { builtinByKind } from '../api/resources.ts';
import { FakeInformer } from '../client/fake-informer.ts';

/** The informers of a DNS server, filled by hand. */
export class FakeCluster {
  readonly namespaces = new FakeInformer<Namespace>(resource('', 'Namespace'));
  readonly services = new FakeInformer<Service>(resource('', 'Service'));
  readonly endpointSlices = new FakeInformer<EndpointSlice>(resource('discovery.k8s.io', 'EndpointSlice'));

  constructor(...namespaces: string[]) {
    for (const name of namespaces) this.namespaces.set({ metadata: { name } });
  }

  /** @param key `namespace/name` @param ports `http:80/TCP` */
  service(key: string, spec: Service['spec'], ...ports: string[]): void {
    const [namespace, name] = key.split('/');
    const clusterIP = spec?.clusterIP ?? spec?.clusterIPs?.[0];
    this.services.set({
      metadata: { namespace, name },
      spec: { type: 'ClusterIP', ...spec, ...(clusterIP && { clusterIP }), ports: ports.map(parsePort) },
    });
  }

  /** @param endpoints `10.0.0.1`, `10.0.0.1=web-0` with a hostname, `!10.0.0.1` not ready */
  slice(service: string, name: string, endpoints: string[], ...ports: string[]): void {
    const [namespace, serviceName = ''] = service.split('/');
    this.endpointSlices.set({
      metadata: { namespace, name, labels: { 'kubernetes.io/service-name': serviceName } },
      addressType: endpoints[0]?.includes(':') ? 'IPv6' : 'IPv4',
      endpoints: endpoints.map(text => {
        const [address = '', hostname] = text.replace(/^!/, '').split('=');
        return {
          addresses: [address],
          conditions: { ready: !text.startsWith('!') },
          ...(hostname && { hostname }),
        };
      }),
      ports: ports.map(parsePort),
    });
  }
}

function parsePort(text: string): { name?: string; port: number; protocol: string } {
  const [, name, port, protocol = 'TCP'] = /^(?:([^:]*):)?(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  return { ...(name && { name }), port: Number(port), protocol };
}

function resource(group: string, kind: string) {
  return builtinByKind({ group, version: 'v1', kind })!;
}
