import type { ResourceInfo } from '../../api/resources.ts';

export interface SubresourceInfo {
  name: string;
  /** Of what the subresource speaks; the resource's own where empty. */
  kind: string;
  group: string;
  version: string;
  verbs: readonly string[];
}

const wholeObject = ['get', 'patch', 'update'];
const connect = ['create', 'get'];
const proxied = ['create', 'delete', 'get', 'patch', 'update'];

/** What subresources speak and which verbs they take, as upstream's discovery tells it. */
const special: Record<string, Partial<SubresourceInfo>> = {
  'pods/attach': { kind: 'PodAttachOptions', verbs: connect },
  'pods/binding': { kind: 'Binding', verbs: ['create'] },
  'pods/eviction': { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  'pods/exec': { kind: 'PodExecOptions', verbs: connect },
  'pods/log': { verbs: ['get'] },
  'pods/portforward': { kind: 'PodPortForwardOptions', verbs: connect },
  'pods/proxy': { kind: 'PodProxyOptions', verbs: proxied },
  'nodes/proxy': { kind: 'NodeProxyOptions', verbs: proxied },
  'services/proxy': { kind: 'ServiceProxyOptions', verbs: proxied },
  'namespaces/finalize': { verbs: ['update'] },
  'serviceaccounts/token': {
    kind: 'TokenRequest',
    group: 'authentication.k8s.io',
    version: 'v1',
    verbs: ['create'],
  },
};

export function subresourcesOf(resource: ResourceInfo): SubresourceInfo[] {
  return [...resource.subresources].sort().map(name => ({
    name,
    kind: resource.kind,
    group: '',
    version: '',
    verbs: wholeObject,
    ...(name === 'scale' && { kind: 'Scale', group: 'autoscaling', version: 'v1' }),
    ...special[`${resource.plural}/${name}`],
  }));
}
