import type { Step } from './document.ts';

/** The shell that plays a guide: one for the whole of it, so that variables stay. */
export interface Session {
  /** Puts a file into the folder the commands run in. */
  writeFile(name: string, content: string): Promise<void>;
  /**
   * Runs lines of shell and hands on what they print, errors too, as it comes; resolves when they ended.
   * Aborting `signal` ends them as Ctrl-C does.
   */
  run(command: string, onOutput: (text: string) => void, signal: AbortSignal): Promise<void>;
}

/** Who is told what happens, and says when to go on. */
export interface Narrator {
  text(markdown: string): void;
  file(name: string, content: string): void;
  /** Shows a command that is next. `skip` leaves it out, `quit` all that follow too. */
  command(step: Step): Promise<'run' | 'skip' | 'quit'>;
  /** What a command prints, as it comes. */
  output(text: string): void;
  /** The command has ended; `failure` says how its output is not what the guide shows. */
  ended(failure: GuideFailure | undefined): void;
}

/** What the cluster does is not what the guide says. */
export class GuideFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GuideFailure';
  }
}
