import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';

export type RequestCondition = 'Approved' | 'Denied' | 'Failed';

export function conditionOf(
  { status }: CertificateSigningRequest,
  type: RequestCondition,
): CertificateSigningRequestCondition | undefined {
  return status?.conditions?.find(each => each.type === type && each.status === 'True');
}

/** The request with one more condition. @param now milliseconds */
export function withCondition<T extends CertificateSigningRequest>(
  request: T,
  condition: { type: RequestCondition; reason: string; message: string },
  now: number,
): T {
  const time = formatTime(now);
  const added = { ...condition, status: 'True', lastUpdateTime: time, lastTransitionTime: time };
  return {
    ...request,
    status: { ...request.status, conditions: [...(request.status?.conditions ?? []), added] },
  };
}

/** The PEM text of the request, which the API carries in base64. */
export function requestPem({ spec }: CertificateSigningRequest): string {
  return Buffer.from(spec.request, 'base64').toString('latin1');
}
