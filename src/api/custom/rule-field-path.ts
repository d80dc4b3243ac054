import type { JSONSchemaProps } from '../generated/types.ts';
import { additionalOf, ownProperty } from './coerce.ts';

const step = /\.([^.[\]']+)|\['((?:[^'\\]|\\.)*)'\]/gy;

/**
 * A rule's `fieldPath` (`.spec.replicas`, `['a.b']`) in the form of paths in errors: `spec.replicas`. Undefined for
 * one that can't be read or that the schema has no field for.
 */
export function fieldOfRule(path: string, schema: JSONSchemaProps): string | undefined {
  let found: JSONSchemaProps | undefined = schema;
  let text = '';
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (!match || !found) return undefined;
    const name = match[1] ?? match[2]!.replace(/\\(.)/g, '$1');
    const property: JSONSchemaProps | undefined = ownProperty(found, name);
    if (property) text += text === '' ? name : `.${name}`;
    else text += `[${name}]`;
    found = property ?? additionalOf(found);
    if (!found) return undefined;
  }
  return text;
}
