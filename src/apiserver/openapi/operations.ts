/** The operations on a resource, as both versions of the documents tell them. */
import type { GroupVersionKind } from '../../api/objects.ts';
import { type ResourceInfo, resourcePath } from '../../api/resources.ts';
import { type SubresourceInfo, subresourcesOf } from '../discovery/subresources.ts';
import { capitalize, groupTitle, tagOf } from './names.ts';
import {
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  nameParameter,
  namespaceParameter,
  type Parameter,
  patchParameters,
  pathParameter,
  pretty,
  subresourceParameters,
  writeParameters,
} from './parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'head' | 'options';

/** One method on one path. */
export interface Operation {
  method: Method;
  /** `x-kubernetes-action` */
  action: string;
  id: string;
  description: string;
  tag: string;
  gvk: GroupVersionKind;
  parameters: readonly Parameter[];
  /** The kind in the body; `Patch` for patches. */
  body?: GroupVersionKind;
  bodyRequired?: boolean;
  /** Status code → kind; a string is text. */
  responses: Readonly<Record<string, GroupVersionKind | 'string'>>;
}

export interface PathItem {
  path: string;
  parameters: readonly Parameter[];
  operations: readonly Operation[];
}

export const patchKind: GroupVersionKind = { group: 'meta', version: 'v1', kind: 'Patch' };
const deleteOptions: GroupVersionKind = { group: '', version: 'v1', kind: 'DeleteOptions' };
const statusKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Status' };

/** Kinds whose deletion answers with the object; the others answer with a Status. */
const answeredWhenDeleted = new Set(
  `CSIDriver CSINode DeviceClass PersistentVolume PersistentVolumeClaim Pod PodTemplate ResourceClaim
  ResourceClaimTemplate ResourceQuota ResourceSlice Service ServiceAccount StorageClass VolumeAttachment
  VolumeAttributesClass`.split(/\s+/),
);

/** Every path of a resource, subresources included. */
export function pathsOf(resource: ResourceInfo): PathItem[] {
  const paths = [collectionPath(resource), itemPath(resource)];
  if (resource.namespaced && resource.verbs.includes('list')) paths.push(everywherePath(resource));
  for (const subresource of subresourcesOf(resource)) paths.push(...subresourcePaths(resource, subresource));
  return paths.filter(item => item.operations.length > 0);
}

interface Naming {
  resource: ResourceInfo;
  gvk: GroupVersionKind;
  list: GroupVersionKind;
  /** `CoreV1`, `NamespacedPod` and what follows it. */
  group: string;
  subject: string;
}

function namingOf(resource: ResourceInfo): Naming {
  const { group, version, kind, namespaced } = resource;
  const gvk = { group, version, kind };
  return {
    resource,
    gvk,
    list: { ...gvk, kind: `${kind}List` },
    group: groupTitle(group) + capitalize(version),
    subject: `${namespaced ? 'Namespaced' : ''}${kind}`,
  };
}

function locate(resource: ResourceInfo, name?: string, subresource?: string): string {
  const namespace = resource.namespaced ? '{namespace}' : undefined;
  return decodeURIComponent(resourcePath(resource, { namespace, name, subresource }));
}

function scopeParameters(resource: ResourceInfo, ...more: Parameter[]): Parameter[] {
  return [...more, ...(resource.namespaced ? [namespaceParameter] : []), pretty];
}

function collectionPath(resource: ResourceInfo): PathItem {
  const naming = namingOf(resource);
  const { gvk, group, subject } = naming;
  const { kind } = resource;
  const operations: Operation[] = [];
  const add = (operation: Omit<Operation, 'tag' | 'gvk'>) =>
    operations.push({ ...operation, tag: tagOf(resource), gvk });
  if (resource.verbs.includes('list')) {
    add({
      method: 'get',
      action: 'list',
      id: `list${group}${subject}`,
      description: `list or watch objects of kind ${kind}`,
      parameters: listParameters,
      responses: { 200: naming.list },
    });
  }
  if (resource.verbs.includes('create')) {
    add({
      method: 'post',
      action: 'post',
      id: `create${group}${subject}`,
      description: `create ${article(kind)} ${kind}`,
      parameters: writeParameters,
      body: gvk,
      bodyRequired: true,
      responses: { 200: gvk, 201: gvk, 202: gvk },
    });
  }
  if (resource.verbs.includes('deletecollection')) {
    add({
      method: 'delete',
      action: 'deletecollection',
      id: `delete${group}Collection${subject}`,
      description: `delete collection of ${kind}`,
      parameters: deleteCollectionParameters,
      body: deleteOptions,
      responses: { 200: statusKind },
    });
  }
  return { path: locate(resource), parameters: scopeParameters(resource), operations };
}

function everywherePath(resource: ResourceInfo): PathItem {
  const { gvk, list, group } = namingOf(resource);
  const operation: Operation = {
    method: 'get',
    action: 'list',
    id: `list${group}${resource.kind}ForAllNamespaces`,
    description: `list or watch objects of kind ${resource.kind}`,
    tag: tagOf(resource),
    gvk,
    parameters: [],
    responses: { 200: list },
  };
  const parameters = [...listParameters, pretty].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { path: resourcePath(resource), parameters, operations: [operation] };
}

