/** Discovery and OpenAPI. */
import { apiVersion, group, resources, version } from './objects.ts';

const versions = [{ groupVersion: apiVersion, version }];
const groupBody = { name: group, versions, preferredVersion: versions[0] };
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const definitions = Object.fromEntries(
  resources.map(({ kind, members }) => {
    const properties = ['apiVersion', 'kind'].map(name => [name, { type: 'string' }]);
    const own = members.map(name => [
      name,
      name === 'disallowedFlunders' ? { type: 'array', items: { type: 'string' } } : { type: 'object' },
    ]);
    return [
      `com.example.wardle.${version}.${kind}`,
      {
        description: `${kind} of the sample API`,
        type: 'object',
        properties: Object.fromEntries([...properties, ['metadata', { type: 'object' }], ...own]),
        'x-kubernetes-group-version-kind': [{ group, version, kind }],
      },
    ];
  }),
);

const info = { title: 'Kubernetes', version: 'unversioned' };
const v3Path = `apis/${group}/${version}`;

/** Answers by path; the same to everybody who may read them. */
export const documents: Record<string, object> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [groupBody] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', ...groupBody },
  [`/apis/${apiVersion}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersion,
    resources: resources.map(({ plural, singular, kind, namespaced }) => ({
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
    })),
  },
  '/openapi/v2': { swagger: '2.0', info, paths: {}, definitions },
  '/openapi/v3': { paths: { [v3Path]: { serverRelativeURL: `/openapi/v3/${v3Path}` } } },
  [`/openapi/v3/${v3Path}`]: { openapi: '3.0.0', info, paths: {}, components: { schemas: definitions } },
};
