import { namespaceType, requestType } from './admission-types.ts';
import type { AuthorizerPort } from './authorizer.ts';
import type { CelEnvironment } from './environment.ts';
import { kubernetesLibraries } from './kubernetes-functions.ts';
import { AuthorizerValue, ResourceValue } from './library/authorizer.ts';
import { jsonPatchLibrary } from './library/json-patch.ts';
import { FunctionTable } from './signatures.ts';
import { type CelType, dynType, type ObjectType, opaqueType } from './types.ts';

export interface AdmissionOptions {
  /** There is a `params`. */
  readonly params: boolean;
  /** There are `authorizer` and `authorizer.requestResource`. */
  readonly authorizer: boolean;
  /** There is a `namespaceObject`; webhooks have none. */
  readonly namespaceObject?: boolean;
  /** The types of `object` and `oldObject`, of `params`, where they are known. */
  readonly objectType?: CelType;
  readonly paramsType?: CelType;
  /** Patches can be made. */
  readonly mutating?: boolean;
  /** What `variables` holds. */
  readonly variables?: ObjectType;
}

const functions = new FunctionTable(...kubernetesLibraries);
const mutatingFunctions = new FunctionTable(...kubernetesLibraries, jsonPatchLibrary);

/** What admission policies and the match conditions of webhooks speak of. */
export function admissionEnvironment(options: AdmissionOptions): CelEnvironment {
  const object = options.objectType ?? dynType;
  const variables = new Map<string, CelType>([
    ['object', object],
    ['oldObject', object],
    ['request', requestType],
  ]);
  if (options.namespaceObject) variables.set('namespaceObject', namespaceType);
  if (options.params) variables.set('params', options.paramsType ?? dynType);
  if (options.variables) variables.set('variables', options.variables);
  if (options.authorizer) {
    variables.set('authorizer', opaqueType('kubernetes.authorization.Authorizer'));
    variables.set('authorizer.requestResource', opaqueType('kubernetes.authorization.ResourceCheck'));
  }
  return { variables, functions: options.mutating ? mutatingFunctions : functions };
}

/** What a request is about, for `authorizer.requestResource`. */
export interface RequestedResource {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The bindings of `authorizer` and `authorizer.requestResource`. */
export function authorizerBindings(
  port: AuthorizerPort,
  requested: RequestedResource,
): Record<string, unknown> {
  return {
    authorizer: new AuthorizerValue(port),
    'authorizer.requestResource': new ResourceValue(port, { kind: 'resource', ...requested }),
  };
}
