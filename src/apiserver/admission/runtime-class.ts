import type { Pod, PodSpec, RuntimeClass, Toleration } from '../../api/generated/types.ts';
import { semanticEqual } from '../../api/kinds/equality.ts';
import { type ApiError, forbidden } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Puts in what a pod's RuntimeClass costs and where it runs (upstream: plugin/pkg/admission/runtimeclass). */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  /** @throws ApiError 403 for a class that is not there, and for a pod that contradicts its class. */
  admit(attributes: AdmissionAttributes): void {
    const spec = specOfNewPod(attributes);
    const runtime = spec && this.#classOf(attributes, spec);
    if (!runtime) return;
    const cost = runtime.overhead?.podFixed;
    if (cost) {
      if (spec.overhead && !semanticEqual(spec.overhead, cost)) {
        throw rejected(attributes, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
      }
      spec.overhead = { ...cost };
    }
    const { nodeSelector, tolerations } = runtime.scheduling ?? {};
    for (const [key, value] of Object.entries(nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value) {
        const texts = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
        throw rejected(attributes, `conflict: ${texts}`);
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
    }
    if (tolerations?.length) spec.tolerations = merged(spec.tolerations ?? [], tolerations);
  }

  validate(attributes: AdmissionAttributes): void {
    const spec = specOfNewPod(attributes);
    if (!spec) return;
    const cost = this.#classOf(attributes, spec)?.overhead?.podFixed;
    if (!cost && spec.overhead) {
      throw rejected(attributes, 'Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
    if (cost && !semanticEqual(spec.overhead, cost)) {
      throw rejected(attributes, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
  }

  #classOf(attributes: AdmissionAttributes, { runtimeClassName: name }: PodSpec): RuntimeClass | undefined {
    if (!name) return undefined;
    const found = this.#reader.get<RuntimeClass>('node.k8s.io/v1/runtimeclasses', '', name);
    if (!found) throw rejected(attributes, `RuntimeClass ${JSON.stringify(name)} not found`);
    return found;
  }
}

function specOfNewPod({
  operation,
  endpoint,
  subresource,
  object,
}: AdmissionAttributes): PodSpec | undefined {
  const isNew = operation === 'CREATE' && !subresource && endpoint.resource.kind === 'Pod';
  return isNew ? (object as Pod).spec : undefined;
}

function merged(own: readonly Toleration[], more: readonly Toleration[]): Toleration[] {
  const missing = more.filter(each => !own.some(other => semanticEqual(other, each)));
  return [...own, ...missing.map(each => ({ ...each }))];
}

function rejected({ endpoint, name }: AdmissionAttributes, why: string): ApiError {
  return forbidden(endpoint.qualified, name, `pod rejected: ${why}`);
}
