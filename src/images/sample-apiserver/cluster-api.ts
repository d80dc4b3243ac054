import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { bodyOf, hostPort } from '../agnhost/http-server.ts';

const secrets = '/var/run/secrets/kubernetes.io/serviceaccount';
const timeout = 10_000;

export interface ClusterAnswer {
  code: number;
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind, read by who asked for them
  body: any;
}

/** The cluster's API server, asked as the service account of this pod. */
export interface ClusterApi {
  /** Resolves with any answer. @throws Error where there is none. */
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<ClusterAnswer>;
}

/** The token is read anew each time: the kubelet rotates it. */
export const clusterApi: ClusterApi = {
  ask(method, path, body) {
    const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = process.env;
    const headers = {
      authorization: `Bearer ${readFileSync(`${secrets}/token`, 'utf8')}`,
      accept: 'application/json',
      'content-type': 'application/json',
    };
    return new Promise((resolve, reject) => {
      const call = request(
        `https://${hostPort(host, port)}${path}`,
        { method, headers, ca: readFileSync(`${secrets}/ca.crt`), timeout },
        response => {
          bodyOf(response).then(bytes => {
            try {
              resolve({ code: response.statusCode ?? 0, body: JSON.parse(bytes.toString()) });
            } catch (cause) {
              reject(new Error(`${path}: ${response.statusCode} and no JSON`, { cause }));
            }
          }, reject);
        },
      );
      call.on('timeout', () => call.destroy(new Error(`${path}: no answer within ${timeout / 1000} s`)));
      call.on('error', reject);
      call.end(body && JSON.stringify(body));
    });
  },
};
