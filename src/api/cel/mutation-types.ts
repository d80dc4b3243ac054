import { dynType, listOf, type ObjectType, stringType } from './types.ts';

/** What mutating admission policies make: `Object{spec: Object.spec{…}}` and `JSONPatch{op: "add", …}`. */

const patchFields = { op: stringType, path: stringType, from: stringType, value: dynType };

export const jsonPatchType: ObjectType = {
  kind: 'object',
  name: 'JSONPatch',
  fields: new Map(Object.entries(patchFields).map(([name, type]) => [name, { name, type }])),
};

export const jsonPatchListType = listOf(jsonPatchType);

/** `Object.spec.template`: any fields, since what is patched may be of any kind. */
function madeObjectType(name: string): ObjectType {
  return { kind: 'object', name, fields: new Map(), fieldType: () => dynType };
}

export const appliedType = madeObjectType('Object');

export function mutationStructType(name: string): ObjectType | undefined {
  if (name === 'JSONPatch') return jsonPatchType;
  return name === 'Object' || name.startsWith('Object.') ? madeObjectType(name) : undefined;
}
