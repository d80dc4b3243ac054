import { ApiError } from '../../api/status.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/log.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { ApiServer, type ApiServerDeps, type ApiServerOptions } from '../apiserver.ts';
import type { ApiUser } from '../exchange.ts';
import type { LocalTransport } from '../local-transport.ts';
import { seededRandom } from '../random.ts';

export const adminUser: ApiUser = { name: 'admin', groups: ['system:masters'] };

/** An API server in process, on a memory store and a clock that stands still. */
export interface TestApi {
  server: ApiServer;
  clock: FakeClock;
  store: MemoryStore;
  decisions: DecisionLog;
  admin: LocalTransport;
  as(name: string, ...groups: string[]): LocalTransport;
  // biome-ignore lint/suspicious/noExplicitAny: answers of tests are looked into without ceremony
  get(path: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  post(path: string, body: object): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  put(path: string, body: object): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  patch(path: string, body: unknown, type?: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  delete(path: string, body?: object): Promise<any>;
  stop(): Promise<void>;
}

export async function startApi(
  options: ApiServerOptions = {},
  ports: Pick<ApiServerDeps, 'nodeMetrics'> = {},
): Promise<TestApi> {
  const clock = new FakeClock();
  const store = new MemoryStore({ clock, log: silentLogger });
  const decisions = new DecisionLog(clock, 'server');
  const deps = { clock, log: silentLogger, decisions, store, random: seededRandom(1), ...ports };
  const server = new ApiServer(deps, options);
  const signal = AbortSignal.timeout(10_000);
  await store.start(signal);
  await server.start(signal);
  const admin = server.transport(adminUser);
  return {
    server,
    clock,
    store,
    decisions,
    admin,
    as: (name, ...groups) => server.transport({ name, groups }),
    get: path => admin.request({ method: 'GET', path }),
    post: (path, body) => admin.request({ method: 'POST', path, body }),
    put: (path, body) => admin.request({ method: 'PUT', path, body }),
    patch: (path, body, type = 'application/merge-patch+json') =>
      admin.request({ method: 'PATCH', path, body, contentType: type }),
    delete: (path, body) => admin.request({ method: 'DELETE', path, body }),
    async stop() {
      await server.stop();
      await store.stop();
    },
  };
}

/** The ApiError a request is refused with. */
export async function refusal(request: Promise<unknown>): Promise<ApiError> {
  try {
    await request;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('the request was not refused');
}

export const configMap = <T extends object>(name: string, rest: T = {} as T) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...rest,
});

export const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
