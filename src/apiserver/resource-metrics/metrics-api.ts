import { fieldMatcher, parseFieldSelector } from '../../api/field-selector.ts';
import type { Node, Pod } from '../../api/generated/types.ts';
import { matchesLabels, parseLabelSelector, SelectorError } from '../../api/label-selector.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { formatQuantity, quantityOf } from '../../api/quantity.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import { badRequest, methodNotAllowed, notFound } from '../../api/status.ts';
import { formatDuration, formatTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Call } from '../call.ts';
import type { ServerResponse } from '../exchange.ts';
import { negotiate } from '../negotiation.ts';
import { encoded, metadataOnly } from '../registry/representation.ts';
import { type TableOptions, tableFor } from '../tables/table.ts';
import {
  metricsApiVersion,
  metricsGroup,
  metricsVersion,
  type NodeMetrics,
  nodeMetricsResource,
  type PodMetrics,
  podMetricsResource,
  type ResourceUsage,
} from './metrics-kinds.ts';
import type { Usage } from './readings.ts';
import type { UsageReader } from './usage-reader.ts';

/** Answers for `metrics.k8s.io/v1beta1` as metrics-server does, where no other server is registered for it. */
export class MetricsApi {
  readonly #deps: { clock: Clock; reader: ObjectReader; usage: UsageReader };

  constructor(deps: { clock: Clock; reader: ObjectReader; usage: UsageReader }) {
    this.#deps = deps;
  }

  /**
   * Undefined for what is not of this group version.
   * @throws ApiError 400, 404, 405
   */
  handle(call: Call): Promise<ServerResponse> | undefined {
    const { group, version, resource, namespace, subresource } = call.info;
    if (group !== metricsGroup || version !== metricsVersion || subresource !== '') return undefined;
    if (resource === 'nodes' && namespace === '') return this.#answer(call, nodeMetricsResource);
    return resource === 'pods' ? this.#answer(call, podMetricsResource) : undefined;
  }

  async #answer(call: Call, resource: ResourceInfo): Promise<ServerResponse> {
    const { verb, pathName } = call.info;
    if (verb !== 'get' && verb !== 'list') {
      throw methodNotAllowed('the server does not allow this method on the requested resource');
    }
    const accept = negotiate(call.request);
    const objects = this.#selected(call, resource);
    await this.#deps.usage.refresh();
    const items = objects.map(each => this.#metricsOf(each, resource)).filter(each => each !== undefined);
    if (pathName !== '' && items.length === 0) throw noMetrics(call, resource);
    if (accept.as === 'Table') return encoded(accept, 200, this.#table(call, resource, items));
    const shown = accept.as === undefined ? items : items.map(metadataOnly);
    const whole = { apiVersion: metricsApiVersion, kind: resource.kind };
    if (pathName !== '') return encoded(accept, 200, { ...whole, ...shown[0] });
    const list =
      accept.as === undefined
        ? { kind: `${resource.kind}List`, apiVersion: metricsApiVersion }
        : { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };
    return encoded(accept, 200, { ...list, metadata: {}, items: shown });
  }

  /** The nodes or pods asked for, by name. */
  #selected({ info, request: { query } }: Call, resource: ResourceInfo): Stored<Node | Pod>[] {
    const { reader } = this.#deps;
    const { pathName, namespace } = info;
    if (pathName !== '') {
      const found = reader.get<Node | Pod>(resource.plural, namespace, pathName);
      if (!found) throw notFound({ resource: resource.plural }, pathName);
      return [found];
    }
    const matches = selectorOf(resource, query);
    return reader.list<Node | Pod>(resource.plural, namespace).filter(matches);
  }

  #metricsOf(object: Stored<Node | Pod>, resource: ResourceInfo): NodeMetrics | PodMetrics | undefined {
    const { name, namespace, labels } = object.metadata;
    const creationTimestamp = formatTime(this.#deps.clock.now());
    const metadata = { name, ...(namespace && { namespace }), creationTimestamp, ...(labels && { labels }) };
    if (resource === nodeMetricsResource) {
      const usage = this.#deps.usage.node(name);
      return usage && { metadata, ...measured(usage), usage: quantities(usage) };
    }
    const { spec, status } = object as Stored<Pod>;
    if (status?.phase !== 'Running') return undefined;
    const used = this.#deps.usage.pod(spec?.nodeName ?? '', `${namespace}/${name}`);
    if (!used || used.size === 0) return undefined;
    const containers = [...used].map(([name, usage]) => ({ name, usage: quantities(usage) }));
    const earliest = [...used.values()].reduce((a, b) => (b.at < a.at ? b : a));
    return { metadata, ...measured(earliest), containers };
  }

  #table(call: Call, resource: ResourceInfo, items: readonly KubeObject[]): object {
    const includeObject = call.request.query.get('includeObject') as TableOptions['includeObject'] | null;
    return tableFor(resource, items, {
      now: this.#deps.clock.now(),
      ...(includeObject && { includeObject }),
    });
  }
}

function selectorOf(resource: ResourceInfo, query: URLSearchParams): (object: Stored) => boolean {
  try {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = fieldMatcher(parseFieldSelector(query.get('fieldSelector') ?? ''), resource);
    return object => matchesLabels(labels, object.metadata.labels ?? {}) && fields(object);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw badRequest(error.message);
  }
}

function noMetrics({ info: { namespace, pathName } }: Call, { kind }: ResourceInfo) {
  const of = { group: metricsGroup, resource: kind.toLowerCase() };
  return notFound(of, namespace ? `${namespace}/${pathName}` : pathName);
}

function measured({ at, window }: Usage): { timestamp: string; window: string } {
  return { timestamp: formatTime(at), window: formatDuration(window) };
}

/** CPU in billionths of a core, memory in bytes, as metrics-server writes them. */
function quantities({ cpu, memory }: Usage): ResourceUsage {
  return {
    cpu: formatQuantity({ mantissa: BigInt(Math.round(cpu * 1e9)), scale: -9, format: 'DecimalSI' }),
    memory: formatQuantity(quantityOf(memory, 'BinarySI')),
  };
}
