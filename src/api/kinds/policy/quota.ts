import type {
  LimitRange,
  LimitRangeItem,
  ResourceQuota,
  ResourceQuotaSpec,
  ScopeSelector,
} from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { quantityMilliValue } from '../../quantity.ts';
import { type FieldPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkAmount, checkContainerResourceName, checkResourceName } from '../pod/resources.ts';
import { canonicalize, compareText, type ResourceList, readQuantity, signOf } from '../quantities.ts';
import { isOvercommitAllowed, isQuotaResource } from '../resource-names.ts';

const scopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
];
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** Of what these select, there is nothing to compare. */
const existing: readonly string[] = opposites.flat();
const onlyExists =
  "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort and ResourceQuotaScopeNotBestEffort";
const podAmounts = [
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
];
/** What a quota of each scope can count. */
const countable: Readonly<Record<string, readonly string[]>> = {
  Terminating: podAmounts,
  NotTerminating: podAmounts,
  NotBestEffort: podAmounts,
  PriorityClass: podAmounts,
  CrossNamespacePodAffinity: podAmounts,
  BestEffort: ['pods'],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
};

export const resourceQuotaRules: KindRules<ResourceQuota> = {
  hasStatus: true,
  initialStatus: () => ({}),
  defaults(quota) {
    canonicalize(quota.spec?.hard);
    canonicalize(quota.status?.hard);
    canonicalize(quota.status?.used);
  },
  validate: (quota, out) => checkSpec(quota.spec ?? {}, out),
  validateUpdate(quota, old, out) {
    checkSpec(quota.spec ?? {}, out);
    const sorted = (list: string[] | undefined) => [...new Set(list)].sort().join();
    if (sorted(quota.spec?.scopes) !== sorted(old.spec?.scopes)) {
      out.invalid(specPath.child('scopes'), quota.spec?.scopes, 'field is immutable');
    }
  },
  validateStatusUpdate(quota, _old, out) {
    checkList(quota.status?.hard, statusPath.child('hard'), out);
    checkList(quota.status?.used, statusPath.child('used'), out);
  },
};

function checkList(list: ResourceList | undefined, at: FieldPath, out: Findings): void {
  for (const [name, text] of Object.entries(list ?? {})) {
    const here = at.key(name);
    checkResourceName(name, here, out);
    if (!name.includes('/') && !isQuotaResource(name)) {
      out.invalid(here, name, 'must be a standard resource for quota');
    }
    checkAmount(name, text, here, out);
  }
}

function checkSpec(spec: ResourceQuotaSpec, out: Findings): void {
  checkList(spec.hard, specPath.child('hard'), out);
  const at = specPath.child('scopes');
  const own = spec.scopes ?? [];
  const hard = Object.keys(spec.hard ?? {});
  for (const scope of own) {
    if (!scopes.includes(scope)) out.invalid(at, own, 'unsupported scope');
    checkScope(scope, hard, own, at, out);
  }
  for (const [one, other] of opposites) {
    if (own.includes(one) && own.includes(other)) out.invalid(at, own, 'conflicting scopes');
  }
  if (spec.scopeSelector) checkSelector(spec.scopeSelector, hard, own, out);
}

/** Upstream: `IsResourceQuotaScopeValidForResource`. */
function checkScope(
  scope: string,
  hard: readonly string[],
  value: unknown,
  at: FieldPath,
  out: Findings,
): void {
  const allowed = countable[scope];
  const wrong = hard.some(name => isQuotaResource(name) && allowed !== undefined && !allowed.includes(name));
  if (wrong) out.invalid(at, value, 'unsupported scope applied to resource');
}

function checkSelector(
  selector: ScopeSelector,
  hard: readonly string[],
  own: readonly string[],
  out: Findings,
): void {
  const here = specPath.child('scopeSelector', 'matchExpressions');
  const names = new Set<string>();
  for (const requirement of selector.matchExpressions ?? []) {
    const { scopeName, operator, values = [] } = requirement;
    names.add(scopeName);
    if (!scopes.includes(scopeName))
      out.invalid(here.child('scopeName'), scopeName ?? '', 'unsupported scope');
    checkScope(scopeName, hard, selector, here, out);
    if (existing.includes(scopeName) && operator !== 'Exists') {
      out.invalid(here.child('operator'), operator ?? '', onlyExists);
    }
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length > 0) continue;
      const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      out.required(here.child('values'), why);
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length === 0) continue;
      const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      out.invalid(here.child('values'), values, why);
    } else out.invalid(here.child('operator'), operator ?? '', 'not a valid selector operator');
  }
  for (const [one, other] of opposites) {
    if (names.has(one) && names.has(other)) out.invalid(here, own, 'conflicting scopes');
  }
}

