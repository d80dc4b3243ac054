import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { parseEndpoint } from '../../store/etcd-endpoint.ts';
import { type ClusterConfig, type ClusterPaths, type EtcdConfig, writeCluster } from '../cluster-config.ts';
import { UsageFailure } from '../failure.ts';
import type { UpOptions } from './up-options.ts';

/**
 * The etcd of a new cluster; undefined where it keeps its objects in SQLite.
 * @throws UsageFailure for options that do not go together, endpoints that are none, files that cannot be read.
 */
export function etcdWish(options: UpOptions, isolated: boolean): EtcdConfig | undefined {
  const { name, datastore, etcdEndpoints, servers = 1 } = options;
  if (datastore !== 'etcd') {
    const given = [etcdEndpoints, options.etcdPrefix, ...Object.values(accessOf(options))];
    if (given.some(value => value !== undefined)) {
      throw new UsageFailure('options of etcd were given: add --datastore etcd');
    }
    if (servers > 1) throw new UsageFailure('several servers share an etcd: add --datastore etcd');
    return undefined;
  }
  if (!etcdEndpoints) {
    throw new UsageFailure('--datastore etcd needs its members: --etcd-endpoints http://127.0.0.1:2379');
  }
  const prefix = options.etcdPrefix ?? `/causeway/${name}`;
  if (!/^(\/[A-Za-z0-9._-]+)+$/.test(prefix)) {
    throw new UsageFailure(`"${prefix}" is no prefix of keys: write it as /causeway/${name}`);
  }
  return {
    endpoints: checkEndpoints(etcdEndpoints, isolated),
    prefix,
    id: randomUUID(),
    ...accessOf(options),
  };
}

/** Members and certificates of an etcd may change between two runs of `up`; what it holds does not. */
export function withEtcdAccess(
  paths: ClusterPaths,
  present: ClusterConfig | undefined,
  options: UpOptions,
): ClusterConfig | undefined {
  const files = accessOf(options);
  const changes = { ...(options.etcdEndpoints && { endpoints: options.etcdEndpoints }), ...files };
  if (!present || Object.keys(changes).length === 0) return present;
  if (!present.etcd) {
    throw new UsageFailure(`the cluster "${present.name}" keeps its objects in SQLite, not in etcd`);
  }
  if (options.etcdEndpoints) checkEndpoints(options.etcdEndpoints, present.isolated);
  const config = { ...present, etcd: { ...present.etcd, ...changes } };
  writeCluster(paths, config);
  return config;
}

function checkEndpoints(endpoints: string[], isolated: boolean): string[] {
  for (const text of endpoints) {
    try {
      parseEndpoint(text);
    } catch (cause) {
      throw new UsageFailure((cause as Error).message, { cause });
    }
    if (isolated && !text.startsWith('unix:')) {
      throw new UsageFailure(
        `an isolated cluster has no way to ${text}: name a Unix socket (etcd --listen-client-urls unix://localhost:2379 makes one where it runs: unix:///FOLDER/localhost:2379), or leave --isolated away`,
      );
    }
  }
  return endpoints;
}

function accessOf({
  etcdCafile,
  etcdCertfile,
  etcdKeyfile,
}: UpOptions): Pick<EtcdConfig, 'ca' | 'cert' | 'key'> {
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined)) {
    throw new UsageFailure(
      'a client certificate and its key go together: --etcd-certfile and --etcd-keyfile',
    );
  }
  return {
    ...(etcdCafile && { ca: readable(etcdCafile) }),
    ...(etcdCertfile && { cert: readable(etcdCertfile) }),
    ...(etcdKeyfile && { key: readable(etcdKeyfile) }),
  };
}

function readable(file: string): string {
  const path = resolve(file);
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw new UsageFailure(`the file ${path} cannot be read`, { cause });
  }
  return path;
}
