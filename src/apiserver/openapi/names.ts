/** Names in the OpenAPI documents: of definitions, of tags, in operation ids. */
import type { ResourceInfo } from '../../api/resources.ts';

const packages: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};

/** `core.v1.Pod` → `io.k8s.api.core.v1.Pod`. */
export function documentName(definition: string): string {
  const dot = definition.indexOf('.');
  const group = definition.slice(0, dot);
  return `${packages[group] ?? `io.k8s.api.${group}`}${definition.slice(dot)}`;
}

/** `stable.example.com`, v1, CronTab → `com.example.stable.v1.CronTab`. */
export function customName(
  { group, version }: Pick<ResourceInfo, 'group' | 'version'>,
  kind: string,
): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** `rbac.authorization.k8s.io` → `RbacAuthorization`; the core group is `Core`. */
export function groupTitle(group: string): string {
  if (group === '') return 'Core';
  const parts = group.replace(/\.k8s\.io$/, '').split(/[.-]/);
  return parts.map(capitalize).join('');
}

export function capitalize(text: string): string {
  return text === '' ? '' : text[0]!.toUpperCase() + text.slice(1);
}

/** `rbacAuthorization_v1` */
export function tagOf({ group, version }: Pick<ResourceInfo, 'group' | 'version'>): string {
  const title = groupTitle(group);
  return `${title[0]!.toLowerCase()}${title.slice(1)}_${version}`;
}

/** `api/v1`, `apis/apps/v1`: of a group version in paths and in the index of version 3. */
export function groupVersionPath({ group, version }: Pick<ResourceInfo, 'group' | 'version'>): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}
