import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { createLogger } from '../../base/log.ts';
import { freePort } from '../../base/testing/free-ports.ts';
import type { ServiceModel } from '../model/service-model.ts';
import { HealthCheckPorts } from './health-check-ports.ts';

const lines: string[] = [];
const log = createLogger(new FakeClock(), { component: 'test', write: line => lines.push(line) });

function model(key: string, healthCheckNodePort: number | undefined, localEndpoints: number): ServiceModel {
  return {
    key,
    uid: key,
    resourceVersion: '1',
    ports: [],
    ...(healthCheckNodePort !== undefined && { healthCheckNodePort }),
    localEndpoints,
  };
}

/** What the port answers; undefined where nothing listens. Asked until it answers as expected. */
async function answer(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
  if (!response) return undefined;
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
  }
}

test('200 with the number of local endpoints, 503 without; closed when the Service is gone', async () => {
  const ports = new HealthCheckPorts({ log });
  const port = await freePort();
  ports.set('default/web', model('default/web', port, 2));
  const healthy = await until(
    () => answer(port),
    found => found !== undefined,
  );
  assert.equal(healthy!.status, 200);
  assert.equal(healthy!.headers.get('content-type'), 'application/json');
  assert.equal(healthy!.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(healthy!.headers.get('x-load-balancing-endpoint-weight'), '2');
  assert.deepEqual(healthy!.body, {
    service: { namespace: 'default', name: 'web' },
    localEndpoints: 2,
    serviceProxyHealthy: true,
  });
  ports.set('default/web', model('default/web', port, 0));
  const without = await answer(port);
  assert.equal(without!.status, 503);
  assert.equal(without!.headers.get('x-load-balancing-endpoint-weight'), '0');
  ports.set('default/web', undefined);
  await until(
    () => answer(port),
    found => found === undefined,
  );
  await ports.stop();
});

test('a changed port moves; a second Service has it once the first let go', async () => {
  const ports = new HealthCheckPorts({ log });
  const [first, second] = [await freePort(), await freePort()];
  ports.set('default/web', model('default/web', first, 1));
  await until(
    () => answer(first),
    found => found !== undefined,
  );
  ports.set('default/web', model('default/web', second, 1));
  await until(
    () => answer(second),
    found => found !== undefined,
  );
  await until(
    () => answer(first),
    found => found === undefined,
  );
  ports.set('default/other', model('default/other', second, 3));
  assert.match(lines.join(''), /still another Service's/);
  assert.equal((await answer(second))!.headers.get('x-load-balancing-endpoint-weight'), '1');
  ports.set('default/web', model('default/web', undefined, 1));
  const taken = await until(
    () => answer(second),
    found => found?.headers.get('x-load-balancing-endpoint-weight') === '3',
  );
  assert.equal(taken!.status, 200);
  await ports.stop();
});
