import { createReadStream } from 'node:fs';

/** Connections that the kernel has established and no process has taken yet. */
export interface AcceptQueues {
  /**
   * How many wait for `accept(2)` at the listening TCP sockets of the network namespace that process `pid` (in the
   * caller's PID namespace) is in. 0 where there is no such process, and where its tables cannot be read.
   */
  waiting(pid: number): Promise<number>;
}

/** Bytes read of a table at most: some 400 listening sockets. */
const tableLimit = 64 * 1024;
/** The row of a socket that does not listen. */
const otherRow = /^ *\d+: \S+ \S+ (?!0A)[0-9A-F]{2} /m;

export class LinuxAcceptQueues implements AcceptQueues {
  async waiting(pid: number): Promise<number> {
    const tables = ['tcp', 'tcp6'].map(name => listeningRows(`/proc/${pid}/net/${name}`));
    return (await Promise.all(tables)).reduce((sum, table) => sum + waitingIn(table), 0);
  }
}

/**
 * The sum of the accept queues in the text of `/proc/net/tcp` or `tcp6`. In the rows of listening sockets (state 0A)
 * `rx_queue` is the queue's length. Source: Linux net/ipv4/tcp_ipv4.c `get_tcp4_sock`.
 */
export function waitingIn(table: string): number {
  const rows = [...table.matchAll(/^ *\d+: \S+ \S+ 0A [0-9A-F]{8}:([0-9A-F]{8}) /gm)];
  return rows.reduce((sum, [, length]) => sum + Number.parseInt(length!, 16), 0);
}

/** The table up to its first other row: the kernel lists the sockets that listen before all others. */
async function listeningRows(path: string): Promise<string> {
  let text = '';
  try {
    for await (const part of createReadStream(path, { encoding: 'latin1', end: tableLimit - 1 })) {
      text += part;
      if (otherRow.test(text)) break;
    }
  } catch {
    // The process is gone, or the kernel has no IPv6.
  }
  return text;
}

/** For tests of what uses the port: the queues' lengths by process. @public */
export class FakeAcceptQueues implements AcceptQueues {
  readonly lengths = new Map<number, number>();

  async waiting(pid: number): Promise<number> {
    return this.lengths.get(pid) ?? 0;
  }
}
