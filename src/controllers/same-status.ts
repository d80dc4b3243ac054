import { sameContent } from './template-hash.ts';

/**
 * Whether two statuses say the same. Counts that are 0, empty texts and empty lists are nothing: the API server
 * leaves out those that Kubernetes' types mark as omitempty.
 */
export function sameStatus(a: object | undefined, b: object | undefined): boolean {
  return sameContent(withoutEmpty(a), withoutEmpty(b));
}

function withoutEmpty(status: object | undefined): object {
  const entries = Object.entries(status ?? {});
  return Object.fromEntries(entries.filter(([, value]) => value !== 0 && value !== ''));
}
