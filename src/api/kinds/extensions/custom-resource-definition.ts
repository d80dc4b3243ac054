import { approval, approvalOf, isProtected } from '../../custom/approval.ts';
import { checkSelectableFields, checkSubresources } from '../../custom/definition-checks.ts';
import { checkSchema } from '../../custom/schema-checks.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../generated/types.ts';
import { equalJson } from '../../json.ts';
import { label1035Errors, subdomainErrors } from '../../names.ts';
import { Unique } from '../checks.ts';
import { type FieldPath, metadataPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable } from '../metadata.ts';
import { checkReviewVersions, checkWebhookClient } from './webhook-client.ts';

const scopes = ['Cluster', 'Namespaced'];
const strategies = ['None', 'Webhook'];
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

export const definitionRules: KindRules<CustomResourceDefinition> = {
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: definition => ({ storedVersions: storageVersions(definition) }),
  defaults({ spec }) {
    if (!spec) return;
    const { names } = spec;
    if (names?.kind) {
      names.singular ||= names.kind.toLowerCase();
      names.listKind ||= `${names.kind}List`;
    }
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
  },
  prepareForUpdate(definition, old) {
    const stored = new Set([...(old.status?.storedVersions ?? []), ...storageVersions(definition)]);
    definition.status = { ...definition.status, storedVersions: [...stored] };
  },
  validate: checkDefinition,
  validateUpdate(definition, old, out) {
    checkDefinition(definition, out);
    checkUnchanged(definition, old, out);
    checkStored(definition, out);
  },
  validateStatusUpdate({ status }, _old, out) {
    if (status?.acceptedNames) checkNames(status.acceptedNames, statusPath.child('acceptedNames'), out);
  },
};

/** What is stored goes by these. */
function checkUnchanged(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition,
  out: Findings,
): void {
  const names = specPath.child('names');
  const established = old.status?.conditions?.some(c => c.type === 'Established' && c.status === 'True');
  if (established) {
    checkImmutable(spec?.scope, old.spec?.scope, specPath.child('scope'), out);
    checkImmutable(spec?.names?.kind, old.spec?.names?.kind, names.child('kind'), out);
  }
  checkImmutable(spec?.group, old.spec?.group, specPath.child('group'), out);
  checkImmutable(spec?.names?.plural, old.spec?.names?.plural, names.child('plural'), out);
}

/** No version goes that there may be objects of. */
function checkStored({ spec, status }: CustomResourceDefinition, out: Findings): void {
  const names = new Set(spec?.versions?.map(version => version.name));
  (status?.storedVersions ?? []).forEach((version, i) => {
    if (names.has(version)) return;
    out.invalid(statusPath.child('storedVersions').index(i), version, 'must appear in spec.versions');
  });
}

function storageVersions({ spec }: CustomResourceDefinition): string[] {
  return (spec?.versions ?? []).filter(version => version.storage).map(version => version.name);
}

function checkDefinition(definition: CustomResourceDefinition, out: Findings): void {
  const { spec, metadata } = definition;
  const name = metadata?.name ?? '';
  if (name !== `${spec?.names?.plural}.${spec?.group}`) {
    out.invalid(metadataPath.child('name'), name, 'must be spec.names.plural+"."+spec.group');
  }
  if (!spec) {
    out.required(specPath);
    return;
  }
  checkGroup(spec, metadata?.annotations ?? {}, out);
  checkScope(spec, out);
  checkVersions(spec.versions ?? [], out);
  // Of a status, none is asked for.
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!spec.names?.[field]) out.required(specPath.child('names', field));
  }
  if (spec.names) checkNames(spec.names, specPath.child('names'), out);
  checkConversion(spec, out);
}

function checkGroup(
  spec: CustomResourceDefinitionSpec,
  annotations: Record<string, string>,
  out: Findings,
): void {
  const at = specPath.child('group');
  if (!spec.group) out.required(at);
  else {
    const wrong = subdomainErrors(spec.group);
    if (wrong.length > 0) out.invalid(at, spec.group, wrong.join(','));
    else if (!spec.group.includes('.'))
      out.invalid(at, spec.group, 'should be a domain with at least one dot');
  }
  if (!isProtected(spec.group)) return;
  const { state, message } = approvalOf(annotations);
  const key = metadataPath.child('annotations').key(approval);
  if (state === 'missing') out.required(key, message);
  else if (state === 'invalid') out.invalid(key, annotations[approval], message);
}

function checkScope(spec: CustomResourceDefinitionSpec, out: Findings): void {
  const at = specPath.child('scope');
  if (!spec.scope) out.required(at);
  else if (!scopes.includes(spec.scope)) out.notSupported(at, spec.scope, scopes);
  if (spec.preserveUnknownFields) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    out.invalid(specPath.child('preserveUnknownFields'), true, why);
  }
}

