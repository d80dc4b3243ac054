import type { LimitRangeItem } from '../../api/generated/types.ts';
import {
  canonicalQuantity,
  compareQuantity,
  parseQuantity,
  quantityMilliValue,
  quantitySign,
} from '../../api/quantity.ts';

/** Quantities by resource name. */
export type Amounts = Readonly<Record<string, string>>;

/** What a container or a pod breaks of a LimitRange's item, in upstream's words. */
export function brokenLimits(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [
    ...each(item.min, (name, least) => brokenMinimum(item.type, name, least, requests, limits)),
    ...each(item.max, (name, most) => brokenMaximum(item.type, name, most, requests, limits)),
    ...each(item.maxLimitRequestRatio, (name, most) => brokenRatio(item.type, name, most, requests, limits)),
  ];
}

/** What a claim breaks; its limits are no user's input. */
export function brokenRequests(item: LimitRangeItem, requests: Amounts): string[] {
  return [
    ...each(item.min, (name, least) => brokenMinimum(item.type, name, least, requests, {})),
    ...each(item.max, (name, most) => {
      const rule = `maximum ${name} usage per ${item.type} is ${canonicalQuantity(most)}`;
      const request = requests[name];
      if (request === undefined) return `${rule}.  No request is specified`;
      return compare(request, most) > 0 ? `${rule}, but request is ${canonicalQuantity(request)}` : undefined;
    }),
  ];
}

function each(
  bounds: Amounts | undefined,
  check: (name: string, bound: string) => string | undefined,
): string[] {
  return Object.entries(bounds ?? {}).flatMap(([name, bound]) => check(name, bound) ?? []);
}

function compare(a: string, b: string): number {
  return compareQuantity(parseQuantity(a), parseQuantity(b));
}

function brokenMinimum(type: string, name: string, least: string, requests: Amounts, limits: Amounts) {
  const rule = `minimum ${name} usage per ${type} is ${canonicalQuantity(least)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (request === undefined) return `${rule}.  No request is specified`;
  if (compare(request, least) < 0) return `${rule}, but request is ${canonicalQuantity(request)}`;
  if (limit !== undefined && compare(limit, least) < 0)
    return `${rule}, but limit is ${canonicalQuantity(limit)}`;
  return undefined;
}

function brokenMaximum(type: string, name: string, most: string, requests: Amounts, limits: Amounts) {
  const rule = `maximum ${name} usage per ${type} is ${canonicalQuantity(most)}`;
  const [request, limit] = [requests[name], limits[name]];
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (compare(limit, most) > 0) return `${rule}, but limit is ${canonicalQuantity(limit)}`;
  if (request !== undefined && compare(request, most) > 0)
    return `${rule}, but request is ${canonicalQuantity(request)}`;
  return undefined;
}

function brokenRatio(type: string, name: string, most: string, requests: Amounts, limits: Amounts) {
  const rule = `${name} max limit to request ratio per ${type} is ${canonicalQuantity(most)}`;
  const request = parseQuantity(requests[name] ?? '0');
  const limit = parseQuantity(limits[name] ?? '0');
  if (quantitySign(request) === 0) return `${rule}, but no request is specified or request is 0`;
  if (quantitySign(limit) === 0) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = quantityMilliValue(limit) / quantityMilliValue(request);
  const allowed = quantityMilliValue(parseQuantity(most)) / 1000;
  return ratio > allowed ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
