/** Sends one request that touches ten thousand objects and reads its answer. Usage: node big-requests.ts SCENARIO */
import { connect } from 'node:tls';
import { readAccess } from './access.ts';

const [, , scenario = ''] = process.argv;
const pods = '/api/v1/namespaces/bench/pods';
const configMaps = '/api/v1/namespaces/bench/configmaps';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Request {
  method: string;
  path: string;
  accept?: string;
  /** What the answer ends with, where it has no end of its own. */
  until?: string;
}

const requests: Record<string, Request> = {
  list: { method: 'GET', path: configMaps },
  table: { method: 'GET', path: pods, accept: table },
  protobuf: { method: 'GET', path: pods, accept: 'application/vnd.kubernetes.protobuf' },
  label: { method: 'GET', path: `${pods}?labelSelector=app%3Dweb-7` },
  watch: {
    method: 'GET',
    path: `${pods}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
    until: 'k8s.io/initial-events-end',
  },
  deletecollection: { method: 'DELETE', path: configMaps },
};

const request = requests[scenario];
if (!request) throw new Error(`no scenario ${scenario}: ${Object.keys(requests).join(', ')}`);
const { method, path, accept = 'application/json', until } = request;
const access = readAccess();
const socket = connect({ host: access.host, port: access.port, ...access.tls, ALPNProtocols: ['http/1.1'] });
socket.write(
  `${method} ${path} HTTP/1.1\r\nhost: ${access.host}\r\naccept: ${accept}\r\nconnection: close\r\n\r\n`,
);
let bytes = 0;
let tail = '';
let status = '';
for await (const chunk of socket as AsyncIterable<Buffer>) {
  status ||= chunk.toString('latin1', 9, 12);
  bytes += chunk.length;
  if (!until) continue;
  const text = tail + chunk.toString('latin1');
  if (text.includes(until)) break;
  tail = text.slice(-until.length);
}
if (status !== '200') throw new Error(`${method} ${path} was answered with ${status}`);
console.log(JSON.stringify({ scenario, bytes }));
