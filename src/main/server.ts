import { readFileSync } from 'node:fs';
import type { Node } from '../api/generated/types.ts';
import { builtinByKind } from '../api/resources.ts';
import { parseAuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { InformerFactory } from '../client/informer-factory.ts';
import type { KeyPairFiles, ServerConfig, StoreConfig } from '../cluster/config.ts';
import { assembleServer } from '../cluster/server.ts';
import { X509Authority } from '../controllers/certificates/x509-authority.ts';
import { HostRoutes } from '../dataplane/podnet/host-routes.ts';
import { openImageLibrary } from '../images/image-library.ts';
import { ImageMirror } from '../images/image-mirror.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { LinuxNft } from '../kernel/nft/linux-nft.ts';
import { bridgeName, hostTable } from '../machines/cluster-names.ts';
import { EtcdStore } from '../store/etcd-store.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type ProcessPorts, runProcess } from './process-entry.ts';
import { RotatingFile } from './rotating-file.ts';

const nodeResource = builtinByKind({ group: '', version: 'v1', kind: 'Node' })!;

/** The store's writer as the bundle has it. */
const storeWriter = new URL('../../dist/store-writer.mjs', import.meta.url);

await runProcess<ServerConfig>(config => config.name, assemble);

function assemble(config: ServerConfig, { log, decisions }: ProcessPorts) {
  const authority = readFileSync(config.authority, 'utf8');
  const serving = { ...readPair(config.api.serving), clientCa: authority };
  const { gateways } = config.network;
  const library = openImageLibrary(
    { clock: systemClock, log, decisions },
    { path: config.mirror.folder, upstream: config.mirror.upstream, outside: config.mirror.outside },
  );
  return assembleServer(
    {
      clock: systemClock,
      log,
      decisions,
      authority: new X509Authority({ cert: authority, key: readFileSync(config.authorityKey, 'utf8') }),
      store: openStore(config.store, log),
      extras: gateways.map(
        host =>
          new ImageMirror(
            { library, log },
            {
              host,
              port: config.mirror.port,
              tls: serving,
              reusePort: config.api.ownPort !== undefined,
            },
          ),
      ),
      singletons: informers => [hostRoutes(config, informers, { log, decisions })],
      lost: reason => startAnew(log, reason),
    },
    {
      api: {
        listen: {
          addresses: [config.api.socket, ...gateways],
          port: config.api.port,
          tls: serving,
          ...(config.api.ownPort !== undefined && { shared: { ownPort: config.api.ownPort } }),
        },
        serviceAccountSigning: {
          key: readFileSync(config.serviceAccounts.key, 'utf8'),
          issuer: config.serviceAccounts.issuer,
        },
        ...(config.audit && {
          audit: {
            policy: parseAuditPolicy(readFileSync(config.audit.policy, 'utf8')),
            sink: new RotatingFile({ log: log.child('audit') }, { path: config.audit.log }),
          },
        }),
        serviceCidrs: config.network.serviceSubnets,
        hasBalancerPool: config.loadBalancerPools.length > 0,
        clusterDomain: config.network.clusterDomain,
        advertise: { addresses: gateways, port: config.api.port },
        kubelet: { ca: authority, ...readPair(config.kubeletClient) },
        frontProxy: {
          ca: readFileSync(config.frontProxy.authority, 'utf8'),
          ...readPair(config.frontProxy.client),
        },
      },
      identity: config.identity,
      network: config.network,
      rootCa: authority,
      loadBalancerPools: config.loadBalancerPools,
    },
  );
}

function openStore(config: StoreConfig, log: Logger): Store {
  if (config.engine === 'sqlite') {
    return new SqliteStore({ clock: systemClock, log }, { path: config.path, writer: storeWriter });
  }
  const { engine: _, files, ...options } = config;
  const tls = Object.fromEntries(
    Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')]),
  );
  return new EtcdStore(
    { clock: systemClock, log, lost: reason => startAnew(log, reason) },
    { ...options, tls },
  );
}

/** What is in memory cannot be relied on any more: the supervisor starts this process again. */
function startAnew(log: Logger, reason: Error): void {
  log.error('ending, to be started anew', { error: reason });
  process.exit(1);
}

function hostRoutes(config: ServerConfig, informers: InformerFactory, { log, decisions }: ProcessPorts) {
  const commands = new SystemCommands({ clock: systemClock });
  return new HostRoutes(
    {
      clock: systemClock,
      log,
      decisions,
      nodes: informers.informer<Node>(nodeResource),
      ip: new LinuxIpRoute({ commands }),
      nft: new LinuxNft({ commands }),
    },
    {
      bridge: bridgeName(config.cluster),
      nodeSubnets: config.network.nodeSubnets,
      podSubnets: config.network.podSubnets,
      outboundTable: config.masquerade ? hostTable(config.cluster) : undefined,
    },
  );
}

function readPair({ cert, key }: KeyPairFiles): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
