import type { CertificateSigningRequest } from '../../api/generated/types.ts';
import type { Strategy } from './strategies.ts';

/** A signing request carries who made it: the server alone says so (upstream: registry/certificates/certificates/strategy.go). */
export const signingRequestStrategy: Strategy = {
  beforeCreate(_registry, object, { user }) {
    const request = object as CertificateSigningRequest;
    const { name, uid, groups, extra } = user;
    const spec = { ...request.spec, username: name, groups: [...groups] };
    delete spec.uid;
    delete spec.extra;
    if (uid) spec.uid = uid;
    if (extra)
      spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
    request.spec = spec as CertificateSigningRequest['spec'];
  },
};
