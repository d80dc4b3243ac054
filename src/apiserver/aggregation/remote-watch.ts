import type { IncomingMessage } from 'node:http';
import type { KubeObject, WatchEventOf } from '../../api/objects.ts';
import type { WatchEvent, WatchSource } from '../exchange.ts';

/** Bytes of the longest event that is taken in. */
const maxEventBytes = 16 * 1024 * 1024;

/** Another server's watch, a line of JSON an event, as components of this process take it. */
export function remoteWatch(message: IncomingMessage): WatchSource {
  return {
    open(sink) {
      let rest = '';
      const take = (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        const events = lines.filter(line => line.trim() !== '').map(eventOf);
        if (rest.length > maxEventBytes) throw new Error('an event is too long');
        if (events.length > 0 && !sink.events(events)) message.destroy();
      };
      message.setEncoding('utf8');
      message.on('data', (text: string) => {
        try {
          take(text);
        } catch {
          // What is no event ends the watch: its reader lists anew.
          message.destroy();
        }
      });
      message.on('error', () => undefined);
      message.on('close', () => sink.end());
      return { close: () => message.destroy() };
    },
  };
}

function eventOf(line: string): WatchEvent {
  const value = JSON.parse(line) as WatchEventOf<KubeObject>;
  return { value: () => value, bytes: () => Buffer.from(`${line}\n`) };
}
