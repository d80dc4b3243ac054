import { createHash } from 'node:crypto';
import { formatApiVersion } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { groupPriority } from '../aggregation/priorities.ts';
import type { RemoteVersion } from '../aggregation/remote-documents.ts';
import { subresourcesOf } from './subresources.ts';

interface GroupVersions {
  group: string;
  priority: number;
  /** Best first. */
  versions: string[];
}

/** The discovery documents of a set of resources, in the old and in the aggregated form. */
export class Discovery {
  readonly #resources: readonly ResourceInfo[];
  readonly #groups: GroupVersions[];
  readonly #serverAddress: string;
  readonly #remotes: readonly RemoteVersion[];

  /** @param remotes what other servers answer for */
  constructor(
    resources: readonly ResourceInfo[],
    serverAddress: string,
    remotes: readonly RemoteVersion[] = [],
  ) {
    this.#resources = resources;
    this.#remotes = remotes;
    this.#groups = groupsOf(resources, remotes);
    this.#serverAddress = serverAddress;
  }

  /** `/api` */
  coreVersions(): object {
    const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: this.#serverAddress }];
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
  }

  /** `/apis` */
  groupList(): object {
    const groups = this.#groups.filter(each => each.group !== '').map(groupEntry);
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }

  /** `/apis/{group}`; undefined where there is no such group. */
  group(name: string): object | undefined {
    const found = this.#groups.find(each => each.group === name && name !== '');
    return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) };
  }

  /** `/api/v1`, `/apis/{group}/{version}`; undefined where nothing is served there. */
  resourceList(group: string, version: string): object | undefined {
    const served = this.#of(group, version);
    if (served.length === 0) return undefined;
    const resources = served.flatMap(resource => [resourceEntry(resource), ...subresourceEntries(resource)]);
    resources.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: formatApiVersion(group, version),
      resources,
    };
  }

  /** The aggregated form of `/api` (core true) or `/apis`, for `apidiscovery.k8s.io/{version}`. */
  aggregated(core: boolean, version: string): object {
    const items = this.#groups
      .filter(each => (each.group === '') === core)
      .map(({ group, versions }) => ({
        metadata: { ...(group && { name: group }), creationTimestamp: null },
        versions: versions.map(each => this.#aggregatedVersion(group, each)),
      }));
    const apiVersion = `apidiscovery.k8s.io/${version}`;
    return { kind: 'APIGroupDiscoveryList', apiVersion, metadata: {}, items };
  }

  #aggregatedVersion(group: string, version: string): object {
    const remote = this.#remotes.find(each => each.group === group && each.version === version);
    if (remote) return { version, resources: remote.resources, freshness: remote.freshness };
    const resources = this.#of(group, version).map(aggregatedEntry);
    return { version, resources, freshness: 'Current' };
  }

  #of(group: string, version: string): ResourceInfo[] {
    return this.#resources.filter(each => each.group === group && each.version === version);
  }
}

/** Groups by priority, those of this server in their own order; versions as the servers' own. */
function groupsOf(resources: readonly ResourceInfo[], remotes: readonly RemoteVersion[]): GroupVersions[] {
  const groups = new Map<string, GroupVersions>();
  const add = (group: string, version: string, priority: number) => {
    const known = groups.get(group) ?? { group, priority, versions: [] };
    known.priority = Math.max(known.priority, priority);
    if (!known.versions.includes(version)) known.versions.push(version);
    groups.set(group, known);
  };
  for (const { group, version } of resources) add(group, version, groupPriority(group));
  const sorted = [...remotes].sort((a, b) => b.versionPriority - a.versionPriority);
  for (const { group, version, groupPriority } of sorted) add(group, version, groupPriority);
  return [...groups.values()].sort((a, b) => b.priority - a.priority);
}

function groupEntry({ group, versions }: Pick<GroupVersions, 'group' | 'versions'>) {
  const all = versions.map(version => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

function resourceEntry(resource: ResourceInfo) {
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames.length && { shortNames: resource.shortNames }),
    ...(resource.categories.length && { categories: resource.categories }),
    ...(resource.verbs.includes('watch') && { storageVersionHash: storageVersionHash(resource) }),
  };
}

function subresourceEntries(resource: ResourceInfo) {
  return subresourcesOf(resource).map(({ name, kind, group, version, verbs }) => ({
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(group && { group, version }),
    kind,
    verbs,
  }));
}

function aggregatedEntry(resource: ResourceInfo) {
  const subresources = subresourcesOf(resource).map(({ name, kind, group, version, verbs }) => ({
    subresource: name,
    responseKind: { group, version, kind },
    verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: { group: '', version: '', kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length && { shortNames: resource.shortNames }),
    ...(resource.categories.length && { categories: resource.categories }),
    ...(subresources.length && { subresources }),
  };
}

/** Upstream's StorageVersionHash: the first 8 bytes of the SHA-256 of group, version and kind, in base64. */
function storageVersionHash({ storageGroup, version, kind }: ResourceInfo): string {
  const text = `${storageGroup}/${version}/${kind}`;
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64');
}
