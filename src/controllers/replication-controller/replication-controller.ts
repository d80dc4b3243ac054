import type { ReplicationController as ReplicationControllerObject } from '../../api/generated/types.ts';
import { nothing, selectorFromSet } from '../../api/label-selector.ts';
import type { ControllerDeps } from '../controller.ts';
import {
  ReplicaController,
  type ReplicaControllerOptions,
  type ReplicaKind,
} from '../replicas/replica-controller.ts';
import { resources } from '../resources.ts';

const kind: ReplicaKind<ReplicationControllerObject> = {
  name: 'replication-controller',
  resource: resources.replicationControllers,
  selector: ({ spec }) => (spec?.selector ? selectorFromSet(spec.selector) : nothing),
  wanted: ({ spec }) => ({
    replicas: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    template: spec?.template,
  }),
  status: ({ status }) => status,
  withStatus: (object, { terminatingReplicas: _, ...status }) => ({ ...object, status }),
};

/** Keeps the pods of ReplicationControllers. */
export class ReplicationController extends ReplicaController<ReplicationControllerObject> {
  constructor(deps: ControllerDeps, options: ReplicaControllerOptions = {}) {
    super(deps, kind, options);
  }
}
