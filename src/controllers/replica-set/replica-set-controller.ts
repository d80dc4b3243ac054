import type { ReplicaSet } from '../../api/generated/types.ts';
import { selectorFromLabelSelector } from '../../api/label-selector.ts';
import type { ControllerDeps } from '../controller.ts';
import {
  ReplicaController,
  type ReplicaControllerOptions,
  type ReplicaKind,
} from '../replicas/replica-controller.ts';
import { resources } from '../resources.ts';

const kind: ReplicaKind<ReplicaSet> = {
  name: 'replicaset-controller',
  resource: resources.replicaSets,
  selector: ({ spec }) => selectorFromLabelSelector(spec?.selector),
  wanted: ({ spec }) => ({
    replicas: spec?.replicas ?? 1,
    minReadySeconds: spec?.minReadySeconds ?? 0,
    template: spec?.template,
  }),
  status: ({ status }) => status,
  withStatus: (object, status) => ({ ...object, status }),
};

/** Keeps the pods of ReplicaSets. */
export class ReplicaSetController extends ReplicaController<ReplicaSet> {
  constructor(deps: ControllerDeps, options: ReplicaControllerOptions = {}) {
    super(deps, kind, options);
  }
}
