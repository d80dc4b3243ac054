import type { AuditTrail } from './audit/audit-trail.ts';
import type { ApiUser, ServerRequest } from './exchange.ts';
import type { RequestInfo } from './filters/request-info.ts';

/** A request on its way through the filters to what answers it. */
export interface Call {
  readonly request: ServerRequest;
  readonly info: RequestInfo;
  /** Who asks, after impersonation. */
  user: ApiUser;
  readonly auditId: string;
  /** Texts for the Warning header, in order. */
  readonly warnings: string[];
  /** What the audit log is to say, where one is kept. */
  readonly trail?: AuditTrail;
  /** The uids of the FlowSchema and the PriorityLevelConfiguration that decided when it was its turn. */
  flow?: { schema: string; level: string };
}
