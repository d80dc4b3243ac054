import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';
import { Flags } from './flags.ts';
import { askUdp } from './udp.ts';

/** Tries a connection; a failure is told by a word that tests look for. */
export async function connect(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const target = /^(.*):(\d+)$/.exec(flags.words[0] ?? '');
  if (!target) return say('UNKNOWN: the target must be host:port');
  const host = target[1]!.replace(/^\[(.*)\]$/, '$1');
  const port = Number(target[2]);
  const timeout = flags.duration('timeout', 0);
  const protocol = flags.text('protocol', 'tcp');
  try {
    await lookup(host);
  } catch (error) {
    return say(`DNS: ${(error as Error).message}`);
  }
  try {
    if (protocol === 'udp') await askUdp(host, port, `${flags.text('udp-data', 'hostname')}\n`, timeout);
    else if (protocol === 'tcp') await open(host, port, timeout);
    else return say(`Unsupported protocol ${protocol}`);
    process.exit(0);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const words: Record<string, string> = { ETIMEDOUT: 'TIMEOUT', ECONNREFUSED: 'REFUSED' };
    say(words[code ?? ''] ?? `OTHER: ${message}`);
  }
}

function open(host: string, port: number, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
    if (timeout > 0) {
      socket.setTimeout(timeout, () =>
        socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
      );
    }
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
