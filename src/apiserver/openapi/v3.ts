/** Operations as version 3 of OpenAPI writes them. */
import { referenceTo } from './definitions.ts';
import { producedTypes } from './media-types.ts';
import type { Document } from './named-values.ts';
import type { Operation, PathItem } from './operations.ts';
import type { Parameter } from './parameters.ts';
import type { References } from './references.ts';

export function v3PathItem(
  { operations, parameters }: PathItem,
  references: References,
  patchTypes: (operation: Operation) => string[] | undefined,
): Document {
  const item: Document = {};
  for (const operation of operations) {
    item[operation.method] = writeOperation(operation, references, patchTypes(operation) ?? ['*/*']);
  }
  item.parameters = parameters.map(writeParameter);
  return item;
}

function writeOperation(operation: Operation, references: References, consumes: string[]): Document {
  const { action, id, description, tag, gvk, parameters, body, bodyRequired, responses } = operation;
  const bodyName = body && references(body);
  const requestBody = bodyName && {
    content: contentOf(consumes, referenceTo('v3', bodyName)),
    ...(bodyRequired && { required: true }),
  };
  const produces = producedTypes(action, responses[200] === 'string', gvk);
  return {
    description,
    operationId: id,
    parameters: parameters.map(writeParameter),
    ...(requestBody && { requestBody }),
    responses: writeResponses(responses, references, produces),
    tags: [tag],
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: gvk.group, kind: gvk.kind, version: gvk.version },
  };
}

function contentOf(types: readonly string[], schema: Document): Document {
  return Object.fromEntries(types.map(type => [type, { schema }]));
}

function writeParameter({ name, in: place, type, description }: Parameter): Document {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' && { required: true }),
    schema: { type, uniqueItems: true },
  };
}

const meanings: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function writeResponses(
  responses: Operation['responses'],
  references: References,
  produces: readonly string[],
): Document {
  const written: Document = {};
  for (const [code, kind] of Object.entries(responses)) {
    const name = kind === 'string' ? undefined : references(kind);
    const schema = kind === 'string' ? { type: 'string' } : name ? referenceTo('v3', name) : undefined;
    written[code] = { description: meanings[code], ...(schema && { content: contentOf(produces, schema) }) };
  }
  written['401'] = { description: 'Unauthorized' };
  return written;
}
