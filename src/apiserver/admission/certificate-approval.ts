import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import type { Authorizer } from '../filters/authorization.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

/** Approving and signing take the right to the signer (upstream: plugin/pkg/admission/certificates). */
export class CertificateAdmission implements AdmissionPlugin {
  readonly name = 'CertificateApproval';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  validate(attributes: AdmissionAttributes): void {
    const { endpoint, operation, subresource, name } = attributes;
    if (endpoint.resource.kind !== 'CertificateSigningRequest') return;
    const request = (attributes.oldObject ?? attributes.object) as CertificateSigningRequest;
    if (operation === 'CREATE') {
      refuseMasters(attributes);
      return;
    }
    const signer = request.spec?.signerName ?? '';
    let verb: string | undefined;
    if (subresource === 'approval') verb = 'approve';
    else if (subresource === 'status' && signs(attributes)) verb = 'sign';
    if (verb === undefined || this.#may(attributes, verb, signer)) return;
    throw forbidden(
      endpoint.qualified,
      name,
      `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`,
    );
  }

  #may({ user }: AdmissionAttributes, verb: string, signer: string): boolean {
    const domain = `${signer.split('/')[0]}/*`;
    return [signer, domain].some(name => {
      const asked = {
        user,
        verb,
        isResource: true,
        namespace: '',
        group: 'certificates.k8s.io',
        version: '*',
      };
      return (
        this.#authorizer.authorize({ ...asked, resource: 'signers', subresource: '', name, path: '' })
          .allowed === true
      );
    });
  }
}

function signs({ object, oldObject }: AdmissionAttributes): boolean {
  const [fresh, old] = [object as CertificateSigningRequest, oldObject as CertificateSigningRequest];
  return fresh.status?.certificate !== old.status?.certificate;
}

const mastersInSubject = /O\s*=\s*system:masters/;

/** CertificateSubjectRestriction: no client certificate for system:masters is asked for this way. */
function refuseMasters({ endpoint, object, name }: AdmissionAttributes): void {
  const { spec } = object as CertificateSigningRequest;
  if (spec?.signerName !== 'kubernetes.io/kube-apiserver-client') return;
  const pem = Buffer.from(spec.request ?? '', 'base64').toString('latin1');
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('latin1');
  if (!der.includes('system:masters') && !mastersInSubject.test(pem)) return;
  throw forbidden(
    endpoint.qualified,
    name,
    'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  );
}
