import type { NetConnectOpts } from 'node:net';

export interface EtcdEndpoint {
  name: string;
  address: NetConnectOpts;
  secure: boolean;
}

const defaultPort = 2379;

/**
 * Reads `https://10.0.0.1:2379`, `http://[::1]`, `unix:///run/etcd.sock`.
 * @throws Error that says what is off.
 */
export function parseEndpoint(text: string): EtcdEndpoint {
  const wrong = () =>
    new Error(`"${text}" is no endpoint of etcd: write it as https://10.0.0.1:2379 or unix:///run/etcd.sock`);
  if (!URL.canParse(text)) throw wrong();
  const { protocol, hostname, port, pathname, search, username } = new URL(text);
  if (protocol === 'unix:') {
    if (hostname !== '' || pathname.length < 2) throw wrong();
    return { name: text, address: { path: decodeURIComponent(pathname) }, secure: false };
  }
  if (protocol !== 'http:' && protocol !== 'https:') throw wrong();
  if (hostname === '' || pathname !== '/' || search !== '' || username !== '') throw wrong();
  const secure = protocol === 'https:';
  // The port that a scheme has by itself is not written in an URL, and is not etcd's.
  const usual = /:(80|443)\/?$/.exec(text)?.[1];
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { name: text, address: { host, port: Number(port || usual || defaultPort) }, secure };
}