function checkVersions(versions: CustomResourceDefinitionVersion[], out: Findings): void {
  const at = specPath.child('versions');
  if (versions.length === 0) out.required(at, 'must have exactly one version marked as storage version');
  const names = new Unique();
  let unique = true;
  versions.forEach((version, i) => {
    const here = at.index(i);
    checkName(version.name ?? '', here.child('name'), out);
    unique = names.add(version.name) && unique;
    if (version.deprecationWarning !== undefined && !version.deprecated) {
      const why = 'can only be set for deprecated versions';
      out.invalid(here.child('deprecationWarning'), version.deprecationWarning, why);
    }
  });
  checkParts(versions, at, out);
  if (!unique) out.invalid(at, versions, 'must contain unique version names');
  const storage = versions.filter(version => version.storage).length;
  if (versions.length > 0 && storage !== 1) {
    out.invalid(at, versions, 'must have exactly one version marked as storage version');
  }
}

/**
 * Schemas, subresources, columns and selectable fields. Upstream's internal form has those that all versions agree
 * on once, at the top, and complains of them there.
 */
function checkParts(versions: CustomResourceDefinitionVersion[], at: FieldPath, out: Findings): void {
  const [first] = versions;
  if (!first) return;
  const each = <K extends keyof CustomResourceDefinitionVersion>(
    part: K,
    top: string,
    check: (version: CustomResourceDefinitionVersion, at: FieldPath) => void,
  ) => {
    if (versions.every(version => equalJson(version[part], first[part]))) check(first, specPath.child(top));
    else
      versions.forEach((version, i) => {
        check(version, at.index(i).child(part));
      });
  };
  versions.forEach(({ schema }, i) => {
    if (schema?.openAPIV3Schema) return;
    out.required(at.index(i).child('schema', 'openAPIV3Schema'), 'schemas are required');
  });
  each('schema', 'validation', ({ schema }, here) => {
    if (schema?.openAPIV3Schema) checkSchema(schema.openAPIV3Schema, here.child('openAPIV3Schema'), out);
  });
  each('subresources', 'subresources', (version, here) => checkSubresources(version, here, out));
  each('additionalPrinterColumns', 'additionalPrinterColumns', (version, here) =>
    checkColumns(version, here, out),
  );
  each('selectableFields', 'selectableFields', ({ selectableFields = [], schema }, here) =>
    checkSelectableFields(selectableFields, schema?.openAPIV3Schema, here, out),
  );
}

function checkColumns(version: CustomResourceDefinitionVersion, at: FieldPath, out: Findings): void {
  (version.additionalPrinterColumns ?? []).forEach((column, i) => {
    const here = at.index(i);
    if (!column.name) out.required(here.child('name'));
    if (!column.type) out.required(here.child('type'), `must be one of ${columnTypes.join(',')}`);
    else if (!columnTypes.includes(column.type)) {
      out.invalid(here.child('type'), column.type, `must be one of ${columnTypes.join(',')}`);
    }
    if (!column.jsonPath) out.required(here.child('jsonPath'));
    else if (!/^[.[]/.test(column.jsonPath)) {
      out.invalid(here.child('jsonPath'), column.jsonPath, 'must be a simple json path starting with .');
    }
  });
}

function checkNames(names: CustomResourceDefinitionNames, at: FieldPath, out: Findings): void {
  for (const field of ['plural', 'singular'] as const) {
    if (names[field]) checkName(names[field], at.child(field), out);
  }
  for (const field of ['kind', 'listKind'] as const) {
    const wrong = names[field] ? label1035Errors(names[field].toLowerCase()) : [];
    const why = `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
    if (wrong.length > 0) out.invalid(at.child(field), names[field], why);
  }
  (names.shortNames ?? []).forEach((name, i) => {
    checkName(name, at.child('shortNames').index(i), out);
  });
  if (names.kind && names.kind === names.listKind) {
    out.invalid(at.child('listKind'), names.listKind, 'kind and listKind may not be the same');
  }
  (names.categories ?? []).forEach((name, i) => {
    checkName(name, at.child('categories').index(i), out);
  });
}

/** All that is wrong, in one finding. */
function checkName(name: string, at: FieldPath, out: Findings): void {
  const wrong = label1035Errors(name);
  if (wrong.length > 0) out.invalid(at, name, wrong.join(','));
}

function checkConversion({ conversion }: CustomResourceDefinitionSpec, out: Findings): void {
  if (!conversion) return;
  const at = specPath.child('conversion');
  if (!conversion.strategy) out.required(at.child('strategy'));
  else if (!strategies.includes(conversion.strategy)) {
    out.notSupported(at.child('strategy'), conversion.strategy, strategies);
  }
  const client = conversion.webhook?.clientConfig;
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  const clientAt = at.child('webhookClientConfig');
  const versionsAt = at.child('conversionReviewVersions');
  if (conversion.strategy === 'Webhook') {
    if (client) checkWebhookClient(client, clientAt, out);
    else out.required(clientAt, 'required when strategy is set to Webhook');
    checkReviewVersions(versions, '', versionsAt, out);
    return;
  }
  const why = 'should not be set when strategy is not set to Webhook';
  if (client) out.forbidden(clientAt, why);
  if (versions.length > 0) out.forbidden(versionsAt, why);
}
