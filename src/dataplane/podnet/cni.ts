/** The Container Network Interface, versions 0.3.0 to 1.0.0: https://www.cni.dev/docs/spec/ */
export const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0'];

export type CniCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS';

/** One call of the plugin, read from its environment and standard input. */
export interface CniRequest {
  command: CniCommand;
  cniVersion: string;
  containerId: string;
  netns: string;
  ifname: string;
  /** `CNI_ARGS`: Kubernetes' runtimes give K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID. */
  args: Record<string, string>;
  portMappings: PortMapping[];
  /** Of GC: the attachments that are in use. */
  validAttachments: { containerID: string; ifname: string }[] | undefined;
}

/** The portMappings capability: what a container's hostPort becomes. */
export interface PortMapping {
  hostPort: number;
  containerPort: number;
  protocol: 'tcp' | 'udp' | 'sctp';
  hostIP?: string;
}

export interface CniResult {
  cniVersion: string;
  interfaces: { name: string; mac: string; sandbox?: string }[];
  ips: { version?: '4' | '6'; address: string; gateway: string; interface: number }[];
  routes: { dst: string; gw: string }[];
  dns: Record<string, never>;
}

/** The specification's error codes, and 100 and above for our own. */
export const cniCode = {
  incompatibleVersion: 1,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodeFailure: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  /** Of STATUS. */
  notAvailable: 50,
  noAddresses: 100,
  networkFailure: 101,
  /** Of CHECK. */
  notAsAdded: 102,
} as const;

export class CniError extends Error {
  readonly code: number;
  readonly details: string | undefined;
  constructor(code: number, message: string, options?: ErrorOptions & { details?: string }) {
    super(message, options);
    this.name = 'CniError';
    this.code = code;
    this.details = options?.details;
  }
}

interface NetworkConfig {
  cniVersion?: unknown;
  runtimeConfig?: { portMappings?: unknown };
  'cni.dev/valid-attachments'?: unknown;
}

/**
 * Reads what the plugin sent: `CNI_*` lines, an empty line, the configuration.
 * @throws CniError with the specification's code for what is missing or malformed.
 */
export function parseRequest(text: string): CniRequest {
  const end = text.indexOf('\n\n');
  if (end < 0 && !text.startsWith('\n')) {
    throw new CniError(cniCode.decodeFailure, 'the request has no configuration');
  }
  const variables = new Map(text.slice(0, Math.max(end, 0)).split('\n').map(splitVariable));
  const config = parseConfig(text.slice(end + 2));
  const command = variables.get('CNI_COMMAND') ?? '';
  if (!isCommand(command)) {
    throw new CniError(cniCode.invalidEnvironment, `unknown CNI_COMMAND: "${command}"`);
  }
  const cniVersion = String(config.cniVersion ?? '0.1.0');
  if (!supportedVersions.includes(cniVersion) && command !== 'GC' && command !== 'STATUS') {
    throw new CniError(cniCode.incompatibleVersion, `incompatible CNI version "${cniVersion}"`, {
      details: `supported: ${supportedVersions.join(', ')}`,
    });
  }
  const request: CniRequest = {
    command,
    cniVersion,
    containerId: variables.get('CNI_CONTAINERID') ?? '',
    netns: variables.get('CNI_NETNS') ?? '',
    ifname: variables.get('CNI_IFNAME') ?? '',
    args: parseArgs(variables.get('CNI_ARGS') ?? ''),
    portMappings: parsePortMappings(config.runtimeConfig?.portMappings),
    validAttachments: parseAttachments(config['cni.dev/valid-attachments']),
  };
  checkEnvironment(request);
  return request;
}

function splitVariable(line: string): [string, string] {
  const equals = line.indexOf('=');
  return [line.slice(0, equals), line.slice(equals + 1)];
}

function isCommand(word: string): word is CniCommand {
  return ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'].includes(word);
}

function parseConfig(text: string): NetworkConfig {
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null) return config;
  } catch (cause) {
    throw new CniError(cniCode.decodeFailure, 'the network configuration is no JSON', { cause });
  }
  throw new CniError(cniCode.decodeFailure, 'the network configuration is no JSON object');
}

/** The patterns are the specification's; they also make the values safe as names and words of commands. */
function checkEnvironment({ command, containerId, ifname, netns }: CniRequest): void {
  if (command === 'GC' || command === 'STATUS') return;
  const wrong: string[] = [];
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,255}$/.test(containerId)) wrong.push('CNI_CONTAINERID');
  if (!/^[^\s/:]{1,15}$/.test(ifname) || ifname === '.' || ifname === '..') wrong.push('CNI_IFNAME');
  if (!/^[\w@:./+-]*$/.test(netns) || (command !== 'DEL' && netns === '')) wrong.push('CNI_NETNS');
  if (wrong.length > 0) {
    throw new CniError(
      cniCode.invalidEnvironment,
      `required env variables [${wrong.join(',')}] missing or invalid`,
    );
  }
}

function parseArgs(text: string): Record<string, string> {
  const pairs = text.split(';').filter(pair => pair.includes('='));
  return Object.fromEntries(pairs.map(splitVariable));
}

function parsePortMappings(value: unknown): PortMapping[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    throw new CniError(cniCode.invalidConfig, 'runtimeConfig.portMappings is no list');
  }
  return value.flatMap((row: Record<string, unknown>) => {
    // containerd writes `HostPort`; Go's own plugins do not tell capitals apart.
    const fields = new Map(Object.entries(row).map(([name, field]) => [name.toLowerCase(), field]));
    const [hostPort, containerPort, hostIP] = ['hostport', 'containerport', 'hostip'].map(name =>
      fields.get(name),
    );
    const protocol = String(fields.get('protocol') ?? 'tcp').toLowerCase();
    if (hostPort === 0 || hostPort === undefined) return [];
    if (!isPort(hostPort) || !isPort(containerPort) || !isProtocol(protocol)) {
      throw new CniError(cniCode.invalidConfig, `invalid port mapping: ${JSON.stringify(row)}`);
    }
    const address = typeof hostIP === 'string' && hostIP !== '' ? { hostIP } : {};
    return [{ hostPort, containerPort, protocol, ...address }];
  });
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

function isProtocol(word: string): word is PortMapping['protocol'] {
  return word === 'tcp' || word === 'udp' || word === 'sctp';
}

function parseAttachments(value: unknown): CniRequest['validAttachments'] {
  return Array.isArray(value) ? (value as { containerID: string; ifname: string }[]) : undefined;
}

/** The error as the specification wants it printed. */
export function errorAnswer(error: unknown, cniVersion: string): object {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CniError)) return { cniVersion, code: cniCode.networkFailure, msg: message };
  const { code, details } = error;
  return { cniVersion, code, msg: message, ...(details && { details }) };
}
