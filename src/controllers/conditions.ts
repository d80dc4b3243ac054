/** What conditions of workloads have in common. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export function findCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find(condition => condition.type === type);
}

export function withoutCondition<C extends Condition>(conditions: readonly C[], type: string): C[] {
  return conditions.filter(condition => condition.type !== type);
}

/**
 * Sets a condition. One of the same status and reason stays as it is; the transition time changes with the
 * status only.
 */
export function setCondition<C extends Condition>(conditions: readonly C[], next: C): C[] {
  const present = findCondition(conditions, next.type);
  if (present?.status === next.status && present.reason === next.reason) return [...conditions];
  const kept = present?.status === next.status ? { lastTransitionTime: present.lastTransitionTime } : {};
  return [...withoutCondition(conditions, next.type), { ...next, ...kept }];
}
