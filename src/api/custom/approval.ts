/** The annotation that says who approved of a definition in a group of the community. */
export const approval = 'api-approved.kubernetes.io';

export interface Approval {
  state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  message: string;
}

const pointer = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** Groups that are the community's own. */
export function isProtected(group: string | undefined): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group ?? '');
}

/** What the annotation says (upstream's GetAPIApprovalState). */
export function approvalOf(annotations: Readonly<Record<string, string>>): Approval {
  const value = annotations[approval] ?? '';
  if (value === '') {
    const message = `protected groups must have approval annotation "${approval}", ${pointer}`;
    return { state: 'missing', message };
  }
  if (value.startsWith('unapproved'))
    return { state: 'bypassed', message: `not approved: ${JSON.stringify(value)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(value) && URL.canParse(value)) {
    return { state: 'approved', message: `approved in ${value}` };
  }
  const either = 'with either a URL or a reason starting with "unapproved"';
  const message = `protected groups must have approval annotation "${approval}" ${either}, ${pointer}`;
  return { state: 'invalid', message };
}
