import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Whether the kernel can open sockets of a protocol. */
export function hasSctp(): boolean {
  return (
    spawnSync('perl', ['-MSocket', '-e', 'socket(my $s, AF_INET, SOCK_STREAM, 132) or exit 1']).status === 0
  );
}

const openers = {
  TCP: 'Type => SOCK_STREAM, Proto => 6',
  UDP: 'Type => SOCK_DGRAM, Proto => 17',
  SCTP: 'Type => SOCK_STREAM, Proto => 132',
} as const;

export type ProbeProtocol = keyof typeof openers;

/** Says to everyone who connects, or sends a datagram, which pod it is and what source address it saw. */
const serverScript = (protocols: readonly ProbeProtocol[]) => `
use IO::Socket::IP; use IO::Select; $| = 1; my (%at, $all); $all = IO::Select->new;
${protocols
  .map(
    protocol => `
{ my $s = IO::Socket::IP->new(${openers[protocol]}, LocalHost => '::', V6Only => 0, LocalPort => 8080, ReuseAddr => 1${
      protocol === 'UDP' ? '' : ', Listen => 50'
    }) or die "${protocol}: $@"; $at{$s} = '${protocol}'; $all->add($s); }`,
  )
  .join('')}
print "listening\\n";
sub plain { $_[0] =~ s/^::ffff://r }
while (1) { for my $s ($all->can_read) {
  if ($at{$s} eq 'UDP') {
    my $from = recv($s, my $data, 100, 0) // next;
    my (undef, $host) = Socket::getnameinfo($from, Socket::NI_NUMERICHOST(), Socket::NIx_NOSERV());
    send($s, "$ARGV[0] " . plain($host) . "\\n", 0, $from);
  } elsif (my $c = $s->accept) { print $c $ARGV[0], " ", plain($c->peerhost), "\\n"; close $c }
} }`;

/** For each line of input: what the server said to each of several connections or datagrams, or how it failed. */
const clientScript = `
use IO::Socket::IP; use IO::Select; use Errno; $| = 1;
my %number = (TCP => 6, UDP => 17, SCTP => 132);
sub failed { $!{ECONNREFUSED} ? "refused" : "silence" }
sub ask {
  my ($protocol, $host, $port, $wait) = @_;
  my $c = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port, Timeout => $wait, Proto => $number{$protocol},
    Type => $protocol eq 'UDP' ? SOCK_DGRAM : SOCK_STREAM) or return failed();
  if ($protocol eq 'UDP') { defined send($c, "who", 0) or return failed() }
  IO::Select->new($c)->can_read($wait) or return "silence";
  my $line;
  defined sysread($c, $line, 200) or return failed();
  chomp $line; return $line;
}
while (<STDIN>) { my ($tries, @to) = split; print join("|", map { ask(@to) } 1 .. $tries), "\n" }`;

/** Serves on port 8080 of a network namespace until the process is killed. */
export async function serve(
  netns: string,
  name: string,
  protocols: readonly ProbeProtocol[],
): Promise<ChildProcess> {
  const argv = [`--net=${netns}`, 'perl', '-e', serverScript(protocols), name];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

export interface Probe {
  protocol: ProbeProtocol;
  to: { address: string; port: number };
  /** Seconds to wait for an answer. */
  wait: number;
  tries: number;
}

/** A client in a network namespace, or without one in the process's own. */
export class ProbeClient {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: Interface;

  constructor(netns: string | undefined) {
    const argv = ['perl', '-e', clientScript];
    const [file, ...args] = netns ? ['nsenter', `--net=${netns}`, ...argv] : argv;
    this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#child.stdout });
  }

  /** What each try met: `pod source-address`, `refused`, `silence`. One question at a time. */
  async ask({ protocol, to, wait, tries }: Probe): Promise<string[]> {
    this.#child.stdin.write(`${tries} ${protocol} ${to.address} ${to.port} ${wait}\n`);
    const [line] = (await once(this.#answers, 'line')) as [string];
    return line.split('|');
  }

  close(): void {
    this.#child.stdin.end();
  }
}
