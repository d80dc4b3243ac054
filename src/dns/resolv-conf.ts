import { isIP } from 'node:net';
import type { UpstreamServer } from './exchange.ts';

/** What a machine's resolver file says. */
export interface ResolvConf {
  /** Servers that other hosts can reach too: not those on loopback (the stub resolver at 127.0.0.53). */
  upstreams: UpstreamServer[];
  /** Whether servers on loopback were left out. */
  hasStub: boolean;
  search: string[];
}

/** Where systemd-resolved writes the servers that its stub asks. */
export const resolvedConfPath = '/run/systemd/resolve/resolv.conf';

/** Reads resolv.conf(5). What it does not understand it passes over, as the C library does. */
export function parseResolvConf(text: string): ResolvConf {
  const found: ResolvConf = { upstreams: [], hasStub: false, search: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') found.search = values;
    else if (keyword === 'domain' && values[0]) found.search = [values[0]];
    const [address = ''] = values;
    if (keyword !== 'nameserver' || isIP(address.replace(/%.*/, '')) === 0) continue;
    if (/^127\.|^::1$|^0\.0\.0\.0$|^::$/.test(address)) found.hasStub = true;
    else found.upstreams.push({ address, port: 53 });
  }
  return found;
}
