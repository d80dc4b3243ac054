/** Fields an applier wants and someone else owns, told as the API server does. */
import type { StatusCause } from '../generated/types.ts';
import { ApiError } from '../status.ts';
import type { Manager } from './managed-fields.ts';
import { displayPath, type PathElement } from './path-element.ts';

export interface Conflict {
  manager: Manager;
  path: readonly PathElement[];
}

/** 409 that names every field and its owner. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const causes: StatusCause[] = conflicts.map(conflict => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${displayManager(conflict)}`,
    field: displayPath(conflict.path),
  }));
  return new ApiError({ message: messageOf(conflicts), reason: 'Conflict', code: 409, details: { causes } });
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first) {
    return `Apply failed with 1 conflict: conflict with ${displayManager(first)}: ${displayPath(first.path)}`;
  }
  const byManager = Map.groupBy(conflicts, displayManager);
  const lines = [...byManager.keys()].sort().flatMap(manager => {
    const paths = byManager.get(manager)!.map(conflict => `- ${displayPath(conflict.path)}`);
    return [`conflicts with ${manager}:`, ...paths];
  });
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function displayManager({ manager }: Conflict): string {
  const { name, operation, apiVersion, subresource } = manager;
  const quoted =
    JSON.stringify(name) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '');
  if (operation === 'Apply') return quoted;
  return `${quoted} using ${apiVersion}`;
}
