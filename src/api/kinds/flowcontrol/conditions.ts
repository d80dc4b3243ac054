import { Unique } from '../checks.ts';
import { statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

/** Each has a type, and no type is there twice. */
export function checkTypes(conditions: readonly { type?: string }[] | undefined, out: Findings): void {
  const seen = new Unique();
  (conditions ?? []).forEach(({ type = '' }, i) => {
    const at = statusPath.child('conditions').index(i).child('type');
    if (!seen.add(type)) out.duplicate(at, type);
    if (!type) out.required(at, 'must not be empty');
  });
}
