import type { Socket } from 'node:net';
import {
  CommandError,
  type CommandOptions,
  type CommandResult,
  type Commands,
} from '../../kernel/command.ts';

/** Configuration, environment and what a command says are a few kilobytes. */
const maxMessage = 1 << 20;

interface Message {
  head: string[];
  body: string;
}

/**
 * The agent's end of a plugin's connection, see the head of `causeway-cni` for the messages. As `Commands` it
 * runs commands in the plugin's process.
 */
export class CniConnection implements Commands {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #messages: Message[] = [];
  #waiting: ((message: Message | undefined) => void) | undefined;
  #ended = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A plugin that was killed while it waited.
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  /** The request; undefined where the connection ended before one came. */
  async request(): Promise<string | undefined> {
    const message = await this.#next();
    return message?.head[0] === 'request' ? message.body : undefined;
  }

  answer(code: number, text: string): void {
    this.#send(['exit', String(code)], text);
    this.#socket.end();
  }

  /** One at a time; of the options `input` is heeded. Its output is not kept. */
  async run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    const lines = argv.map(word => `${word}\n`).join('');
    this.#send(['run', String(argv.length)], options.input ?? '', lines);
    const message = await this.#next();
    if (message?.head[0] !== 'ran') {
      throw new CommandError('aborted', argv, { reason: 'the plugin ended while it ran this' });
    }
    const exitCode = Number(message.head[1]);
    const stderr = message.body;
    if (exitCode === 0) return { stdout: '', stderr };
    const reason = stderr.trim().split('\n')[0] || `exit code ${exitCode}`;
    throw new CommandError('exit', argv, { exitCode, stderr, reason });
  }

  #send(head: readonly string[], body: string, between = ''): void {
    this.#socket.write(`${head.join(' ')} ${Buffer.byteLength(body)}\n${between}${body}`);
  }

  #next(): Promise<Message | undefined> {
    const message = this.#messages.shift();
    if (message || this.#ended) return Promise.resolve(message);
    return new Promise(resolve => {
      this.#waiting = resolve;
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let message = this.#take(); message; message = this.#take()) {
      this.#messages.push(message);
      this.#wake();
    }
    if (this.#received.length > maxMessage) this.#socket.destroy();
  }

  #take(): Message | undefined {
    const end = this.#received.indexOf('\n');
    if (end < 0) return undefined;
    const head = this.#received.toString('utf8', 0, end).split(' ');
    const length = Number(head.pop());
    if (!Number.isInteger(length) || length > maxMessage) {
      this.#socket.destroy();
      return undefined;
    }
    if (this.#received.length < end + 1 + length) return undefined;
    const body = this.#received.toString('utf8', end + 1, end + 1 + length);
    this.#received = this.#received.subarray(end + 1 + length);
    return { head, body };
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve?.(this.#messages.shift());
  }
}