function itemPath(resource: ResourceInfo): PathItem {
  const { verbs, kind } = resource;
  const { gvk, group, subject } = namingOf(resource);
  const operations = wholeObjectOperations(resource, gvk, `${group}${subject}`, kind, {
    get: verbs.includes('get'),
    update: verbs.includes('update'),
    patch: verbs.includes('patch'),
  });
  if (verbs.includes('delete')) {
    const answer = answeredWhenDeleted.has(kind) ? gvk : statusKind;
    operations.push({
      method: 'delete',
      action: 'delete',
      id: `delete${group}${subject}`,
      description: `delete ${article(kind)} ${kind}`,
      tag: tagOf(resource),
      gvk,
      parameters: deleteParameters,
      body: deleteOptions,
      responses: { 200: answer, 202: answer },
    });
  }
  return {
    path: locate(resource, '{name}'),
    parameters: scopeParameters(resource, nameParameter(kind)),
    operations,
  };
}

/** Reading, replacing and patching an object, or a view of it. */
function wholeObjectOperations(
  resource: ResourceInfo,
  gvk: GroupVersionKind,
  subject: string,
  what: string,
  verbs: { get: boolean; update: boolean; patch: boolean },
): Operation[] {
  const tag = tagOf(resource);
  const operations: Operation[] = [];
  if (verbs.get) {
    const description = `read ${what} of the specified ${resource.kind}`;
    operations.push({
      method: 'get',
      action: 'get',
      id: `read${subject}`,
      description: what === resource.kind ? `read the specified ${what}` : description,
      tag,
      gvk,
      parameters: [],
      responses: { 200: gvk },
    });
  }
  if (verbs.update) {
    operations.push({
      method: 'put',
      action: 'put',
      id: `replace${subject}`,
      description: `replace ${what === resource.kind ? '' : `${what} of `}the specified ${resource.kind}`,
      tag,
      gvk,
      parameters: writeParameters,
      body: gvk,
      bodyRequired: true,
      responses: { 200: gvk, 201: gvk },
    });
  }
  if (verbs.patch) {
    operations.push({
      method: 'patch',
      action: 'patch',
      id: `patch${subject}`,
      description: `partially update ${what === resource.kind ? '' : `${what} of `}the specified ${resource.kind}`,
      tag,
      gvk,
      parameters: patchParameters,
      body: patchKind,
      bodyRequired: true,
      responses: { 200: gvk, 201: gvk },
    });
  }
  return operations;
}

function subresourcePaths(resource: ResourceInfo, subresource: SubresourceInfo): PathItem[] {
  const { group, subject } = namingOf(resource);
  const gvk = {
    group: subresource.group || resource.group,
    version: subresource.version || resource.version,
    kind: subresource.kind,
  };
  const path = locate(resource, '{name}', subresource.name);
  const title = `${subject}${capitalize(subresource.name)}`;
  const parameters = scopeParameters(resource, nameParameter(subresource.kind));
  if (subresource.kind.endsWith('Options')) return connectPaths(resource, subresource, gvk, path);
  if (subresource.name === 'log') {
    const operation: Operation = {
      method: 'get',
      action: 'get',
      id: `read${group}${title}`,
      description: `read log of the specified ${resource.kind}`,
      tag: tagOf(resource),
      gvk,
      parameters: subresourceParameters.log!,
      responses: { 200: 'string' },
    };
    return [{ path, parameters, operations: [operation] }];
  }
  const { verbs, name } = subresource;
  const operations = wholeObjectOperations(resource, gvk, `${group}${title}`, name, {
    get: verbs.includes('get'),
    update: verbs.includes('update'),
    patch: verbs.includes('patch'),
  });
  if (verbs.includes('create')) {
    operations.push({
      method: 'post',
      action: 'post',
      id: `create${group}${title}`,
      description: `create ${name} of ${article(resource.kind)} ${resource.kind}`,
      tag: tagOf(resource),
      gvk,
      parameters: writeParameters,
      body: gvk,
      bodyRequired: true,
      responses: { 200: gvk, 201: gvk, 202: gvk },
    });
  }
  return [{ path, parameters, operations }];
}

const methodOf: Readonly<Record<string, Method>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  delete: 'delete',
  patch: 'patch',
};

/** What passes a connection on: exec, attach, port-forward, proxy. */
function connectPaths(
  resource: ResourceInfo,
  { name, verbs }: SubresourceInfo,
  gvk: GroupVersionKind,
  path: string,
): PathItem[] {
  const { group, subject } = namingOf(resource);
  const operations = (suffix: string) =>
    verbs.map((verb): Operation => {
      const method = methodOf[verb]!;
      return {
        method,
        action: 'connect',
        id: `connect${group}${capitalize(method)}${subject}${capitalize(name)}${suffix}`,
        description: `connect ${method.toUpperCase()} requests to ${name} of ${resource.kind}`,
        tag: tagOf(resource),
        gvk,
        parameters: [],
        responses: { 200: 'string' },
      };
    });
  const own = [nameParameter(gvk.kind), ...(resource.namespaced ? [namespaceParameter] : [])];
  const parameters = [...own, ...(subresourceParameters[name] ?? [])];
  const item = { path, parameters, operations: operations('') };
  if (name !== 'proxy') return [item];
  const below = {
    path: `${path}/{path}`,
    parameters: [...own, pathParameter],
    operations: operations('WithPath'),
  };
  return [item, below];
}

function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? 'an' : 'a';
}
