import type { Pod, PriorityClass } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const classes = 'scheduling.k8s.io/v1/priorityclasses';

/** Puts a pod's priority in from its class, or from the default one (upstream: plugin/pkg/admission/priority). */
export class PriorityAdmission implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit(attributes: AdmissionAttributes): void {
    const { operation, endpoint, subresource } = attributes;
    if (operation !== 'CREATE' || subresource || endpoint.resource.kind !== 'Pod') return;
    const { spec } = attributes.object as Pod;
    if (!spec) return;
    const found = this.#classOf(attributes, spec.priorityClassName);
    const priority = found?.value ?? 0;
    if (found) spec.priorityClassName = found.metadata!.name!;
    if (spec.priority !== undefined && spec.priority !== priority) {
      const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`;
      throw forbidden(endpoint.qualified, attributes.name, why);
    }
    spec.priority = priority;
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      const why = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
      throw forbidden(endpoint.qualified, attributes.name, why);
    }
    spec.preemptionPolicy = policy;
  }

  validate({ operation, endpoint, object, name }: AdmissionAttributes): void {
    if (endpoint.resource.kind !== 'PriorityClass' || operation === 'DELETE') return;
    if (!(object as PriorityClass).globalDefault) return;
    const other = this.#default();
    if (!other || other.metadata?.name === name) return;
    const why = `PriorityClass ${other.metadata?.name} is already marked as default. Only one default can exist`;
    throw forbidden(endpoint.qualified, name, why);
  }

  /** @throws ApiError 403 for a class that is not there. */
  #classOf(attributes: AdmissionAttributes, name: string | undefined): PriorityClass | undefined {
    if (!name) return this.#default();
    const found = this.#reader.get<PriorityClass>(classes, '', name);
    if (!found) {
      const why = `no PriorityClass with name ${name} was found`;
      throw forbidden(attributes.endpoint.qualified, attributes.name, why);
    }
    return found;
  }

  /** The lowest of the default ones, should there be several (upstream does so, too). */
  #default(): PriorityClass | undefined {
    let lowest: PriorityClass | undefined;
    for (const each of this.#reader.list<PriorityClass>(classes)) {
      if (each.globalDefault && (!lowest || (each.value ?? 0) < (lowest.value ?? 0))) lowest = each;
    }
    return lowest;
  }
}
