const registries = [
  'registry.k8s.io/e2e-test-images',
  'k8s.gcr.io/e2e-test-images',
  'gcr.io/kubernetes-e2e-test-images',
];

/** Where an image of Kubernetes' own tests lies and, for older releases of them, lay. */
export function testRepositories(name: string): string[] {
  return registries.map(registry => `${registry}/${name}`);
}
