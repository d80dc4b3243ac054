import { join } from 'node:path';

export interface HostsTomlOptions {
  /** `https://172.30.0.1:5000` */
  mirror: string;
  /** Path of the CA's certificate. */
  ca: string;
  /** Paths of the client's certificate and key. */
  client: { cert: string; key: string };
}

/** Where containerd's `config_path` folder has the file that holds for every registry. */
export function hostsTomlPath(configPath: string): string {
  return join(configPath, '_default', 'hosts.toml');
}

/**
 * containerd's `hosts.toml` that sends every pull to the mirror. `server` names the mirror too: where the
 * mirror has no image, containerd would else ask the registry itself and report that it cannot reach it
 * instead of the mirror's reason.
 */
export function renderHostsToml({ mirror, ca, client }: HostsTomlOptions): string {
  const access = (indent: string) =>
    [
      'capabilities = ["pull", "resolve"]',
      `ca = ${quote(ca)}`,
      `client = [[${quote(client.cert)}, ${quote(client.key)}]]`,
    ]
      .map(line => `${indent}${line}\n`)
      .join('');
  return `server = ${quote(mirror)}\n${access('')}\n[host.${quote(mirror)}]\n${access('  ')}`;
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function quote(text: string): string {
  return JSON.stringify(text);
}
