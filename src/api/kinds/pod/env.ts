import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../generated/types.ts';
import { configMapKeyErrors, envVarNameErrors, subdomainErrors } from '../../names.ts';
import { checkQualifiedName } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { dnsSubdomainName } from '../object-name.ts';
import { signOf } from '../quantities.ts';
import type { PodContext } from './context.ts';
import { checkLocalPath } from './paths.ts';

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
export const volumeFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const sizeDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

export function checkEnv(variables: EnvVar[], pod: PodContext, at: FieldPath, out: Findings): void {
  variables.forEach((variable, i) => {
    const here = at.index(i);
    if (!variable.name) out.required(here.child('name'));
    else out.invalidAll(here.child('name'), variable.name, envVarNameErrors(variable.name));
    if (variable.valueFrom) checkValueFrom(variable, variable.valueFrom, pod, here.child('valueFrom'), out);
  });
}

function checkValueFrom(
  variable: EnvVar,
  source: EnvVarSource,
  pod: PodContext,
  at: FieldPath,
  out: Findings,
): void {
  let count = 0;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) {
    count++;
    checkObjectField(fieldRef, envFields, at.child('fieldRef'), out);
  }
  if (resourceFieldRef) {
    count++;
    checkResourceField(resourceFieldRef, false, at.child('resourceFieldRef'), out);
  }
  if (configMapKeyRef) {
    count++;
    checkKeySelector(configMapKeyRef, at.child('configMapKeyRef'), out);
  }
  if (secretKeyRef) {
    count++;
    checkKeySelector(secretKeyRef, at.child('secretKeyRef'), out);
  }
  if (fileKeyRef) {
    count++;
    checkFileKey(fileKeyRef, pod, at.child('fileKeyRef'), out);
  }
  if (count === 0) {
    const kinds = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    out.invalid(at, '', `must specify one of: ${kinds}`);
  } else if (variable.value) out.invalid(at, '', 'may not be specified when `value` is not empty');
  else if (count > 1) out.invalid(at, '', 'may not have more than one field specified at a time');
}

/** A field of the pod, with `fields` what may be named without a subscript. */
export function checkObjectField(
  selector: ObjectFieldSelector,
  fields: readonly string[],
  at: FieldPath,
  out: Findings,
): void {
  if (!selector.apiVersion) {
    out.required(at.child('apiVersion'));
    return;
  }
  if (!selector.fieldPath) {
    out.required(at.child('fieldPath'));
    return;
  }
  const subscripted = /^([^[\]]+)\['([^']*)'\]$/.exec(selector.fieldPath);
  const path = subscripted?.[1] ?? selector.fieldPath;
  if (selector.apiVersion !== 'v1') {
    const why = `error converting fieldPath: unsupported pod version: ${selector.apiVersion}`;
    out.invalid(at.child('fieldPath'), selector.fieldPath, why);
    return;
  }
  if (!knownField(path)) {
    const why = `error converting fieldPath: field label not supported: ${path}`;
    out.invalid(at.child('fieldPath'), selector.fieldPath, why);
    return;
  }
  if (!subscripted) {
    if (!fields.includes(path)) out.notSupported(at.child('fieldPath'), path, fields);
    return;
  }
  const key = subscripted[2]!;
  if (path === 'metadata.annotations') checkQualifiedName(key.toLowerCase(), at, out);
  else if (path === 'metadata.labels') checkQualifiedName(key, at, out);
  else out.invalid(at, path, 'does not support subscript');
}

function knownField(path: string): boolean {
  if (envFields.includes(path) || volumeFields.includes(path)) return true;
  return ['spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'spec.host'].includes(path);
}

/** `inVolume`: a file has no container of its own, so it names one. */
export function checkResourceField(
  selector: ResourceFieldSelector,
  inVolume: boolean,
  at: FieldPath,
  out: Findings,
): void {
  const name = selector.resource;
  if (inVolume && !selector.containerName) out.required(at.child('containerName'));
  else if (!name) out.required(at.child('resource'));
  else if (!resourceFields.includes(name) && !/^(limits|requests)\.hugepages-/.test(name)) {
    out.notSupported(at.child('resource'), name, resourceFields);
  }
  checkDivisor(name ?? '', selector.divisor, at.child('divisor'), out);
}

function checkDivisor(resource: string, divisor: string | undefined, at: FieldPath, out: Findings): void {
  if (divisor === undefined || signOf(divisor) === 0) return;
  const of = (values: string, name: string) =>
    `only divisor's values ${values} are supported with the ${name} resource`;
  if (resource.endsWith('.cpu')) {
    if (divisor !== '1m' && divisor !== '1') out.invalid(at, resource, of('1m and 1', 'cpu'));
    return;
  }
  const name = resource.endsWith('.memory')
    ? 'memory'
    : resource.endsWith('.ephemeral-storage')
      ? 'local ephemeral storage'
      : resource.includes('.hugepages-')
        ? 'hugepages'
        : undefined;
  if (name && !sizeDivisors.includes(divisor)) out.invalid(at, resource, of(sizeDivisors.join(', '), name));
}

function checkKeySelector(selector: { name?: string; key: string }, at: FieldPath, out: Findings): void {
  const name = selector.name ?? '';
  out.invalidAll(at.child('name'), name, subdomainErrors(name));
  if (!selector.key) out.required(at.child('key'));
  else out.invalidAll(at.child('key'), selector.key, configMapKeyErrors(selector.key));
}

function checkFileKey(selector: FileKeySelector, pod: PodContext, at: FieldPath, out: Findings): void {
  if (!selector.key) out.required(at.child('key'));
  else out.invalidAll(at.child('key'), selector.key, envVarNameErrors(selector.key));
  if (!selector.volumeName) out.required(at.child('volumeName'));
  else if (!pod.volumes.has(selector.volumeName)) out.notFound(at.child('volumeName'), selector.volumeName);
  if (!selector.path) out.required(at.child('path'));
  else checkLocalPath(selector.path, at.child('path'), out);
}

export function checkEnvFrom(sources: EnvFromSource[], at: FieldPath, out: Findings): void {
  sources.forEach((source, i) => {
    const here = at.index(i);
    if (source.prefix) out.invalidAll(here.child('prefix'), source.prefix, envVarNameErrors(source.prefix));
    if (source.configMapRef) checkSourceName(source.configMapRef.name, here.child('configMapRef'), out);
    if (source.secretRef) checkSourceName(source.secretRef.name, here.child('secretRef'), out);
    if (!source.configMapRef && !source.secretRef) {
      out.invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`');
    } else if (source.configMapRef && source.secretRef) {
      out.invalid(at, '', 'may not have more than one field specified at a time');
    }
  });
}

function checkSourceName(name: string | undefined, at: FieldPath, out: Findings): void {
  if (!name) out.required(at.child('name'));
  else out.invalidAll(at.child('name'), name, dnsSubdomainName(name, true));
}
