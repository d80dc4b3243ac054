import { CommandError, type Commands } from './command.ts';

/** Which tracked flows; all given fields must hold. */
export interface FlowSelector {
  protocol: 'tcp' | 'udp' | 'sctp';
  /** Where the flow's first packet was sent to. */
  destination?: string;
  destinationPort?: number;
  /** Where it went after translation: the source of the answers. */
  answeredBy?: string;
}

/** The kernel's table of flows, in the process's own network namespace. */
export interface Conntrack {
  /** Forgets flows: their next packets are translated anew. Resolves with how many there were. */
  delete(selector: FlowSelector): Promise<number>;
}

export class LinuxConntrack implements Conntrack {
  readonly #commands: Commands;

  constructor(deps: { commands: Commands }) {
    this.#commands = deps.commands;
  }

  async delete(selector: FlowSelector): Promise<number> {
    const { protocol, destination, destinationPort, answeredBy } = selector;
    const argv: [string, ...string[]] = ['conntrack', '-D', '-p', protocol];
    if ([destination, answeredBy].some(address => address?.includes(':'))) argv.push('-f', 'ipv6');
    if (destination) argv.push('--orig-dst', destination);
    if (destinationPort !== undefined) argv.push('--orig-port-dst', String(destinationPort));
    if (answeredBy) argv.push('--reply-src', answeredBy);
    try {
      const { stderr } = await this.#commands.run(argv);
      return deletedIn(stderr);
    } catch (error) {
      // It ends with 1 where no flow matched.
      if (error instanceof CommandError && /0 flow entries/.test(error.stderr)) return 0;
      throw error;
    }
  }
}

function deletedIn(text: string): number {
  return Number(/(\d+) flow entries/.exec(text)?.[1] ?? 0);
}

/** For tests of what uses the port. @public */
export class FakeConntrack implements Conntrack {
  readonly deleted: FlowSelector[] = [];

  async delete(selector: FlowSelector): Promise<number> {
    this.deleted.push(selector);
    return 0;
  }
}
