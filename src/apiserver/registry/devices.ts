import type {
  DeviceClaim,
  Namespace,
  ResourceClaimTemplate,
  ResourceResourceClaim,
  ResourceSlice,
} from '../../api/generated/types.ts';
import { type FieldPath, specPath, statusPath } from '../../api/kinds/field-path.ts';
import { Findings } from '../../api/kinds/findings.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { FieldError } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Registry } from './registry.ts';
import type { Strategies, Strategy } from './strategies.ts';

const adminLabel = 'resource.kubernetes.io/admin-access';

/** Device claims, and what drivers publish (upstream: pkg/registry/resource). */
export function deviceStrategies(reader: ObjectReader): Strategies {
  return {
    'resource.k8s.io/ResourceClaim': {
      findings(object, old, subresource) {
        const claim = object as ResourceResourceClaim;
        if (!old) return adminFindings(reader, object, requestedAt(claim.spec?.devices));
        if (subresource !== 'status' || allocatedAt(old as KubeObject as ResourceResourceClaim)) return [];
        return adminFindings(reader, object, allocatedAt(claim));
      },
    },
    'resource.k8s.io/ResourceClaimTemplate': {
      findings: (object, old) => {
        const { spec } = object as ResourceClaimTemplate;
        return old ? [] : adminFindings(reader, object, requestedAt(spec?.spec?.devices));
      },
    },
    'resource.k8s.io/ResourceSlice': sliceStrategy,
  };
}

/** Where access beside the users of a device is asked for. */
function requestedAt(claim: DeviceClaim | undefined): FieldPath | undefined {
  const i = claim?.requests?.findIndex(({ exactly }) => exactly?.adminAccess) ?? -1;
  return i < 0 ? undefined : specPath.child('devices', 'requests').index(i).child('adminAccess');
}

function allocatedAt({ status }: ResourceResourceClaim): FieldPath | undefined {
  const i = status?.allocation?.devices?.results?.findIndex(({ adminAccess }) => adminAccess) ?? -1;
  return i < 0
    ? undefined
    : statusPath.child('allocation', 'devices', 'results').index(i).child('adminAccess');
}

/** Only namespaces that carry the label may have it. */
function adminFindings(reader: ObjectReader, object: KubeObject, at: FieldPath | undefined): FieldError[] {
  if (!at) return [];
  const namespace = reader.get<Namespace>('namespaces', '', object.metadata?.namespace ?? '');
  if (namespace?.metadata.labels?.[adminLabel] === 'true') return [];
  const out = new Findings();
  const what = `admin access to devices requires the \`${adminLabel}: true\` label`;
  out.forbidden(at, `${what} on the containing namespace`);
  return out.list;
}

const sliceStrategy: Strategy = {
  beforeCreate: (registry, object) => stampTaints(registry, object),
  beforeUpdate: (registry, object) => stampTaints(registry, object),
};

/** A taint without a time began now. */
function stampTaints(registry: Registry, object: KubeObject): void {
  for (const { taints } of (object as ResourceSlice).spec?.devices ?? []) {
    for (const taint of taints ?? []) taint.timeAdded ??= registry.timestamp();
  }
}
