import type { ConfigMap, Secret } from '../../generated/types.ts';
import { configMapKeyErrors } from '../../names.ts';
import { semanticEqual } from '../equality.ts';
import { metadataPath, root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';

/** ConfigMaps and Secrets: keys, sizes, and `immutable`. */

const maxBytes = 1024 * 1024;
const frozen = 'field is immutable when `immutable` is set';

type Data = Record<string, string> | undefined;

/** The size of base64 text's content. */
function decodedLength(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.floor((base64.length * 3) / 4) - padding;
}

function checkKeys(data: Data, field: string, out: Findings): void {
  for (const key of Object.keys(data ?? {})) {
    out.invalidAll(root(field).key(key), key, configMapKeyErrors(key));
  }
}

function checkFrozen<T extends ConfigMap | Secret>(
  fresh: T,
  old: T,
  fields: readonly (keyof T & string)[],
  out: Findings,
): void {
  if (!old.immutable) return;
  if (!fresh.immutable) out.forbidden(root('immutable'), frozen);
  for (const field of fields) {
    if (!semanticEqual(fresh[field], old[field])) out.forbidden(root(field), frozen);
  }
}

export const configMapRules: KindRules<ConfigMap> = {
  validate: checkConfigMap,
  validateUpdate(fresh, old, out) {
    checkFrozen(fresh, old, ['data', 'binaryData'], out);
    checkConfigMap(fresh, out);
  },
};

function checkConfigMap(map: ConfigMap, out: Findings): void {
  let bytes = 0;
  checkKeys(map.data, 'data', out);
  for (const [key, value] of Object.entries(map.data ?? {})) {
    if (map.binaryData && key in map.binaryData) {
      out.invalid(root('data').key(key), key, 'duplicate of key present in binaryData');
    }
    bytes += Buffer.byteLength(value);
  }
  checkKeys(map.binaryData, 'binaryData', out);
  for (const value of Object.values(map.binaryData ?? {})) bytes += decodedLength(value);
  if (bytes > maxBytes) out.tooLong(root(''), maxBytes);
}

export const secretRules: KindRules<Secret> = {
  defaults(secret) {
    secret.type ||= 'Opaque';
    if (!secret.stringData) return;
    const encoded = Object.entries(secret.stringData).map(([key, text]) => [
      key,
      Buffer.from(text).toString('base64'),
    ]);
    secret.data = { ...secret.data, ...Object.fromEntries(encoded) };
    delete secret.stringData;
  },
  prepareForUpdate(secret, old) {
    // Since 1.0 an update without a type keeps it.
    if (!secret.type || (secret.type === 'Opaque' && !old.type)) secret.type = old.type || secret.type;
  },
  validate: checkSecret,
  validateUpdate(fresh, old, out) {
    checkImmutable(fresh.type, old.type, root('type'), out);
    checkFrozen(fresh, old, ['data'], out);
    checkSecret(fresh, out);
  },
};

function checkSecret(secret: Secret, out: Findings): void {
  checkKeys(secret.data, 'data', out);
  const bytes = Object.values(secret.data ?? {}).reduce((sum, value) => sum + decodedLength(value), 0);
  if (bytes > maxBytes) out.tooLong(root('data'), maxBytes);
  checkSecretType(secret, out);
}

/** What the well-known types of secrets must hold. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

function checkSecretType(secret: Secret, out: Findings): void {
  const data = secret.data ?? {};
  const at = root('data');
  if (secret.type === 'kubernetes.io/service-account-token') {
    const key = 'kubernetes.io/service-account.name';
    if (!secret.metadata?.annotations?.[key]) out.required(metadataPath.child('annotations').key(key));
  }
  if (secret.type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    out.required(at.key('username'));
    out.required(at.key('password'));
  }
  for (const key of requiredKeys[secret.type ?? ''] ?? []) {
    if (!(key in data) || (key === 'ssh-privatekey' && !data[key])) out.required(at.key(key));
    else if (key.startsWith('.docker')) checkJson(data[key]!, key, out);
  }
}

function checkJson(base64: string, key: string, out: Findings): void {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    out.invalid(root('data').key(key), '<secret contents redacted>', why);
  }
}
