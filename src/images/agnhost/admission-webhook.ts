import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from './flags.ts';
import { answer, bodyOf, type Handler, routes, serve } from './http-server.ts';

interface Review {
  apiVersion: string;
  kind: string;
  request: AdmissionRequest;
}

interface AdmissionRequest {
  uid: string;
  resource: { group: string; version: string; resource: string };
  subResource?: string;
  name?: string;
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  object?: KubernetesObject | null;
  oldObject?: KubernetesObject | null;
}

interface KubernetesObject {
  metadata?: { name?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] };
  stdin?: boolean;
  container?: string;
}

interface Verdict {
  allowed: boolean;
  status?: { message?: string; reason?: string; code?: number; status?: string };
  patch?: { op: string; path: string; value: unknown }[];
}

type Judge = (request: AdmissionRequest) => Verdict | Promise<Verdict>;

const allow: Verdict = { allowed: true };

/** An admission webhook with a path for each thing a test wants refused or changed. */
export async function webhook(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const tls = { cert: flags.text('tls-cert-file'), key: flags.text('tls-private-key-file') };
  const sidecar = flags.text('sidecar-image');
  const judges: Record<string, Judge> = {
    ...fixed,
    '/mutating-pods-sidecar': request => addSidecar(request, sidecar),
  };
  const table = Object.entries(judges).map(([path, judge]) => [path, reviewing(judge)]);
  await serve(
    routes({ ...Object.fromEntries(table), '/readyz': (_request, response) => answer(response, 200, 'ok') }),
    { port: flags.number('port', 443), tls },
  );
}

function reviewing(judge: Judge): Handler {
  return async (call, response) => {
    const { apiVersion, kind, request } = JSON.parse((await bodyOf(call)).toString()) as Review;
    const { allowed, status, patch } = await judge(request);
    const encoded = patch && Buffer.from(JSON.stringify(patch)).toString('base64');
    const verdict = {
      uid: request.uid,
      allowed,
      ...(status && { status: { metadata: {}, ...status } }),
      ...(encoded && { patch: encoded, patchType: 'JSONPatch' }),
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ kind, apiVersion, response: verdict }));
  };
}

const fixed: Record<string, Judge> = {
  '/always-allow-delay-5s': () => sleep(5000, allow),
  '/always-deny': () => refuse('this webhook denies all requests'),
  '/add-label': ({ object }) => {
    const labels = object?.metadata?.labels ?? {};
    const path = '/metadata/labels';
    if (Object.keys(labels).length === 0) return change('add', path, { 'added-label': 'yes' });
    if (!('added-label' in labels)) return change('add', `${path}/added-label`, 'yes');
    if (labels['added-label'] !== 'yes') return change('replace', `${path}/added-label`, 'yes');
    return allow;
  },
  '/pods': async ({ object }) => {
    const reasons: string[] = [];
    const label = object?.metadata?.labels?.['webhook-e2e-test'];
    if (label === 'webhook-disallow') reasons.push('the pod contains unwanted label;');
    // The caller's time-out is what is tested.
    if (label === 'wait-forever') await new Promise(() => {});
    for (const { name } of object?.spec?.containers ?? []) {
      if (name.includes('webhook-disallow')) reasons.push('the pod contains unwanted container name;');
    }
    return reasons.length > 0 ? refuse(reasons.join(' ')) : allow;
  },
  '/pods/attach': ({ name, object }) =>
    name === 'to-be-attached-pod' && object?.stdin && object.container === 'container1'
      ? refuse("attaching to pod 'to-be-attached-pod' is not allowed")
      : allow,
  '/mutating-pods': ({ object }) => {
    const name = 'webhook-added-init-container';
    const has = object?.spec?.initContainers?.some(container => container.name === name);
    if (object?.metadata?.name !== 'webhook-to-be-mutated' || has) return allow;
    return change('add', '/spec/initContainers', [{ image: 'webhook-added-image', name, resources: {} }]);
  },
  '/configmaps': request => judgeData(request, 'configmap', 'unwanted key and value'),
  '/mutating-configmaps': changeData,
  '/custom-resource': request => judgeData(request, 'custom resource', 'unwanted data'),
  '/mutating-custom-resource': changeData,
  '/crd': ({ object }) =>
    object?.metadata?.labels?.['webhook-e2e-test'] === 'webhook-disallow'
      ? refuse('the crd contains unwanted label')
      : allow,
};

function addSidecar({ object }: AdmissionRequest, image: string): Verdict {
  if (!image) {
    const message = 'No image specified by the sidecar-image parameter';
    return { allowed: false, status: { status: 'Failure', message, code: 500 } };
  }
  const name = 'webhook-added-sidecar';
  if (object?.spec?.containers?.some(container => container.name === name)) return allow;
  return change('add', '/spec/containers/-', { image, name, resources: {} });
}

function judgeData({ operation, object, oldObject }: AdmissionRequest, kind: string, what: string): Verdict {
  const value = (operation === 'DELETE' ? oldObject : object)?.data?.['webhook-e2e-test'];
  const writes = operation === 'CREATE' || operation === 'UPDATE';
  if (value === 'webhook-disallow' && writes) {
    return { allowed: false, status: { reason: `the ${kind} contains ${what}` } };
  }
  if (value === 'webhook-nondeletable' && operation === 'DELETE') {
    const reason = `the ${kind} cannot be deleted because it contains unwanted key and value`;
    return { allowed: false, status: { reason } };
  }
  return allow;
}

/** Two stages, so that a second webhook or a second round sees what the first one did. */
function changeData({ object }: AdmissionRequest): Verdict {
  const data = object?.data ?? {};
  if (data['mutation-stage-1'] === 'yes') return change('add', '/data/mutation-stage-2', 'yes');
  if (data['mutation-start'] === 'yes') return change('add', '/data/mutation-stage-1', 'yes');
  return allow;
}

function refuse(message: string): Verdict {
  return { allowed: false, status: { message } };
}

function change(op: string, path: string, value: unknown): Verdict {
  return { allowed: true, patch: [{ op, path, value }] };
}
