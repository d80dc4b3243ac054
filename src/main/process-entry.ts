import { readFileSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import { DecisionLog } from '../base/decisions.ts';
import { createLogger, errorChain, type Logger, type LogLevel } from '../base/log.ts';

export interface ProcessPorts {
  log: Logger;
  decisions: DecisionLog;
}

/**
 * Runs a process made of one component until it is told to end: reads the configuration the first argument
 * names, starts, and stops in order on SIGTERM or SIGINT. Exit code 1 when it cannot start.
 */
export async function runProcess<C extends { logLevel: LogLevel }>(
  name: (config: C) => string,
  assemble: (config: C, ports: ProcessPorts) => Component | Promise<Component>,
): Promise<void> {
  const path = process.argv[2];
  if (!path) {
    process.stderr.write('the path of the configuration file is missing\n');
    process.exit(2);
  }
  const config = JSON.parse(readFileSync(path, 'utf8')) as C;
  const component = name(config);
  const log = createLogger(systemClock, { component, level: config.logLevel });
  process.on('unhandledRejection', error => log.error('a promise was rejected and nobody looked', { error }));
  const abort = new AbortController();
  let running: Component | undefined;
  const end = async (signal: string) => {
    log.info('ending', { signal });
    abort.abort(new Error(`ended by ${signal}`));
    await running?.stop().catch(error => log.error('did not stop in order', { error }));
    process.exit(0);
  };
  process.once('SIGTERM', end).once('SIGINT', end);
  try {
    running = await assemble(config, { log, decisions: new DecisionLog(systemClock, component) });
    await running.start(abort.signal);
    log.info('started', { milliseconds: Math.round(process.uptime() * 1000) });
  } catch (error) {
    if (abort.signal.aborted) return;
    log.error('cannot start', { error: errorChain(error) });
    if (error instanceof Error) log.debug('at', { error });
    process.exit(1);
  }
}
