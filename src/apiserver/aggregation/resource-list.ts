import type { JsonObject } from '../../api/json.ts';

interface ListedResource {
  name: string;
  singularName?: string;
  namespaced?: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
}

interface Entry {
  resource: string;
  scope: string;
  verbs: readonly string[];
  subresources?: object[];
  responseKind?: object;
  singularResource?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
}

/**
 * The entries of aggregated discovery for an APIResourceList (upstream: discovery/aggregated,
 * ConvertGroupVersionIntoToDiscovery). Subresources without a resource of their own are told with an empty kind.
 */
export function aggregatedResources(list: JsonObject): object[] {
  const entries = new Map<string, Entry>();
  const listed = (Array.isArray(list.resources) ? list.resources : []) as ListedResource[];
  const whole = listed.filter(each => !each.name.includes('/'));
  for (const each of whole) entries.set(each.name, entryOf(each));
  for (const each of listed.filter(each => each.name.includes('/'))) {
    const [name = '', subresource = ''] = each.name.split('/', 2);
    const entry: Entry = entries.get(name) ?? { resource: name, scope: scopeOf(each), verbs: [] };
    entry.subresources ??= [];
    entry.subresources.push({ subresource, responseKind: kindOf(each), verbs: each.verbs ?? [] });
    entries.set(name, entry);
  }
  return [...entries.values()];
}

function entryOf(listed: ListedResource): Entry {
  const { name, singularName = '', verbs = [], shortNames = [], categories = [] } = listed;
  return {
    resource: name,
    responseKind: kindOf(listed),
    scope: scopeOf(listed),
    singularResource: singularName,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
}

function kindOf({ group = '', version = '', kind }: ListedResource): object {
  return { group, version, kind };
}

function scopeOf({ namespaced }: ListedResource): string {
  return namespaced ? 'Namespaced' : 'Cluster';
}
