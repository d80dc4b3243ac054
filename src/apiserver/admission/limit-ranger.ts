import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../api/generated/types.ts';
import { formatAmounts, podLimits, podRequests } from '../../api/kinds/pod-resources.ts';
import { forbidden } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { type Amounts, brokenLimits, brokenRequests } from './limit-constraints.ts';
import type { ObjectReader } from './object-reader.ts';

const annotation = 'kubernetes.io/limit-ranger';

/** Defaults and bounds of resources in a namespace (upstream: plugin/pkg/admission/limitranger). */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit(attributes: AdmissionAttributes): void {
    if (!isNewPod(attributes)) return;
    const pod = attributes.object as Pod;
    const notes: string[] = [];
    for (const item of this.#items(attributes.namespace, 'Container')) {
      for (const container of pod.spec?.containers ?? []) fillIn(container, item, 'container', notes);
      for (const container of pod.spec?.initContainers ?? [])
        fillIn(container, item, 'init container', notes);
    }
    if (notes.length === 0) return;
    const metadata = pod.metadata!;
    metadata.annotations = {
      ...metadata.annotations,
      [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
    };
  }

  validate(attributes: AdmissionAttributes): void {
    const found =
      isNewPod(attributes) || isResize(attributes)
        ? this.#podErrors(attributes)
        : isClaim(attributes)
          ? this.#claimErrors(attributes)
          : [];
    const different = [...new Set(found)];
    if (different.length === 0) return;
    const why = different.length === 1 ? different[0]! : `[${different.join(', ')}]`;
    throw forbidden(attributes.endpoint.qualified, attributes.name, why);
  }

  #podErrors({ namespace, object }: AdmissionAttributes): string[] {
    const { spec } = object as Pod;
    if (!spec) return [];
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const inContainers = this.#items(namespace, 'Container').flatMap(item =>
      containers.flatMap(({ resources }) =>
        brokenLimits(item, resources?.requests ?? {}, resources?.limits ?? {}),
      ),
    );
    const inPod = this.#items(namespace, 'Pod').flatMap(item =>
      brokenLimits(item, formatAmounts(podRequests(spec)), formatAmounts(podLimits(spec))),
    );
    return [...inContainers, ...inPod];
  }

  #claimErrors({ namespace, object }: AdmissionAttributes): string[] {
    const requests = (object as PersistentVolumeClaim).spec?.resources?.requests ?? {};
    return this.#items(namespace, 'PersistentVolumeClaim').flatMap(item => brokenRequests(item, requests));
  }

  #items(namespace: string, type: string): LimitRangeItem[] {
    const ranges = this.#reader.list<LimitRange>('limitranges', namespace);
    return ranges.flatMap(range => (range.spec?.limits ?? []).filter(item => item.type === type));
  }
}

function isResize({ operation, endpoint, subresource }: AdmissionAttributes): boolean {
  return operation === 'UPDATE' && subresource === 'resize' && endpoint.resource.kind === 'Pod';
}

/** What a pod asks for never changes but by a resize. */
function isNewPod({ operation, endpoint, subresource }: AdmissionAttributes): boolean {
  return operation === 'CREATE' && !subresource && endpoint.resource.kind === 'Pod';
}

function isClaim({ operation, endpoint, subresource, object }: AdmissionAttributes): boolean {
  if (operation === 'DELETE' || subresource || endpoint.resource.kind !== 'PersistentVolumeClaim')
    return false;
  return operation === 'CREATE' || object?.metadata?.deletionTimestamp === undefined;
}

function fillIn(container: Container, item: LimitRangeItem, what: string, notes: string[]): void {
  const resources = container.resources ?? {};
  const limits = { ...item.default, ...resources.limits };
  const requests = { ...item.defaultRequest, ...resources.requests };
  note(added(item.defaultRequest, resources.requests), `request for ${what} ${container.name}`, notes);
  note(added(item.default, resources.limits), `limit for ${what} ${container.name}`, notes);
  container.resources = {
    ...resources,
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(Object.keys(requests).length > 0 && { requests }),
  };
}

function added(defaults: Amounts = {}, own: Amounts = {}): string[] {
  return Object.keys(defaults).filter(name => own[name] === undefined);
}

function note(names: string[], what: string, notes: string[]): void {
  if (names.length > 0) notes.push(`${names.sort().join(', ')} ${what}`);
}
