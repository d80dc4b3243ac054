import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Readable, Transform } from 'node:stream';
import { badRequest } from '../../api/status.ts';
import { header, type ServerRequest } from '../exchange.ts';

/** Of RFC 6455, section 1.3. */
const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, binary: 2, close: 8 } as const;
const normalClosure = Buffer.from([0x03, 0xe8]);

/** The names under which a stream may be asked for, and how its bytes go into messages (upstream: wsstream.Reader). */
const encodings: Readonly<Record<string, (chunk: Buffer) => Buffer>> = {
  '': chunk => frame(opcodes.binary, chunk),
  'binary.k8s.io': chunk => frame(opcodes.binary, chunk),
  'base64.binary.k8s.io': chunk => frame(opcodes.text, Buffer.from(chunk.toString('base64'))),
};

/** Whether a client that asks for another protocol asks for this one. */
export function asksForWebSocket(request: ServerRequest): boolean {
  return header(request, 'upgrade')?.toLowerCase() === 'websocket';
}

/**
 * Which of the offered protocols is spoken: the client's first that is known; '' where it offers none.
 * @throws ApiError 400 where none of them is known, or there is no key
 */
export function streamProtocol(request: ServerRequest): string {
  if (!header(request, 'sec-websocket-key')) throw badRequest('the header Sec-WebSocket-Key is missing');
  const offered = header(request, 'sec-websocket-protocol');
  if (!offered) return '';
  const found = offered
    .split(',')
    .map(each => each.trim())
    .find(each => each in encodings);
  if (found !== undefined) return found;
  throw badRequest(`unable to upgrade: none of the offered protocols is supported: ${offered}`);
}

/**
 * Sends a stream as WebSocket messages, one a chunk, and closes at its end. What the client sends is thrown away.
 * The first message is empty: clients that want to know that the connection works wait for it.
 */
export function sendAsMessages(
  request: ServerRequest,
  socket: Socket,
  stream: Readable,
  protocol: string,
): void {
  const key = `${header(request, 'sec-websocket-key')}${handshakeSuffix}`;
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${createHash('sha1').update(key).digest('base64')}`,
    ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
  ];
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const encode = encodings[protocol]!;
  socket.write(encode(Buffer.alloc(0)));
  const messages = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, encode(chunk)),
    flush: done => done(null, frame(opcodes.close, normalClosure)),
  });
  stream.on('error', () => socket.destroy());
  socket.on('close', () => stream.destroy());
  socket.resume();
  stream.pipe(messages).pipe(socket);
}

/** One unmasked, unfragmented frame: a server never masks. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 2 ** 16 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 2 ** 16) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
