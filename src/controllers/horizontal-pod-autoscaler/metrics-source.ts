import { parseDuration } from '../../api/cel/instants.ts';
import { milliOf } from '../../api/quantity.ts';
import { timeOf } from '../../api/time.ts';
import { queryString } from '../../client/client.ts';
import type { Transport } from '../../client/transport.ts';
import { isNotFound } from '../api-failures.ts';
import { MetricError, type PodMetric, type PodMetrics } from './replica-count.ts';

interface ListedPodMetrics {
  items?: {
    metadata: { name: string };
    timestamp: string;
    window: string;
    containers?: { name: string; usage: Record<string, string> }[];
  }[];
}

interface MetricValue {
  describedObject: { name: string };
  timestamp?: string;
  windowSeconds?: number;
  value: string;
}

/** A metric's name and what its labels must be, as text. */
export interface MetricName {
  name: string;
  selector: string;
}

const resourceApi = 'unable to fetch metrics from resource metrics API';
const customApi = 'unable to fetch metrics from custom metrics API';
const externalApi = 'unable to fetch metrics from external metrics API';
const customGroup = 'custom.metrics.k8s.io';
const externalGroup = 'external.metrics.k8s.io';
/** Milliseconds a custom metric is taken to have been collected for where it does not say. */
const defaultWindow = 60_000;
/** Best first. */
const customVersions = ['v1beta2', 'v1beta1'];

/** Numbers about pods and other things, from whoever serves them. Errors are upstream's, in its words. */
export class MetricsSource {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * What pods, or one container of each, use of a resource.
   * @param selector of pods, as text
   * @throws MetricError
   */
  async resource(
    namespace: string,
    selector: string,
    resource: string,
    container: string | undefined,
  ): Promise<PodMetrics> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
    const query = queryString({ labelSelector: selector });
    const { items = [] } = await this.#get<ListedPodMetrics>(
      path + query,
      resourceApi,
      'pods.metrics.k8s.io',
    );
    if (items.length === 0) throw new MetricError('no metrics returned from resource metrics API');
    const found = new Map<string, PodMetric>();
    for (const { metadata, timestamp, window, containers = [] } of items) {
      const counted = containers.filter(({ name }) => container === undefined || name === container);
      const values = counted.map(({ usage }) => usage[resource]);
      if (values.length === 0 || values.includes(undefined)) continue;
      const value = values.reduce((sum, text) => sum + milliOf(text!), 0);
      found.set(metadata.name, { value, at: timeOf(timestamp), window: milliseconds(window) });
    }
    return found;
  }

  /** A metric of each pod. @throws MetricError */
  async pods(namespace: string, selector: string, metric: MetricName): Promise<PodMetrics> {
    const items = await this.#custom(`namespaces/${namespace}/pods/*/${metric.name}`, {
      labelSelector: selector,
      metricLabelSelector: metric.selector,
    });
    if (items.length === 0) throw new MetricError('no metrics returned from custom metrics API');
    return new Map(
      items.map(({ describedObject, timestamp, windowSeconds, value }) => {
        const window = windowSeconds === undefined ? defaultWindow : windowSeconds * 1000;
        return [describedObject.name, { value: milliOf(value), at: timeOf(timestamp), window }];
      }),
    );
  }

  /**
   * A metric of one object, in thousandths.
   * @param resource `services`, `ingresses.networking.k8s.io`
   * @throws MetricError
   */
  async object(namespace: string, resource: string, name: string, metric: MetricName): Promise<number> {
    const where =
      resource === 'namespaces'
        ? `namespaces/${namespace}/metrics/${metric.name}`
        : `namespaces/${namespace}/${resource}/${name}/${metric.name}`;
    const items = await this.#custom(where, { metricLabelSelector: metric.selector });
    if (items.length !== 1) {
      const count = `the custom metrics API server returned ${items.length} results`;
      throw new MetricError(`${customApi}: ${count} when we asked for exactly one`);
    }
    return milliOf(items[0]!.value);
  }

  /** The sum of a metric from outside of the cluster, in thousandths. @throws MetricError */
  async external(namespace: string, metric: MetricName): Promise<number> {
    const path = `/apis/${externalGroup}/v1beta1/namespaces/${namespace}/${metric.name}`;
    const { items = [] } = await this.#get<{ items?: MetricValue[] }>(
      path + queryString({ labelSelector: metric.selector }),
      externalApi,
      `${metric.name}.${externalGroup}`,
    );
    if (items.length === 0) throw new MetricError('no metrics returned from external metrics API');
    return items.reduce((sum, { value }) => sum + milliOf(value), 0);
  }

  async #custom(where: string, query: Record<string, string>): Promise<MetricValue[]> {
    const version = await this.#customVersion();
    const path = `/apis/${customGroup}/${version}/${where}${queryString(query)}`;
    const { items = [] } = await this.#get<{ items?: MetricValue[] }>(path, customApi, customGroup);
    return items;
  }

  async #customVersion(): Promise<string> {
    const path = `/apis/${customGroup}`;
    const group = await this.#transport
      .request<{ versions?: { version: string }[] }>({ method: 'GET', path })
      .catch(error => {
        if (isNotFound(error)) return { versions: [] };
        throw failure(customApi, error);
      });
    const served = (group.versions ?? []).map(({ version }) => version);
    const version = customVersions.find(each => served.includes(each));
    if (version) return version;
    throw new MetricError(`${customApi}: no custom metrics API (${customGroup}) registered`);
  }

  async #get<T>(path: string, api: string, what: string): Promise<T> {
    try {
      return await this.#transport.request<T>({ method: 'GET', path });
    } catch (error) {
      throw failure(api, error, isNotFound(error) ? ` (get ${what})` : '');
    }
  }
}

function failure(api: string, cause: unknown, note = ''): MetricError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new MetricError(`${api}: ${why.trim()}${note}`, { cause });
}

/** Of a duration as Go writes it. */
function milliseconds(text: string): number {
  return Number(parseDuration(text)?.nanos ?? 0n) / 1e6;
}
