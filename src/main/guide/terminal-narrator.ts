import { styleText } from 'node:util';
import type { Step } from '../../guide/document.ts';
import type { GuideFailure, Narrator } from '../../guide/session.ts';

/** Plays a guide to a reader: Enter runs each command. */
export class TerminalNarrator implements Narrator {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #quit: AbortSignal;
  #told = false;
  #waiting = false;

  /** @param quit aborts when the reader leaves by Ctrl-C. */
  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream, quit: AbortSignal) {
    this.#input = input;
    this.#output = output;
    this.#quit = quit;
  }

  /** Whether it is the reader's turn. */
  get waiting(): boolean {
    return this.#waiting;
  }

  text(markdown: string): void {
    this.#say(`\n${renderMarkdown(markdown, this.#output)}\n`);
  }

  file(name: string, content: string): void {
    this.#say(`\n${this.#style('dim', content.trimEnd())}\n`);
    this.#say(this.#style('dim', `(written to ${name} in a folder of the guide's own)\n`));
  }

  async command({ command }: Step): Promise<'run' | 'skip' | 'quit'> {
    this.#say(`\n${this.#style('green', '$')} ${this.#style('bold', command.replaceAll('\n', '\n> '))}\n`);
    if (!this.#told) this.#say(this.#style('dim', '  Enter runs it, s skips it, q leaves: '));
    else this.#say(this.#style('dim', '  ⏎ '));
    this.#told = true;
    this.#waiting = true;
    const answer = await this.#line();
    this.#waiting = false;
    if (answer === undefined || answer === 'q') return 'quit';
    return answer === 's' ? 'skip' : 'run';
  }

  output(text: string): void {
    this.#say(text);
  }

  ended(failure: GuideFailure | undefined): void {
    if (!failure) return;
    const [first] = failure.message.split('\n');
    this.#say(`${this.#style('yellow', `That is not what the guide expects: ${first}`)}\n`);
  }

  /** A line that is typed; undefined at the end of the input, or when the reader leaves. */
  #line(): Promise<string | undefined> {
    return new Promise(resolve => {
      const done = (line: string | undefined) => {
        this.#input.off('data', onData);
        this.#input.off('end', onEnd);
        this.#quit.removeEventListener('abort', onEnd);
        // Nothing is read while a command runs: what is typed then is for it.
        this.#input.pause();
        resolve(line);
      };
      const onData = (data: Buffer | string) => done(String(data).trim());
      const onEnd = () => done(undefined);
      if (this.#quit.aborted) return resolve(undefined);
      this.#input.on('data', onData);
      this.#input.once('end', onEnd);
      this.#quit.addEventListener('abort', onEnd, { once: true });
      this.#input.resume();
    });
  }

  #say(text: string): void {
    this.#output.write(text);
  }

  #style(style: Parameters<typeof styleText>[0], text: string): string {
    return styleText(style, text, { stream: this.#output });
  }
}

/** Markdown for a terminal: what is marked is styled where there are colours, links lose their addresses. */
export function renderMarkdown(markdown: string, stream: NodeJS.WriteStream): string {
  const style = (name: Parameters<typeof styleText>[0], text: string) => styleText(name, text, { stream });
  return markdown
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll(/^#+ (.+)$/gm, (_, heading: string) => style(['bold', 'underline'], heading))
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, words: string) => style('bold', words))
    .replaceAll(/^```\S*\n([\s\S]*?)^```$/gm, (_, block: string) => block.replaceAll(/^/gm, '    ').trimEnd())
    .replaceAll(/`([^`\n]+)`/g, (_, code: string) => style('cyan', code));
}
