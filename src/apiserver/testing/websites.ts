import type { RestartingServer } from './restarting-server.ts';

export const websitesGroup = 'example.com';
export const websitesPath = `/apis/${websitesGroup}/v1/namespaces/default/websites`;

export interface Website {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid?: string; resourceVersion?: string; generation?: number };
  spec: { title: string };
  status?: { observedGeneration?: number; title?: string };
}

/** Has websites served: what the operators of the tests work on. */
export async function defineWebsites(server: RestartingServer): Promise<void> {
  const text = { type: 'string' };
  const spec = { type: 'object', required: ['title'], properties: { title: text } };
  const status = { type: 'object', properties: { observedGeneration: { type: 'integer' }, title: text } };
  await server.request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `websites.${websitesGroup}` },
    spec: {
      group: websitesGroup,
      scope: 'Namespaced',
      names: { plural: 'websites', kind: 'Website' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
          subresources: { status: {} },
        },
      ],
    },
  });
  await until('websites are served', () => server.request('GET', websitesPath));
}

/** What `look` finds when it finds something. @throws Error after 15 seconds */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + 15_000;
  for (;;) {
    const seen = await look().catch(() => undefined);
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
