import type { ConfigMap } from '../../api/generated/types.ts';

export interface AuthenticationOptions {
  /** Signs client certificates, PEM. */
  clientCa?: string;
  /** Signs the certificate this server shows to extension servers, PEM. */
  frontProxyCa?: string;
}

/** The name in the certificate that may speak for others. */
export const frontProxyName = 'front-proxy-client';

/** What extension servers read to know whom this server has authenticated, and how it tells them. */
export function extensionAuthentication({ clientCa, frontProxyCa }: AuthenticationOptions): ConfigMap {
  const list = (...values: string[]) => JSON.stringify(values);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      ...(clientCa && { 'client-ca-file': clientCa }),
      ...(frontProxyCa && {
        'requestheader-allowed-names': list(frontProxyName),
        'requestheader-client-ca-file': frontProxyCa,
        'requestheader-extra-headers-prefix': list('X-Remote-Extra-'),
        'requestheader-group-headers': list('X-Remote-Group'),
        'requestheader-uid-headers': list('X-Remote-Uid'),
        'requestheader-username-headers': list('X-Remote-User'),
      }),
    },
  };
}
