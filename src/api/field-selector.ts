/**
 * Field selectors: the text of `?fieldSelector=`, and which fields of which kind can be selected by. After
 * k8s.io/apimachinery's `fields` package and the field label conversions of each group, wording included.
 */
import { SelectorError } from './label-selector.ts';
import type { GroupVersionKind, KubeObject } from './objects.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All of the requirements must hold. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
}

/**
 * Reads the text of a selector: `status.phase!=Running,spec.nodeName=`. A backslash escapes a comma, an equals
 * sign and itself in a value.
 * @throws SelectorError
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const parsed = splitTerm(term);
    if (!parsed) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
    const [field, operator, value] = parsed;
    requirements.push({ field, operator: operator === '!=' ? '!=' : '=', value: unescapeValue(value) });
  }
  return { requirements };
}

/** At commas that no backslash precedes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function splitTerm(term: string): [field: string, operator: string, value: string] | undefined {
  const match = /!=|==|=/.exec(term);
  if (!match) return undefined;
  return [term.slice(0, match.index), match[0], term.slice(match.index + match[0].length)];
}

function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) return value;
  let result = '';
  for (let i = 0; i < value.length; i++) {
    const character = value[i]!;
    if (character === '\\') {
      const next = value[++i] ?? '';
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${next}`);
      }
      result += next;
    } else if (character === ',' || character === '=') {
      throw new SelectorError(
        `invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`,
      );
    } else result += character;
  }
  return result;
}

export function formatFieldSelector(selector: FieldSelector): string {
  return selector.requirements
    .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
    .join(',');
}

/** What selects one field of a kind: the value an object has there, as text. */
type FieldReader = (object: KubeObject) => string;

const objectName: FieldReader = object => object.metadata?.name ?? '';
const objectNamespace: FieldReader = object => object.metadata?.namespace ?? '';

/** Reads the value at a path; absent is `otherwise`. */
function at(path: string, otherwise = ''): FieldReader {
  const steps = path.split('.');
  return object => {
    let value: unknown = object;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null) return otherwise;
      value = (value as Record<string, unknown>)[step];
    }
    return value === undefined || value === null ? otherwise : String(value);
  };
}

function fields(
  ...paths: (string | [field: string, reader: FieldReader])[]
): ReadonlyMap<string, FieldReader> {
  return new Map(paths.map(path => (typeof path === 'string' ? [path, at(path)] : path)));
}

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

interface Selectable {
  readonly fields: ReadonlyMap<string, FieldReader>;
  /** Upstream's complaint about any other field. */
  unsupported(field: string): string;
}

const notSupported = (field: string) => `field label not supported: ${field}`;

function selectable(...paths: (string | [string, FieldReader])[]): Selectable {
  return { fields: fields(...paths), unsupported: notSupported };
}

const metadata: [string, FieldReader][] = [
  ['metadata.name', objectName],
  ['metadata.namespace', objectNamespace],
];

/** Keyed by `group/Kind`. */
const byKind: Readonly<Record<string, Selectable>> = {
  '/Pod': selectable(
    ...metadata,
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    ['spec.hostNetwork', at('spec.hostNetwork', 'false')],
    'status.phase',
    'status.podIP',
    ['status.podIPs', podIPs],
    'status.nominatedNodeName',
  ),
  '/Node': selectable(
    ['metadata.name', objectName],
    ['spec.unschedulable', at('spec.unschedulable', 'false')],
  ),
  '/ReplicationController': selectable(...metadata, ['status.replicas', at('status.replicas', '0')]),
  '/Event': selectable(
    ...metadata,
    ...involved.map(field => `involvedObject.${field}`),
    'reason',
    'reportingComponent',
    ['source', eventSource],
    'type',
  ),
  'events.k8s.io/Event': selectable(
    ...metadata,
    ...involved.map(field => `regarding.${field}`),
    'reason',
    'reportingController',
    'type',
  ),
  '/Namespace': selectable(['metadata.name', objectName], 'status.phase'),
  '/Secret': selectable(...metadata, 'type'),
  '/Service': selectable(...metadata, 'spec.clusterIP', 'spec.type'),
  'apps/ReplicaSet': selectable(...metadata, ['status.replicas', at('status.replicas', '0')]),
  'batch/Job': {
    fields: fields(...metadata, ['status.successful', at('status.succeeded', '0')]),
    unsupported: field => `field label ${JSON.stringify(field)} not supported for batchv1.Job`,
  },
  'certificates.k8s.io/CertificateSigningRequest': selectable(
    ['metadata.name', objectName],
    'spec.signerName',
  ),
};

const onlyMetadata: Selectable = {
  fields: fields(...metadata),
  unsupported: field =>
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
};

/** Names clients of old versions use → today's. */
const aliases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/Pod': { 'spec.host': 'spec.nodeName' },
};

function podIPs(object: KubeObject): string {
  const { podIPs = [] } = (object as { status?: { podIPs?: { ip: string }[] } }).status ?? {};
  return podIPs.map(each => each.ip).join(',');
}

/** The component that reported an event, in the old field or the new one. */
function eventSource(object: KubeObject): string {
  return at('source.component')(object) || at('reportingComponent')(object);
}

/** Fields of a custom resource's `selectableFields` beside the metadata ones. */
export interface CustomFields {
  readonly paths: readonly string[];
}

/**
 * A test for a selector on objects of a kind.
 * @throws SelectorError in upstream's words where the kind cannot be selected by a field
 */
export function fieldMatcher(
  selector: FieldSelector,
  { group, kind }: Pick<GroupVersionKind, 'group' | 'kind'>,
  custom?: CustomFields,
): (object: KubeObject) => boolean {
  const key = `${group}/${kind}`;
  const known = custom ? customFields(custom) : (byKind[key] ?? onlyMetadata);
  const tests = selector.requirements.map(({ field, operator, value }) => {
    const reader = known.fields.get(aliases[key]?.[field] ?? field);
    if (!reader) throw new SelectorError(known.unsupported(field));
    return { reader, equal: operator === '=', value };
  });
  return object => tests.every(({ reader, equal, value }) => (reader(object) === value) === equal);
}

function customFields({ paths }: CustomFields): Selectable {
  return { fields: fields(...metadata, ...paths), unsupported: notSupported };
}

/** The value the selector demands of `field`, where it demands one: `metadata.name`, `spec.nodeName`. */
export function requiredFieldValue(selector: FieldSelector, field: string): string | undefined {
  return selector.requirements.find(each => each.field === field && each.operator === '=')?.value;
}
