import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import { FlowControl } from '../flowcontrol/flow-control.ts';
import { FlowControlMaintenance } from '../flowcontrol/maintenance.ts';
import type { LocalTransport } from '../local-transport.ts';
import { followResource } from '../objects/resource-follower.ts';
import { collectionPrefix } from '../objects/storage-form.ts';
import type { ApiServerOptions } from '../options.ts';
import type { Foundation } from './foundation.ts';

/** When whose requests are worked on. */
export interface FlowControlParts {
  control: FlowControl;
  /** Takes over the objects that are there, and as they change. */
  start(): void;
  /** From now on the objects every cluster has are kept. */
  maintain(transport: LocalTransport): void;
  stop(): Promise<void>;
}

const group = 'flowcontrol.apiserver.k8s.io/v1';

export function assembleFlowControl(foundation: Foundation, options: ApiServerOptions): FlowControlParts {
  const { clock, log, store, endpoints } = foundation;
  const control = new FlowControl(
    {
      clock,
      countObjects({ info, request }) {
        const endpoint = endpoints.get(`${info.group}/${info.version}/${info.resource}`);
        if (!endpoint) return 0;
        const namespace = endpoint.resource.namespaced ? info.namespace : '';
        const count = store.count(collectionPrefix(endpoint.storage, namespace));
        return Math.min(count, Number(request.query.get('limit')) || count);
      },
    },
    { seats: options.requestSeats },
  );
  let maintenance: FlowControlMaintenance | undefined;
  return {
    control,
    start() {
      followResource<PriorityLevelConfiguration>(
        foundation,
        endpoints.get(`${group}/prioritylevelconfigurations`)!,
        {
          set: (_key, level) => {
            control.setLevel(level);
            maintenance?.changed();
          },
          removed: (_key, level) => {
            control.removeLevel(level);
            maintenance?.changed();
          },
        },
      );
      followResource<FlowSchema>(foundation, endpoints.get(`${group}/flowschemas`)!, {
        set: (_key, schema) => {
          control.setSchema(schema);
          maintenance?.changed();
        },
        removed: (_key, schema) => {
          control.removeSchema(schema);
          maintenance?.changed();
        },
      });
    },
    maintain(transport) {
      maintenance = new FlowControlMaintenance({ clock, log, transport });
      maintenance.start();
    },
    stop: async () => maintenance?.stop(),
  };
}
