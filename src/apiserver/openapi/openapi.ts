/**
 * The OpenAPI documents: version 2 as one document, version 3 one for each group version. Made when asked for;
 * whoever serves them keeps them.
 */
import { createHash } from 'node:crypto';
import type { GroupVersionKind } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { definitionNames, readDescriptions } from '../../api/schema/definitions.ts';
import type { RemoteOpenApi } from '../aggregation/remote-documents.ts';
import { addCustomKind, type CustomKind } from './custom-kinds.ts';
import { DefinitionWriter, kindsByDefinition, type Version } from './definitions.ts';
import type { Document } from './named-values.ts';
import { groupVersionPath } from './names.ts';
import { type Operation, type PathItem, patchKind, pathsOf } from './operations.ts';
import { builtinReferences, customReferences, type References } from './references.ts';
import { v2PathItem } from './v2.ts';
import { v3PathItem } from './v3.ts';

/** What the API serves. */
export interface ApiSurface {
  resources: readonly ResourceInfo[];
  customKinds?: readonly CustomKind[];
  /** What other servers answer for. */
  remotes?: readonly RemoteOpenApi[];
}

const info = { title: 'Kubernetes', version: 'v1.36.0' };
const bearer = {
  description: 'Bearer Token authentication',
  in: 'header',
  name: 'authorization',
  type: 'apiKey',
};

/** The document at `/openapi/v2`. */
export function openApiV2(surface: ApiSurface): Document {
  const writer = writerFor('v2', surface);
  writer.addAll();
  const paths = writePaths('v2', surface, writer, () => true);
  const remotes = (surface.remotes ?? []).flatMap(each => each.v2 ?? []);
  return {
    swagger: '2.0',
    info,
    paths: Object.assign({}, ...remotes.map(each => each.paths), paths),
    // Of two definitions with one name this server's counts.
    definitions: Object.assign({}, ...remotes.map(each => each.definitions), writer.documents),
    securityDefinitions: { BearerToken: bearer },
    security: [{ BearerToken: [] }],
  };
}

/** The group versions there are documents for in version 3: `api/v1`, `apis/apps/v1`. */
export function openApiV3Paths(surface: ApiSurface): string[] {
  return [...new Set(allResources(surface).map(groupVersionPath))].sort();
}

/** The document at `/openapi/v3/<path>`; undefined where there is none. */
export function openApiV3(path: string, surface: ApiSurface): Document | undefined {
  if (!openApiV3Paths(surface).includes(path)) return undefined;
  const writer = writerFor('v3', surface);
  const paths = writePaths('v3', surface, writer, resource => groupVersionPath(resource) === path);
  return {
    openapi: '3.0.0',
    info,
    paths,
    components: { schemas: writer.documents, securitySchemes: { BearerToken: bearer } },
  };
}

/** The index at `/openapi/v3`. Clients keep documents under the hash in their URL. */
export function openApiV3Index(surface: ApiSurface): Document {
  const paths = openApiV3Paths(surface).map(path => {
    const serverRelativeURL = `/openapi/v3/${path}?hash=${openApiHash(surface, path)}`;
    return [path, { serverRelativeURL }] as const;
  });
  const remotes = (surface.remotes ?? []).flatMap(({ path, v3 }) =>
    v3 ? [[path, { serverRelativeURL: v3 }] as const] : [],
  );
  return { paths: Object.fromEntries([...paths, ...remotes]) };
}

/** Changes whenever the document does, without making it. Of all group versions where no path is given. */
export function openApiHash(surface: ApiSurface, path?: string): string {
  const hash = createHash('sha256').update(info.version).update(JSON.stringify(definitionNames()));
  for (const resource of allResources(surface)) {
    if (path === undefined || groupVersionPath(resource) === path) hash.update(JSON.stringify(resource));
  }
  for (const custom of surface.customKinds ?? []) {
    if (path === undefined || groupVersionPath(custom.resource) === path) hash.update(hashOfCustom(custom));
  }
  for (const remote of surface.remotes ?? []) if (path === undefined) hash.update(remote.hash);
  return hash.digest('hex').toUpperCase();
}

const hashes = new WeakMap<CustomKind, string>();

/** Of the schema of a custom kind, which can be long; made once. */
function hashOfCustom(custom: CustomKind): string {
  let hash = hashes.get(custom);
  if (hash === undefined) {
    hash = createHash('sha256').update(JSON.stringify(custom)).digest('hex');
    hashes.set(custom, hash);
  }
  return hash;
}

function allResources({ resources, customKinds = [] }: ApiSurface): ResourceInfo[] {
  return [...resources, ...customKinds.map(custom => custom.resource)];
}

function writerFor(version: Version, surface: ApiSurface): DefinitionWriter {
  return new DefinitionWriter(version, readDescriptions(), kindsByDefinition(kindsOf(surface)));
}

/** Each kind and its list; the options of a deletion are a kind of every group version. */
function* kindsOf({ resources }: ApiSurface): Generator<GroupVersionKind> {
  const common: [kind: string, group: string, version: string][] = [
    ['Status', '', 'v1'],
    ['Scale', 'autoscaling', 'v1'],
    ['Eviction', 'policy', 'v1'],
    ['TokenRequest', 'authentication.k8s.io', 'v1'],
    ['APIGroup', '', 'v1'],
    ['APIGroupList', '', 'v1'],
    ['APIResourceList', '', 'v1'],
    ['APIVersions', '', 'v1'],
  ];
  for (const [kind, group, version] of common) yield { group, version, kind };
  for (const { group, version, kind } of resources) {
    yield { group, version, kind };
    yield { group, version, kind: `${kind}List` };
    yield { group, version, kind: 'DeleteOptions' };
    yield { group, version, kind: 'WatchEvent' };
  }
}

function writePaths(
  version: Version,
  surface: ApiSurface,
  writer: DefinitionWriter,
  wanted: (resource: ResourceInfo) => boolean,
): Document {
  const paths: [string, Document][] = [];
  for (const resource of surface.resources.filter(wanted)) {
    const references = builtinReferences(writer);
    for (const item of pathsOf(resource))
      paths.push([item.path, writeItem(version, item, references, false)]);
  }
  for (const custom of surface.customKinds ?? []) {
    if (!wanted(custom.resource)) continue;
    addCustomKind(writer, version, custom);
    const references = customReferences(writer, custom.resource);
    for (const item of pathsOf(custom.resource)) {
      paths.push([item.path, writeItem(version, item, references, true)]);
    }
  }
  return Object.fromEntries(paths.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function writeItem(version: Version, item: PathItem, references: References, custom: boolean): Document {
  const patchTypes = (operation: Operation) =>
    operation.body === patchKind ? patchTypesOf(custom) : undefined;
  return version === 'v2'
    ? v2PathItem(item, references, patchTypes)
    : v3PathItem(item, references, patchTypes);
}

function patchTypesOf(custom: boolean): string[] {
  return [
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(custom ? [] : ['application/strategic-merge-patch+json']),
    'application/apply-patch+yaml',
  ];
}
