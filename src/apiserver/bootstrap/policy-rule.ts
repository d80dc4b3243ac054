import type { PolicyRule } from '../../api/generated/types.ts';

const words = (text: string) => (text === '' ? [] : text.split(' '));

/** `rule('get list', 'apps', 'deployments')`; the group `core` is the one without a name. */
export function rule(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map(group => (group === 'core' ? '' : group)),
    resources: words(resources),
    ...(names && { resourceNames: words(names) }),
  };
}

export function urlRule(verbs: string, urls: string): PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(urls) };
}

export const readVerbs = 'get list watch';
export const writeVerbs = 'create delete deletecollection patch update';
export const allVerbs = 'create delete deletecollection get list patch update watch';
export const eventsRule = rule('create patch update', 'core events.k8s.io', 'events');
