/** Operations as version 2 of OpenAPI writes them. */
import { referenceTo } from './definitions.ts';
import { producedTypes } from './media-types.ts';
import type { Document } from './named-values.ts';
import type { Operation, PathItem } from './operations.ts';
import type { Parameter } from './parameters.ts';
import type { References } from './references.ts';

export function v2PathItem(
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
  const bodyParameter = bodyName && {
    in: 'body',
    name: 'body',
    ...(bodyRequired && { required: true }),
    schema: referenceTo('v2', bodyName),
  };
  return {
    consumes,
    description,
    operationId: id,
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...parameters.map(writeParameter)],
    produces: producedTypes(action, responses[200] === 'string', gvk),
    responses: writeResponses(responses, references),
    schemes: ['https'],
    tags: [tag],
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: gvk.group, kind: gvk.kind, version: gvk.version },
  };
}

function writeParameter({ name, in: place, type, description }: Parameter): Document {
  return {
    description,
    in: place,
    name,
    ...(place === 'path' && { required: true }),
    type,
    uniqueItems: true,
  };
}

const meanings: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function writeResponses(responses: Operation['responses'], references: References): Document {
  const written: Document = {};
  for (const [code, kind] of Object.entries(responses)) {
    const name = kind === 'string' ? undefined : references(kind);
    const schema = kind === 'string' ? { type: 'string' } : name ? referenceTo('v2', name) : undefined;
    written[code] = { description: meanings[code], ...(schema && { schema }) };
  }
  written['401'] = { description: 'Unauthorized' };
  return written;
}
