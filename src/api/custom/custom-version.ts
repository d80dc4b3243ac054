import type { CustomResourceDefinition, JSONSchemaProps } from '../generated/types.ts';
import type { GroupVersionKind } from '../objects.ts';
import type { StructSchema } from '../schema/schema.ts';
import { compileRules, type RuleNode } from './rules.ts';
import { typedResource } from './typed-schema.ts';
import { compileChecks, type ValueCheck } from './value-checks.ts';

/**
 * One version of a custom resource definition. What requests go by is made of the schema when the first of them
 * needs it, and kept: a cluster may have hundreds of definitions of which few are used.
 */
export class CustomVersion {
  readonly gvk: GroupVersionKind;
  readonly namespaced: boolean;
  readonly schema: JSONSchemaProps | undefined;
  /** Whether status is a subresource of its own. */
  readonly hasStatus: boolean;
  #typed: StructSchema | undefined;
  #check: ValueCheck | undefined;
  #rules: { node: RuleNode | undefined } | undefined;

  /** @param name that of a version the definition has */
  constructor({ spec }: CustomResourceDefinition, name: string) {
    const version = spec.versions.find(each => each.name === name)!;
    this.gvk = { group: spec.group, version: name, kind: spec.names.kind };
    this.namespaced = spec.scope === 'Namespaced';
    this.schema = version.schema?.openAPIV3Schema;
    this.hasStatus = version.subresources?.status !== undefined;
  }

  /** The shape apply goes by. */
  get typed(): StructSchema {
    this.#typed ??= typedResource(this.schema);
    return this.#typed;
  }

  /** What the schema says of values; undefined without one. */
  get check(): ValueCheck | undefined {
    if (this.schema) this.#check ??= compileChecks(this.schema);
    return this.#check;
  }

  /** Rules in CEL; undefined where there are none. */
  get rules(): RuleNode | undefined {
    this.#rules ??= { node: this.schema && compileRules(this.schema) };
    return this.#rules.node;
  }
}
