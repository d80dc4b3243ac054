import { type Compiled, compileCel } from './cel.ts';
import type { CelEnvironment } from './environment.ts';
import { kubernetesLibraries } from './kubernetes-functions.ts';
import { FunctionTable } from './signatures.ts';
import { boolType, type CelType, dynType, type ObjectType, opaqueType, stringType } from './types.ts';

/** How large what a device tells can be (k8s.io/api/resource/v1); the estimates of cost go by it. */
const maxDomain = 63;
const maxId = 32;
const maxDriver = 63;
const maxValue = 64;
const maxEntries = 32;

/** By domain, then by name. */
function qualified(value: CelType): CelType {
  const named: CelType = {
    kind: 'map',
    key: { ...stringType, maxSize: maxId },
    value,
    maxSize: maxEntries,
  };
  return { kind: 'map', key: { ...stringType, maxSize: maxDomain }, value: named, maxSize: maxEntries };
}

const fields: Record<string, CelType> = {
  driver: { ...stringType, maxSize: maxDriver },
  attributes: qualified({ ...dynType, maxSize: maxValue }),
  capacity: qualified(opaqueType('kubernetes.Quantity')),
  allowMultipleAllocations: boolType,
};

const deviceType: ObjectType = {
  kind: 'object',
  name: 'kubernetes.DRADevice',
  fields: new Map(Object.entries(fields).map(([name, type]) => [name, { name, type }])),
};

let environment: CelEnvironment | undefined;

/** Compiles what selects devices: `device` is known, a bool is wanted (k8s.io/dynamic-resource-allocation/cel). */
export function compileDeviceSelector(expression: string): Compiled {
  environment ??= {
    variables: new Map([['device', deviceType]]),
    functions: new FunctionTable(...kubernetesLibraries),
  };
  const compiled = compileCel(expression, environment);
  const { kind } = compiled.program?.type ?? boolType;
  if (kind === 'bool' || kind === 'dyn') return compiled;
  return { error: `must evaluate to bool or the unknown type, not ${kind}` };
}
