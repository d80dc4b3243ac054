/** Which resource names mean what: `cpu`, `hugepages-2Mi`, `example.com/gpu`, `requests.storage`. */

const hugePages = 'hugepages-';
const containerNames = new Set(['cpu', 'memory', 'ephemeral-storage']);
const standardNames = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
const quotaNames = new Set([...standardNames].filter(name => name !== 'storage'));
const integerNames = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function isHugePages(name: string): boolean {
  return name.startsWith(hugePages);
}

/** Without a domain, or with one of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.') && name.length <= 317 - 'requests.'.length;
}

export function isStandardResource(name: string): boolean {
  return standardNames.has(name) || isHugePages(name);
}

export function isContainerResource(name: string): boolean {
  return containerNames.has(name) || isHugePages(name);
}

export function isQuotaResource(name: string): boolean {
  return quotaNames.has(name) || isHugePages(name) || name.startsWith(`requests.${hugePages}`);
}

export function isIntegerResource(name: string): boolean {
  return integerNames.has(name) || isExtendedResource(name);
}

/** Only native resources may be promised more often than there are. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name);
}

/** What `spec.resources` of a pod may name. */
export function isPodLevelResource(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePages(name);
}
