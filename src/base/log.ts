import type { Clock } from './clock.ts';

export type LogFields = Record<string, unknown>;

/**
 * Structured log of a process, one line an entry: `time level component message key=value…`.
 * Errors go under the key `error`; the stack is printed at level debug only.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger for a part of this component: `server` → `server/gc`. */
  child(component: string): Logger;
}

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export interface LoggerOptions {
  component: string;
  level?: LogLevel;
  write?: (line: string) => void;
}

export function createLogger(clock: Clock, options: LoggerOptions): Logger {
  const { component, level = 'info', write = line => void process.stderr.write(line) } = options;
  const threshold = levels.indexOf(level);
  const entry = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels.indexOf(at) < threshold) return;
    const time = new Date(clock.now()).toISOString();
    write(`${time} ${at.padEnd(5)} ${component} ${message}${formatFields(fields, level)}\n`);
  };
  return {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    child: part => createLogger(clock, { ...options, component: `${component}/${part}` }),
  };
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

function formatFields(fields: LogFields | undefined, level: LogLevel): string {
  if (!fields) return '';
  let text = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) text += ` ${key}=${formatValue(value, level)}`;
  }
  return text;
}

function formatValue(value: unknown, level: LogLevel): string {
  if (value instanceof Error) return JSON.stringify(level === 'debug' ? value.stack : errorChain(value));
  if (typeof value === 'string') return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** The messages of an error and its causes, outermost first: `a: b: c`. */
export function errorChain(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; ) {
    parts.push(at instanceof Error ? at.message : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(': ');
}
