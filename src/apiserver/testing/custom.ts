/** A definition after the one of upstream's documentation, with a status and a scale. */
export function crontabs(plural = 'crontabs', kind = 'CronTab', group = 'stable.example.com') {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        shortNames: plural === 'crontabs' ? ['ct'] : [],
        categories: ['all'],
      },
      versions: [cronVersion('v1')],
    },
  };
}

export function cronVersion(name: string, more: object = {}, spec: object = {}) {
  return {
    name,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              cronSpec: { type: 'string', description: 'When to run.' },
              image: { type: 'string' },
              replicas: { type: 'integer', minimum: 0, default: 1 },
              ...spec,
            },
          },
          status: {
            type: 'object',
            properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } },
          },
        },
      },
    },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.labelSelector',
      },
    },
    additionalPrinterColumns: [
      { name: 'Spec', type: 'string', description: 'The cron spec', jsonPath: '.spec.cronSpec' },
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
      { name: 'Image', type: 'string', priority: 1, jsonPath: '.spec.image' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    ...more,
  };
}
