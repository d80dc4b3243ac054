import type { GroupVersionKind } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { definitionOfKind, definitionSchema } from '../../api/schema/definitions.ts';
import type { DefinitionWriter } from './definitions.ts';
import { customName } from './names.ts';
import { patchKind } from './operations.ts';

/** The name of a kind's definition, which is written when asked for. */
export type References = (gvk: GroupVersionKind) => string | undefined;

export function builtinReferences(writer: DefinitionWriter): References {
  return gvk => {
    if (gvk === patchKind) return writer.addValue('io.k8s.apimachinery.pkg.apis.meta.v1.Patch');
    const definition = builtinDefinition(gvk);
    return definition && writer.add(definition);
  };
}

export function customReferences(writer: DefinitionWriter, resource: ResourceInfo): References {
  const builtin = builtinReferences(writer);
  return gvk =>
    gvk.group === resource.group && gvk !== patchKind ? customName(resource, gvk.kind) : builtin(gvk);
}

/** The definition of a built-in kind; undefined for another. */
function builtinDefinition(gvk: GroupVersionKind): string | undefined {
  const definition = definitionOfKind(gvk);
  return definitionSchema(definition) ? definition : undefined;
}
