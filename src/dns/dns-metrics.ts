export type DnsProtocol = 'udp' | 'tcp';

const typeNames: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};
const codeNames: Record<number, string> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  16: 'BADVERS',
};

/** Counters of the DNS server, printed in the text format of Prometheus. Labels come from fixed sets only. */
export class DnsMetrics {
  /** By protocol, type and response code, packed into one number: a query counts without making a string. */
  readonly #answers = new Map<number, number>();
  readonly #counters = new Map<string, number>();
  readonly #gauges = new Map<string, () => number>();

  answered(protocol: DnsProtocol, type: number, code: number): void {
    const known = typeNames[type] === undefined ? 0 : type;
    const key = (known << 6) | (code << 1) | (protocol === 'tcp' ? 1 : 0);
    this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
  }

  dropped(protocol: DnsProtocol): void {
    this.count(`causeway_dns_dropped_total{proto="${protocol}"}`);
  }

  /** @param series name with its labels, from a fixed set. */
  count(series: string, by = 1): void {
    this.#counters.set(series, (this.#counters.get(series) ?? 0) + by);
  }

  gauge(name: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  /** All of it, sorted by name. */
  text(): string {
    const lines: string[] = [];
    for (const [key, count] of this.#answers) {
      const type = typeNames[key >> 6] ?? 'other';
      const code = codeNames[(key >> 1) & 0x1f] ?? 'other';
      const proto = key & 1 ? 'tcp' : 'udp';
      lines.push(`causeway_dns_answers_total{proto="${proto}",type="${type}",rcode="${code}"} ${count}`);
    }
    for (const [series, count] of this.#counters) lines.push(`${series} ${count}`);
    for (const [name, read] of this.#gauges) lines.push(`${name} ${read()}`);
    return `${lines.sort().join('\n')}\n`;
  }
}
