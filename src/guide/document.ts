/**
 * A guide is a Markdown file that can be read on its own, played in a terminal and checked. Its convention is
 * told to writers in `docs/guide/README.md`.
 */
export interface Guide {
  /** The file's name without `.md`. */
  name: string;
  /** The file as messages call it: `docs/guide/dns.md`. */
  file: string;
  /** Its first heading. */
  title: string;
  /** Everything before the section "Clean up", in order. */
  items: GuideItem[];
  /** The section "Clean up": played at the end, and when the guide is left early. */
  cleanUp: GuideItem[];
}

export type GuideItem = Text | ScratchFile | Step;

/** Prose, with its Markdown. */
export interface Text {
  type: 'text';
  markdown: string;
}

/** A file that the commands after it find in their folder. */
export interface ScratchFile {
  type: 'file';
  name: string;
  content: string;
}

/** One command with the output the guide shows for it. */
export interface Step {
  type: 'step';
  command: string;
  /** Line of the command in the file, from 1. */
  line: number;
  expected: ExpectedLine[];
  /**
   * `once`: the command ends by itself, and its output is as shown. `repeat`: it is run again until it is.
   * `follow`: it does not end by itself; it is ended, as by Ctrl-C, once its output is as shown.
   */
  mode: 'once' | 'repeat' | 'follow';
  /** Milliseconds after which the output has to be as shown. */
  within: number;
}

export interface ExpectedLine {
  text: string;
  /** In the file, from 1. */
  line: number;
}

/** The file does not follow the convention. */
export class GuideSyntaxError extends Error {
  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line}: ${problem}`);
    this.name = 'GuideSyntaxError';
  }
}

const defaultWithin = 120_000;
const cleanUpHeading = /^##\s+Clean up\s*$/;
const cleanUpCommand = /^k delete (\S+ \S+)(?: --now| --cascade=foreground)* --ignore-not-found$/;
const scratchFileName = /^#\s+([A-Za-z0-9][\w-]*\.[a-z]+)\s*$/;

/** @throws GuideSyntaxError naming the line that is off. */
export function parseGuide(file: string, markdown: string): Guide {
  const name = file.replace(/^.*\//, '').replace(/\.md$/, '');
  const lines = markdown.replace(/\n+$/, '').split('\n');
  const title = /^# (.+)$/.exec(lines[0]!)?.[1];
  if (!title) throw new GuideSyntaxError(file, 1, 'a guide begins with its title: # …');
  const cleanUpAt = lines.findIndex(line => cleanUpHeading.test(line));
  if (cleanUpAt < 0) throw new GuideSyntaxError(file, lines.length, 'the section "## Clean up" is missing');
  const items = new BlockReader(file, lines, cleanUpAt).read(0);
  const cleanUp = new BlockReader(file, lines, lines.length).read(cleanUpAt);
  checkCleanUp(file, cleanUpAt + 1, cleanUp);
  return { name, file, title, items, cleanUp };
}

/** The commands of a list of items. */
export function stepsOf(items: readonly GuideItem[]): Step[] {
  return items.filter(item => item.type === 'step');
}

/** The commands that print the names of objects that cleaning up would delete. */
export function cleanUpQueries(guide: Guide): string[] {
  return stepsOf(guide.cleanUp).map(({ command }) =>
    command.replace(cleanUpCommand, 'k get $1 --ignore-not-found -o name'),
  );
}

function checkCleanUp(file: string, line: number, items: GuideItem[]): void {
  const steps = stepsOf(items);
  if (steps.length === 0) throw new GuideSyntaxError(file, line, '"Clean up" has no command');
  const off = steps.find(step => !cleanUpCommand.test(step.command));
  if (off) {
    throw new GuideSyntaxError(
      file,
      off.line,
      'a command of "Clean up" reads: k delete KINDS NAME --ignore-not-found, so that it can run at any time',
    );
  }
}

/** Reads paragraphs and fenced blocks of lines up to `end`. */
class BlockReader {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #end: number;
  readonly #items: GuideItem[] = [];
  #text: string[] = [];

  constructor(file: string, lines: readonly string[], end: number) {
    this.#file = file;
    this.#lines = lines;
    this.#end = end;
  }

  read(start: number): GuideItem[] {
    let at = start;
    while (at < this.#end) {
      const fence = /^```(\S*)\s*(.*)$/.exec(this.#lines[at]!);
      if (!fence) {
        this.#text.push(this.#lines[at]!);
        at++;
        continue;
      }
      const close = this.#lines.indexOf('```', at + 1);
      if (close < 0 || close >= this.#end) throw this.#problem(at, 'this block is not closed');
      this.#block(fence[1]!, fence[2]!, at, close);
      at = close + 1;
    }
    this.#endText();
    return this.#items;
  }

  #block(language: string, words: string, open: number, close: number): void {
    const content = this.#lines.slice(open + 1, close);
    const name = scratchFileName.exec(content[0] ?? '')?.[1];
    if (language === 'console') {
      this.#endText();
      this.#items.push(...this.#steps(words, open, close));
    } else if (name) {
      this.#endText();
      this.#items.push({ type: 'file', name, content: `${content.join('\n')}\n` });
    } else {
      this.#text.push(...this.#lines.slice(open, close + 1));
    }
  }

  #steps(words: string, open: number, close: number): Step[] {
    const way = this.#way(words, open);
    const steps: Step[] = [];
    for (let at = open + 1; at < close; at++) {
      const line = this.#lines[at]!;
      const last = steps.at(-1);
      if (line.startsWith('$ ')) {
        steps.push({ type: 'step', command: line.slice(2), line: at + 1, expected: [], ...way });
      } else if (!last) {
        throw this.#problem(at, 'a console block begins with a command: $ …');
      } else if (line.startsWith('> ') && last.expected.length === 0) {
        last.command += `\n${line.slice(2)}`;
      } else {
        last.expected.push({ text: line, line: at + 1 });
      }
    }
    if (steps.length === 0) throw this.#problem(open, 'this console block has no command');
    if (way.mode !== 'once' && steps.length > 1) {
      throw this.#problem(open, `a block marked "${way.mode}" holds one command: split it`);
    }
    return steps;
  }

  #way(words: string, open: number): Pick<Step, 'mode' | 'within'> {
    const way: Pick<Step, 'mode' | 'within'> = { mode: 'once', within: defaultWithin };
    for (const word of words.split(/\s+/).filter(Boolean)) {
      const seconds = /^within=(\d+)s$/.exec(word)?.[1];
      if (seconds) way.within = Number(seconds) * 1000;
      else if (word === 'repeat' || word === 'follow') way.mode = word;
      else throw this.#problem(open, `"${word}" is not known; there are: repeat, follow, within=<seconds>s`);
    }
    return way;
  }

  #endText(): void {
    const markdown = this.#text.join('\n').trim();
    if (markdown) this.#items.push({ type: 'text', markdown });
    this.#text = [];
  }

  #problem(index: number, problem: string): GuideSyntaxError {
    return new GuideSyntaxError(this.#file, index + 1, problem);
  }
}
