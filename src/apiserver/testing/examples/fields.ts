/** Values of fields; undefined leaves a field out. */
export type Fields = Readonly<Record<string, unknown>>;

/** What selectors select. */
export const exampleLabels = { app: 'example' };

/** Texts by the name of the field, where a definition says nothing of its own. */
export const nameValues: Readonly<Record<string, string>> = {
  name: 'example',
  namespace: 'default',
  fsType: 'ext4',
  path: '/path',
  mountPath: '/mount',
  hostname: 'host',
  driver: 'driver.example.com',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  uid: '7a0fbd4c-9e0f-4f0a-9f43-2d8b6ea2b1f0',
  shareID: '7a0fbd4c-9e0f-4f0a-9f43-2d8b6ea2b1f1',
  image: 'registry.example.com/image:v1',
  protocol: 'TCP',
  policyName: 'example',
};
