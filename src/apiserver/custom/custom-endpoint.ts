import { setDefaults } from '../../api/custom/coerce.ts';
import {
  prepareCustomForCreate,
  prepareCustomForUpdate,
  prepareCustomStatus,
  validateCustomCreate,
  validateCustomStatus,
  validateCustomUpdate,
} from '../../api/custom/custom-rules.ts';
import { CustomVersion } from '../../api/custom/custom-version.ts';
import { decodeCustom, decodePatchedCustom } from '../../api/custom/decode-custom.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../api/generated/types.ts';
import { formatApiVersion, type Stored } from '../../api/objects.ts';
import { builtinResources, completeResource, type ResourceInfo, type Verb } from '../../api/resources.ts';
import type { ObjectRules } from '../registry/object-rules.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import { isTerminating } from './conditions.ts';
import { StoredVersions } from './stored-versions.ts';
import { type ConversionDeps, webhookConverter } from './webhook-converter.ts';

const builtins = new Set(builtinResources.map(({ group, plural }) => `${plural}.${group}`));

/** Whether a definition names a resource this server has itself: its objects are not the definition's. */
export function overlapsBuiltin({ spec }: CustomResourceDefinition): boolean {
  return builtins.has(`${spec.names.plural}.${spec.group}`);
}

/** In upstream's order. */
const verbs: readonly Verb[] = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
];
const terminatingVerbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];

/** The endpoints of a definition: one a served version. */
export function customEndpoints(
  deps: ConversionDeps,
  definition: Stored<CustomResourceDefinition>,
): ResourceEndpoint[] {
  return endpointsOf(deps, definition, version => version.served);
}

/** The endpoint of the stored version, served or not, that shows what is stored as it stands. */
export function storedEndpoint(
  deps: ConversionDeps,
  definition: Stored<CustomResourceDefinition>,
): ResourceEndpoint {
  const { conversion: _, ...spec } = definition.spec;
  return endpointsOf(deps, { ...definition, spec }, version => version.storage)[0]!;
}

function endpointsOf(
  deps: ConversionDeps,
  definition: Stored<CustomResourceDefinition>,
  wanted: (version: CustomResourceDefinitionVersion) => boolean,
): ResourceEndpoint[] {
  const { spec } = definition;
  const compiled = new Map(spec.versions.map(({ name }) => [name, new CustomVersion(definition, name)]));
  const stored = spec.versions.find(version => version.storage) ?? spec.versions[0]!;
  const storage = resourceOf(definition, stored);
  const prefix = `/${spec.group}/${spec.names.plural}/`;
  const apiVersion = formatApiVersion(spec.group, stored.name);
  const versions = new StoredVersions(
    compiled,
    stored.name,
    Number(definition.metadata.resourceVersion),
    webhookConverter(deps, spec.conversion),
  );
  const all: readonly ResourceEndpoint[] = spec.versions.map(version => {
    const resource = resourceOf(definition, version);
    const gvk = { group: spec.group, version: version.name, kind: spec.names.kind };
    return {
      resource,
      apiVersion: formatApiVersion(spec.group, version.name),
      gvk,
      qualified: { group: spec.group, resource: spec.names.plural },
      qualifiedKind: { group: spec.group, resource: spec.names.kind },
      storage: { resource: storage, apiVersion, prefix, conversion: versions.conversion(version.name) },
      rules: customRules(compiled.get(version.name)!),
      versions: () => all,
      custom: {
        columns: version.additionalPrinterColumns ?? [],
        listKind: spec.names.listKind ?? `${spec.names.kind}List`,
        selectable: {
          paths: (version.selectableFields ?? []).map(field => field.jsonPath.replace(/^\./, '')),
        },
        ...(version.subresources?.scale && { scale: version.subresources.scale }),
        ...(deprecationOf(definition, version) && { warning: deprecationOf(definition, version) }),
        terminating: isTerminating(definition),
      },
    };
  });
  return all.filter((_, index) => wanted(spec.versions[index]!));
}

function resourceOf(
  definition: CustomResourceDefinition,
  { name, subresources }: CustomResourceDefinitionVersion,
): ResourceInfo {
  const { spec, status } = definition;
  const { plural, kind, singular, shortNames = [], categories = [] } = status?.acceptedNames ?? spec.names;
  return completeResource({
    group: spec.group,
    version: name,
    kind,
    plural,
    singular: singular || kind.toLowerCase(),
    namespaced: spec.scope === 'Namespaced',
    shortNames,
    categories,
    verbs: isTerminating(definition) ? terminatingVerbs : verbs,
    subresources: [...(subresources?.status ? ['status'] : []), ...(subresources?.scale ? ['scale'] : [])],
  });
}

function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined;
  return deprecationWarning ?? `${spec.group}/${name} ${spec.names.kind} is deprecated`;
}

function customRules(version: CustomVersion): ObjectRules {
  const { gvk, schema } = version;
  return {
    get schema() {
      return version.typed;
    },
    strategic: false,
    createOnUpdate: false,
    unconditionalUpdate: false,
    decode: (body, options) => decodeCustom(body, gvk, version, options),
    decodePatched: (patched, options) => decodePatchedCustom(patched, gvk, version, options),
    applyDefaults: object => setDefaults(object, schema),
    prepareForCreate: object => prepareCustomForCreate(version, object),
    prepareForUpdate: (object, old) => prepareCustomForUpdate(version, object, old),
    prepareForStatusUpdate: prepareCustomStatus,
    validateCreate: object => validateCustomCreate(version, object),
    validateUpdate: (object, old) => validateCustomUpdate(version, object, old),
    validateStatusUpdate: (object, old) => validateCustomStatus(version, object, old),
  };
}
