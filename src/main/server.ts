import { readFileSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import type { KeyPairFiles, ServerConfig } from '../cluster/config.ts';
import { assembleServer } from '../cluster/server.ts';
import { openImageLibrary } from '../images/image-library.ts';
import { ImageMirror } from '../images/image-mirror.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { type ProcessPorts, runProcess } from './process-entry.ts';

await runProcess<ServerConfig>(() => 'server', assemble);

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
      store: new SqliteStore({ clock: systemClock, log }, { path: config.store.path }),
      extras: () =>
        gateways.map(
          host => new ImageMirror({ library, log }, { host, port: config.mirror.port, tls: serving }),
        ),
    },
    {
      api: { listen: { addresses: [config.api.socket, ...gateways], port: config.api.port, tls: serving } },
      network: config.network,
      rootCa: authority,
    },
  );
}

function readPair({ cert, key }: KeyPairFiles): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
