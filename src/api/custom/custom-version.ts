import type { CustomResourceDefinition, JSONSchemaProps } from '../generated/types.ts';
import type { GroupVersionKind } from '../objects.ts';
import type { StructSchema } from '../schema/schema.ts';
import { compileRules, type RuleNode } from './rules.ts';
import { typedResource } from './typed-schema.ts';
import { compileChecks, type ValueCheck } from './value-checks.ts';

/** One version of a custom resource definition, prepared once for all requests. */
export interface CustomVersion {
  readonly gvk: GroupVersionKind;
  readonly namespaced: boolean;
  readonly schema: JSONSchemaProps | undefined;
  /** The shape apply goes by. */
  readonly typed: StructSchema;
  /** Whether status is a subresource of its own. */
  readonly hasStatus: boolean;
  readonly check: ValueCheck | undefined;
  /** Rules in CEL. */
  readonly rules: RuleNode | undefined;
}

/** Prepares the version called `name`, which the definition must have. */
export function compileVersion({ spec }: CustomResourceDefinition, name: string): CustomVersion {
  const version = spec.versions.find(each => each.name === name)!;
  const schema = version.schema?.openAPIV3Schema;
  return {
    gvk: { group: spec.group, version: name, kind: spec.names.kind },
    namespaced: spec.scope === 'Namespaced',
    schema,
    typed: typedResource(schema),
    hasStatus: version.subresources?.status !== undefined,
    check: schema && compileChecks(schema),
    rules: schema && compileRules(schema),
  };
}