const limitLists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export const limitRangeRules: KindRules<LimitRange> = {
  createOnUpdate: true,
  defaults(range) {
    for (const item of range.spec?.limits ?? []) {
      for (const list of limitLists) canonicalize(item[list]);
      if (item.type !== 'Container') continue;
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
    }
  },
  validate(range, out) {
    const types = new Set<string>();
    (range.spec?.limits ?? []).forEach((item, i) => {
      const at = specPath.child('limits').index(i);
      checkType(item.type ?? '', at.child('type'), out);
      if (types.has(item.type)) out.duplicate(at.child('type'), item.type);
      types.add(item.type);
      checkItem(item, at, out);
    });
  },
};

function checkType(type: string, at: FieldPath, out: Findings): void {
  const wrong = qualifiedNameErrors(type);
  out.invalidAll(at, type, wrong);
  if (wrong.length > 0 || type.includes('/') || ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type))
    return;
  out.invalid(at, type, 'must be a standard limit type or fully qualified');
}

function checkItem(item: LimitRangeItem, at: FieldPath, out: Findings): void {
  const inPod = item.type === 'Pod' || item.type === 'Container';
  for (const list of limitLists) {
    if (item.type === 'Pod' && (list === 'default' || list === 'defaultRequest')) {
      if (Object.keys(item[list] ?? {}).length === 0) continue;
      out.forbidden(at.child(list), "may not be specified when `type` is 'Pod'");
      continue;
    }
    for (const name of Object.keys(item[list] ?? {})) {
      const here = at.child(list).key(name);
      if (inPod) checkContainerResourceName(name, here, out);
      else checkResourceName(name, here, out);
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    const why = 'either minimum or maximum storage value is required, but neither was provided';
    out.required(at.child('limits'), why);
  }
  const names = new Set(limitLists.flatMap(list => Object.keys(item[list] ?? {})));
  for (const name of names) checkOrder(item, name, at, out);
}

/** min ≤ default request ≤ default ≤ max, where they are given. */
function checkOrder(item: LimitRangeItem, name: string, at: FieldPath, out: Findings): void {
  const [min, max, limit, request] = [item.min, item.max, item.default, item.defaultRequest].map(
    l => l?.[name],
  );
  const check = (
    low: string | undefined,
    high: string | undefined,
    field: string,
    shown: string,
    why: string,
  ) => {
    if (low === undefined || high === undefined || compareText(low, high) <= 0) return;
    out.invalid(at.child(field).key(name), shown, why);
  };
  check(min, max, 'min', min!, `min value ${min} is greater than max value ${max}`);
  check(
    min,
    request,
    'defaultRequest',
    request!,
    `min value ${min} is greater than default request value ${request}`,
  );
  check(
    request,
    max,
    'defaultRequest',
    request!,
    `default request value ${request} is greater than max value ${max}`,
  );
  check(
    request,
    limit,
    'defaultRequest',
    request!,
    `default request value ${request} is greater than default limit value ${limit}`,
  );
  check(min, limit, 'default', min!, `min value ${min} is greater than default value ${limit}`);
  check(limit, max, 'default', max!, `default value ${limit} is greater than max value ${max}`);
  const ratio = item.maxLimitRequestRatio?.[name];
  if (ratio !== undefined && compareText(ratio, '1') < 0) {
    out.invalid(at.child('maxLimitRequestRatio').key(name), ratio, `ratio ${ratio} is less than 1`);
  }
  checkRatio(ratio, min, max, at.child('maxLimitRequestRatio').key(name), out);
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return;
  if (compareText(limit, request) === 0) return;
  const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
  out.invalid(at.child('defaultRequest').key(name), request, why);
}

/** No ratio is ever greater than that of the most to the least there may be. */
function checkRatio(
  ratio: string | undefined,
  min: string | undefined,
  max: string | undefined,
  at: FieldPath,
  out: Findings,
): void {
  const [least, most, wanted] = [min, max, ratio].map(readQuantity);
  if (!least || !most || !wanted || signOf(min) <= 0) return;
  const limit = quantityMilliValue(most) / quantityMilliValue(least);
  if (quantityMilliValue(wanted) / 1000 <= limit) return;
  out.invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`);
}
