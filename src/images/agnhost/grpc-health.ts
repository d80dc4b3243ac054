import { readFileSync } from 'node:fs';
import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2';
import { Flags, log } from './flags.ts';
import { answer, routes, serve } from './http-server.ts';

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const serving = 1;
const notServing = 2;

/** The health service of gRPC, switched by time or over HTTP. */
export async function grpcHealth(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const delay = flags.number('delay-unhealthy-sec', -1);
  const service = flags.text('service');
  const state = { status: delay === 0 ? notServing : serving };
  if (delay > 0) setTimeout(() => (state.status = notServing), delay * 1000);
  const cert = flags.text('tls-cert-file');
  const pair = cert && { cert: readFileSync(cert), key: readFileSync(flags.text('tls-private-key-file')) };
  const server = pair ? createSecureServer(pair) : createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const known =
        headers[':path'] === '/grpc.health.v1.Health/Check' && asked(Buffer.concat(parts)) === service;
      reply(stream, known ? state.status : undefined);
    });
  });
  server.listen(flags.number('port', 5000));
  const set = (status: number) => (_request: unknown, response: Parameters<typeof answer>[0]) => {
    state.status = status;
    answer(response, 200, 'Status set');
  };
  await serve(routes({ '/make-serving': set(serving), '/make-not-serving': set(notServing) }), {
    port: flags.number('http-port', 8080),
  });
  log(`gRPC server on port ${flags.number('port', 5000)}`);
}

/** The service named in a HealthCheckRequest: field 1, a string, behind the five bytes of gRPC's framing. */
function asked(message: Buffer): string {
  return message.length > 7 ? message.subarray(7, 7 + message[6]!).toString() : '';
}

function reply(stream: ServerHttp2Stream, status: number | undefined): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  if (status === undefined) {
    stream.respond(
      { ...headers, 'grpc-status': '5', 'grpc-message': 'unknown service' },
      { endStream: true },
    );
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
}
