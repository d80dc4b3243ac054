import type { PodSpec } from '../../generated/types.ts';

/** Whether an exit of one of its containers may have all of them restarted (KEP-5532). */
export function mayRestartAll(spec: PodSpec | undefined): boolean {
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return all.some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );
}
