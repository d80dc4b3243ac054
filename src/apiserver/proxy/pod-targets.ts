import type { Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { badRequest, type FieldError, invalid, notFound } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Call } from '../call.ts';
import { isTrue } from '../filters/request-info.ts';
import type { Target } from './forward.ts';
import type { NodeClient } from './node-client.ts';

/** Where the kubelet API of a pod's node answers `log`, `exec`, `attach` and `portforward` of the pod. */
export class PodTargets {
  readonly #reader: ObjectReader;
  readonly #nodes: NodeClient;

  constructor(reader: ObjectReader, nodes: NodeClient) {
    this.#reader = reader;
    this.#nodes = nodes;
  }

  /**
   * Undefined for the logs of a pod that has no node yet: there are none.
   * @throws ApiError 404, 400 for a container that is not there or not named, 422 for options that make no sense
   */
  log(call: Call): Target | undefined {
    const pod = this.#pod(call);
    const query = logQuery(call);
    const container = containerOf(pod, call.request.query.get('container') ?? '');
    const node = pod.spec?.nodeName;
    if (!node) return undefined;
    return this.#target(node, `/containerLogs/${placeOf(pod)}/${container}`, query);
  }

  /** `exec` and `attach`. @throws ApiError */
  stream(call: Call, kind: 'exec' | 'attach'): Target {
    const pod = this.#pod(call);
    const asked = call.request.query;
    const container = containerOf(pod, asked.get('container') ?? '');
    const query = new URLSearchParams();
    const flags = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };
    for (const [flag, kubelet] of Object.entries(flags)) if (isTrue(asked.get(flag))) query.set(kubelet, '1');
    if (kind === 'exec') {
      const command = asked.getAll('command');
      if (command.length === 0) throw badRequest('you must specify at least 1 command for the container');
      for (const word of command) query.append('command', word);
    }
    if (![...query.keys()].some(key => key === 'input' || key === 'output' || key === 'error')) {
      throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
    }
    return this.#target(nodeOf(pod), `/${kind}/${placeOf(pod)}/${container}`, query);
  }

  portForward(call: Call): Target {
    const pod = this.#pod(call);
    const query = new URLSearchParams();
    for (const port of call.request.query.getAll('ports')) query.append('port', port);
    return this.#target(nodeOf(pod), `/portForward/${placeOf(pod)}`, query);
  }

  #pod({ info }: Call): Stored<Pod> {
    const pod = this.#reader.get<Pod>('pods', info.namespace, info.pathName);
    if (!pod) throw notFound({ resource: 'pods' }, info.pathName);
    return pod;
  }

  #target(node: string, path: string, query: URLSearchParams): Target {
    const text = query.toString();
    return { secure: true, options: this.#nodes.target(node), path: text ? `${path}?${text}` : path };
  }
}

function placeOf({ metadata }: Stored<Pod>): string {
  return `${encodeURIComponent(metadata.namespace ?? '')}/${encodeURIComponent(metadata.name)}`;
}

function nodeOf(pod: Stored<Pod>): string {
  if (!pod.spec?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return pod.spec.nodeName;
}

/** The named container, or the only one (upstream: registry/core/pod/strategy.go, validateContainer). */
function containerOf({ metadata, spec }: Stored<Pod>, asked: string): string {
  const names = (list: { name: string }[] | undefined) => (list ?? []).map(each => each.name);
  const containers = names(spec?.containers);
  const init = names(spec?.initContainers);
  if (asked !== '') {
    const all = [...containers, ...init, ...names(spec?.ephemeralContainers)];
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${metadata.name}`);
    return encodeURIComponent(asked);
  }
  if (containers.length === 1) return encodeURIComponent(containers[0]!);
  let message = `a container name must be specified for pod ${metadata.name}, choose one of: [${containers.join(' ')}]`;
  if (init.length > 0) message += ` or one of the init containers: [${init.join(' ')}]`;
  throw badRequest(message);
}

const logFlags = ['follow', 'previous', 'timestamps'];
const logNumbers = ['sinceSeconds', 'tailLines', 'limitBytes'];

/** The log options for the kubelet, checked (upstream: ValidatePodLogOptions). */
function logQuery(call: Call): URLSearchParams {
  const asked = call.request.query;
  const query = new URLSearchParams();
  const found: FieldError[] = [];
  for (const flag of logFlags) if (isTrue(asked.get(flag))) query.set(flag, 'true');
  for (const name of logNumbers) {
    const text = asked.get(name);
    if (text === null || text === '') continue;
    if (!/^-?\d{1,18}$/.test(text))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    const least = name === 'tailLines' ? 0 : 1;
    if (Number(text) < least) {
      const message = `Invalid value: ${text}: must be greater than ${least === 0 ? 'or equal to 0' : '0'}`;
      found.push({ reason: 'FieldValueInvalid', field: name, message });
    }
    query.set(name, text);
  }
  const sinceTime = asked.get('sinceTime');
  if (sinceTime && query.has('sinceSeconds')) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    found.push({ reason: 'FieldValueForbidden', field: '', message });
  } else if (sinceTime) query.set('sinceTime', sinceTime);
  const stream = asked.get('stream');
  if (stream && stream !== 'All') query.set('stream', stream);
  if (found.length > 0) throw invalid({ resource: 'PodLogOptions' }, call.info.pathName, found);
  return query;
}
