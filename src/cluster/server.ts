import { ApiServer, type ApiServerDeps, type ApiServerOptions } from '../apiserver/apiserver.ts';
import type { Clock } from '../base/clock.ts';
import { type Component, ComponentGroup } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import { ApiEventRecorder } from '../client/api-event-recorder.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import { LeaderElection } from '../client/leader-election.ts';
import type { CertificateAuthority } from '../controllers/certificates/certificate-authority.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { Store } from '../store/store.ts';
import { assembleControllers, type ControllerOptions } from './controllers.ts';
import { Together } from './together.ts';

export interface ServerPorts {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  store: Store;
  /** Signs what is approved of CertificateSigningRequests. */
  authority?: CertificateAuthority;
  /** Where it is read what nodes use; the kubelets where not given. */
  nodeMetrics?: ApiServerDeps['nodeMetrics'];
  /** What else runs in each server process: the image mirror. */
  extras?: readonly Component[];
  /** What else runs on one server at a time: the routes of the host side. */
  singletons?(informers: InformerFactory): Component[];
  /** Told when this server was the leader and is not any more: its process has to be started anew. */
  lost?: (reason: Error) => void;
}

export interface ServerOptions extends ControllerOptions {
  api: ApiServerOptions;
  /** Of this server, in the Leases; `causeway` where there is but one. */
  identity?: string;
}

export interface Server extends Component {
  readonly api: ApiServer;
  readonly informers: InformerFactory;
}

/** Milliseconds; a pod is Ready after about as long. */
const eventLeisure = 200;

/**
 * The server process: store, API server, then everything that talks to it, in this order. Controllers and
 * scheduler run while this server holds their Leases, whether or not there are other servers.
 */
export function assembleServer(ports: ServerPorts, options: ServerOptions): Server {
  const { clock, log, decisions, store, nodeMetrics } = ports;
  const api = new ApiServer(
    { clock, log, decisions, store, ...(nodeMetrics && { nodeMetrics }) },
    options.api,
  );
  const informers = new InformerFactory({
    clock,
    log,
    transport: api.transport(componentUser('system:kube-controller-manager')),
  });
  const transportFor = (account: string) => api.transport(serviceAccountUser(account));
  const recorders: ApiEventRecorder[] = [];
  const recorderFor = (component: string, account: string) => {
    const recorder = new ApiEventRecorder(
      { clock, log, transport: transportFor(account) },
      { component, leisure: eventLeisure },
    );
    recorders.push(recorder);
    return recorder;
  };
  const controllers = assembleControllers(
    {
      clock,
      log,
      decisions,
      informers,
      transportFor,
      recorderFor,
      signToken: claims => api.signToken(claims),
      authority: ports.authority,
    },
    options,
  );
  const scheduler = assembleScheduler(api, informers, { clock, log, decisions });
  const singletons = ports.singletons?.(informers) ?? [];
  const elected = (lease: string, led: Component) =>
    new LeaderElection(
      {
        clock,
        log,
        transport: api.transport(componentUser(`system:${lease}`)),
        led,
        ...(ports.lost && { lost: ports.lost }),
      },
      { lease, identity: options.identity ?? 'causeway', sole: store.shared === undefined },
    );
  const storage: Component = {
    name: 'store',
    start: signal => store.start(signal),
    stop: () => store.stop(),
  };
  const group = new ComponentGroup('server', [
    storage,
    api,
    informers,
    ...recorders,
    ...(ports.extras ?? []),
    new Together('elections', [
      elected('kube-controller-manager', new Together('controllers', [...controllers, ...singletons])),
      elected('kube-scheduler', scheduler),
    ]),
  ]);
  return { name: group.name, api, informers, start: signal => group.start(signal), stop: () => group.stop() };
}

function assembleScheduler(
  api: ApiServer,
  informers: InformerFactory,
  { clock, log, decisions }: Pick<ServerPorts, 'clock' | 'log' | 'decisions'>,
): Scheduler {
  const transport = api.transport(componentUser('system:kube-scheduler'));
  const recorder = new ApiEventRecorder(
    { clock, log, transport },
    { component: 'default-scheduler', leisure: eventLeisure },
  );
  return new Scheduler({ clock, log, decisions, transport, informers, recorder });
}

function componentUser(name: string) {
  return { name, groups: ['system:authenticated'] };
}

function serviceAccountUser(account: string) {
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'];
  return { name: `system:serviceaccount:kube-system:${account}`, groups };
}
