import type { Ingress, IngressClass } from '../../api/generated/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { newestDefault } from './newest-default.ts';
import type { ObjectReader } from './object-reader.ts';

const classes = 'networking.k8s.io/v1/ingressclasses';
const defaultAnnotations = ['ingressclass.kubernetes.io/is-default-class'];
/** How ingresses named their class before they had a field for it. */
const classAnnotation = 'kubernetes.io/ingress.class';

/** Gives ingresses that name no class the default one (upstream: plugin/pkg/admission/network/defaultingressclass). */
export class DefaultIngressClassAdmission implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit({ operation, endpoint, subresource, object }: AdmissionAttributes): void {
    if (operation !== 'CREATE' || subresource || endpoint.resource.kind !== 'Ingress') return;
    const { metadata, spec } = object as Ingress;
    if (!spec || spec.ingressClassName !== undefined) return;
    if (metadata?.annotations?.[classAnnotation] !== undefined) return;
    const found = newestDefault(this.#reader.list<IngressClass>(classes), defaultAnnotations);
    if (found) spec.ingressClassName = found.metadata.name;
  }
}
