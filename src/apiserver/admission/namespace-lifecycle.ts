import type { Namespace } from '../../api/generated/types.ts';
import { ApiError, forbidden, notFound } from '../../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);
/** Access reviews ask about namespaces that need not exist. */
const exemptKinds = new Set(['LocalSubjectAccessReview']);

/** Nothing is created in a namespace that is not there or on its way out; some namespaces never go. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit(attributes: AdmissionAttributes): void {
    const { operation, endpoint, namespace } = attributes;
    if (operation !== 'CREATE' || !endpoint.resource.namespaced) return;
    if (exemptKinds.has(endpoint.resource.kind)) return;
    const found = this.#reader.get<Namespace>('namespaces', '', namespace);
    if (!found) throw notFound({ resource: 'namespaces' }, namespace);
    if (found.status?.phase === 'Terminating' || found.metadata.deletionTimestamp)
      throw terminating(attributes);
  }

  validate({ operation, endpoint, name, subresource }: AdmissionAttributes): void {
    if (operation !== 'DELETE' || endpoint.resource.kind !== 'Namespace' || subresource) return;
    if (immortal.has(name)) throw forbidden(endpoint.qualified, name, 'this namespace may not be deleted');
  }
}

function terminating({ endpoint, namespace, name }: AdmissionAttributes): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = forbidden(endpoint.qualified, name, why);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new ApiError({ ...error.status, details: { ...error.status.details, causes: [cause] } });
}
