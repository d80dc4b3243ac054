/**
 * The OpenAPI document of version 2 in the protobuf form kubectl asks for
 * (`application/com.github.proto-openapi.spec.v2@v1.0+protobuf`). Field numbers of gnostic's OpenAPIv2.proto.
 */
import { isObject, type JsonObject } from '../../api/json.ts';
import { WireWriter } from './wire-writer.ts';

export const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The same type as Go's MIME parser takes it in an answer. */
export const openApiV2ProtobufAnswer = openApiV2Protobuf.replace('@', '.');

/** The bytes of a document as `openApiV2` makes it. */
export function encodeOpenApiV2(document: JsonObject): Buffer {
  const writer = new DocumentWriter();
  writer.document(document);
  return writer.wire.finish();
}

function members(value: unknown): [string, JsonObject][] {
  return isObject(value) ? (Object.entries(value) as [string, JsonObject][]) : [];
}

const methods: Readonly<Record<string, number>> = {
  get: 2,
  put: 3,
  post: 4,
  delete: 5,
  options: 6,
  head: 7,
  patch: 8,
};

class DocumentWriter {
  readonly wire = new WireWriter();

  document(document: JsonObject): void {
    const { wire } = this;
    const info = document.info as JsonObject;
    wire.text(1, document.swagger);
    wire.message(2, () => {
      wire.text(1, info.title);
      wire.text(2, info.version);
    });
    wire.message(8, () => {
      for (const [path, item] of members(document.paths)) this.#named(2, path, () => this.#pathItem(item));
    });
    wire.message(9, () => {
      for (const [name, schema] of members(document.definitions))
        this.#named(1, name, () => this.#schema(schema));
    });
    wire.message(12, () => {
      this.#named(1, 'BearerToken', () => {});
    });
    wire.message(13, () => {
      for (const [name, item] of members(document.securityDefinitions)) {
        this.#named(1, name, () => wire.message(2, () => this.#apiKey(item)));
      }
    });
  }

  /** One pair of a map: the name, and the value as field 2. */
  #named(field: number, name: string, value: () => void): void {
    this.wire.message(field, () => {
      this.wire.text(1, name);
      this.wire.message(2, value);
    });
  }

  #apiKey(item: JsonObject): void {
    this.wire.text(1, item.type);
    this.wire.text(2, item.name);
    this.wire.text(3, item.in);
    this.wire.text(4, item.description);
  }

  #pathItem(item: JsonObject): void {
    for (const [method, field] of Object.entries(methods)) {
      const operation = item[method];
      if (isObject(operation)) this.wire.message(field, () => this.#operation(operation));
    }
    this.#parameters(9, item.parameters);
  }

  #operation(operation: JsonObject): void {
    const { wire } = this;
    wire.texts(1, operation.tags);
    wire.text(3, operation.description);
    wire.text(5, operation.operationId);
    wire.texts(6, operation.produces);
    wire.texts(7, operation.consumes);
    this.#parameters(8, operation.parameters);
    wire.message(9, () => {
      for (const [code, response] of members(operation.responses)) {
        this.#named(1, code, () => wire.message(1, () => this.#response(response)));
      }
    });
    wire.texts(10, operation.schemes);
    this.#extensions(13, operation);
  }

  #response({ description, schema }: JsonObject): void {
    this.wire.text(1, description);
    if (isObject(schema)) this.wire.message(2, () => this.wire.message(1, () => this.#schema(schema)));
  }

  #parameters(field: number, parameters: unknown): void {
    if (!Array.isArray(parameters)) return;
    for (const parameter of parameters as JsonObject[]) {
      this.wire.message(field, () => this.wire.message(1, () => this.#parameter(parameter)));
    }
  }

  #parameter(parameter: JsonObject): void {
    const { wire } = this;
    const { schema } = parameter;
    if (parameter.in === 'body') {
      wire.message(1, () => {
        wire.text(1, parameter.description);
        wire.text(2, parameter.name);
        wire.text(3, 'body');
        wire.flag(4, parameter.required);
        if (isObject(schema)) wire.message(5, () => this.#schema(schema));
      });
      return;
    }
    const inPath = parameter.in === 'path';
    wire.message(2, () => wire.message(inPath ? 4 : 3, () => this.#plainParameter(parameter, inPath)));
  }

  /** A parameter in the query or in the path; the former's message has one field more before the type. */
  #plainParameter(parameter: JsonObject, inPath: boolean): void {
    const shift = inPath ? 0 : 1;
    this.wire.flag(1, parameter.required);
    this.wire.text(2, parameter.in);
    this.wire.text(3, parameter.description);
    this.wire.text(4, parameter.name);
    this.wire.text(5 + shift, parameter.type);
    this.wire.flag(19 + shift, parameter.uniqueItems);
  }

  #schema(schema: JsonObject): void {
    const { wire } = this;
    wire.text(1, schema.$ref);
    wire.text(2, schema.format);
    wire.text(3, schema.title);
    wire.text(4, schema.description);
    wire.integer(11, schema.maxLength);
    wire.integer(12, schema.minLength);
    wire.text(13, schema.pattern);
    wire.integer(14, schema.maxItems);
    wire.integer(15, schema.minItems);
    wire.flag(16, schema.uniqueItems);
    wire.integer(17, schema.maxProperties);
    wire.integer(18, schema.minProperties);
    wire.texts(19, schema.required);
    if (Array.isArray(schema.enum)) {
      for (const value of schema.enum) wire.message(20, () => wire.text(2, JSON.stringify(value)));
    }
    this.#structure(schema);
    this.#extensions(31, schema);
  }

  #structure(schema: JsonObject): void {
    const { wire } = this;
    const { additionalProperties: additional, items, properties, type } = schema;
    if (isObject(additional)) wire.message(21, () => wire.message(1, () => this.#schema(additional)));
    else if (additional === true) wire.message(21, () => wire.flag(2, true));
    if (typeof type === 'string') wire.message(22, () => wire.text(1, type));
    if (isObject(items)) wire.message(23, () => wire.message(1, () => this.#schema(items)));
    if (isObject(properties)) {
      wire.message(25, () => {
        for (const [name, member] of members(properties)) this.#named(1, name, () => this.#schema(member));
      });
    }
  }

  /** Extensions are YAML; JSON is. */
  #extensions(field: number, object: JsonObject): void {
    for (const [name, value] of Object.entries(object)) {
      if (name.startsWith('x-')) this.#named(field, name, () => this.wire.text(2, JSON.stringify(value)));
    }
  }
}
