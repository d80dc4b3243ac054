import type { CustomResourceConversion, WebhookConversion } from '../../api/generated/types.ts';
import { isObject } from '../../api/json.ts';
import { formatApiVersion, type KubeObject, parseApiVersion } from '../../api/objects.ts';
import { ApiError } from '../../api/status.ts';
import type { Random } from '../random.ts';
import type { WebhookClient } from '../webhook/webhook-client.ts';

/** Objects of one ConversionReview. */
const batchSize = 500;
const timeoutSeconds = 30;
const understood = ['v1', 'v1beta1'];

/** Makes other versions of custom resources; the results are fresh. @throws ApiError 500 */
export type Convert = (objects: readonly KubeObject[], apiVersion: string) => Promise<KubeObject[]>;

export interface ConversionDeps {
  webhooks: Pick<WebhookClient, 'post'>;
  random: Random;
}

/** Asks a definition's webhook; undefined where its strategy is None. */
export function webhookConverter(
  deps: ConversionDeps,
  conversion: CustomResourceConversion | undefined,
): Convert | undefined {
  const { webhook } = conversion ?? {};
  if (conversion?.strategy !== 'Webhook' || !webhook) return undefined;
  return async (objects, apiVersion) => {
    const converted: KubeObject[] = [];
    for (let at = 0; at < objects.length; at += batchSize) {
      converted.push(...(await review(deps, webhook, objects.slice(at, at + batchSize), apiVersion)));
    }
    return converted;
  };
}

async function review(
  { webhooks, random }: ConversionDeps,
  webhook: WebhookConversion,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
): Promise<KubeObject[]> {
  const version = webhook.conversionReviewVersions.find(each => understood.includes(each)) ?? 'v1';
  const apiVersion = `apiextensions.k8s.io/${version}`;
  const uid = random.uuid();
  const body = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } };
  const about = `conversion webhook for ${kindText(objects[0])}`;
  let answer: Record<string, unknown>;
  try {
    answer = await webhooks.post({ config: webhook.clientConfig ?? {}, body, timeoutSeconds });
  } catch (cause) {
    throw failed(`${about} failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const { response } = answer;
  if (answer.apiVersion !== apiVersion || answer.kind !== 'ConversionReview' || !isObject(response)) {
    const got = JSON.stringify(`${answer.apiVersion ?? ''}, Kind=${answer.kind ?? ''}`);
    throw failed(
      `${about} returned invalid response: expected webhook response of ${apiVersion}, Kind=ConversionReview, got ${got}`,
    );
  }
  if (response.uid !== uid) {
    throw failed(
      `${about} returned invalid response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid)}`,
    );
  }
  const result = isObject(response.result) ? response.result : {};
  if (result.status !== 'Success') {
    throw failed(
      `${about} failed: ${result.message ?? `unsuccessful response from webhook: ${JSON.stringify(result)}`}`,
    );
  }
  const converted = Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
  if (converted.length !== objects.length) {
    throw failed(`${about} returned ${converted.length} objects, expected ${objects.length}`);
  }
  return objects.map((object, index) => checked(about, object, converted[index], desiredAPIVersion, index));
}

/** The converted object with the metadata of the original: labels and annotations alone may change. */
function checked(
  about: string,
  original: KubeObject,
  converted: unknown,
  apiVersion: string,
  index: number,
): KubeObject {
  const refuse = (why: string) =>
    failed(`${about} returned invalid converted object at index ${index}: ${why}`);
  if (!isObject(converted)) throw refuse('it is no object');
  if (converted.apiVersion !== apiVersion) {
    throw refuse(`invalid groupVersion (expected ${apiVersion}, received ${converted.apiVersion ?? ''})`);
  }
  if (converted.kind !== original.kind) {
    throw refuse(`invalid kind (expected ${original.kind}, received ${converted.kind ?? ''})`);
  }
  const metadata = isObject(converted.metadata) ? converted.metadata : {};
  for (const field of ['name', 'namespace', 'uid'] as const) {
    const [was = '', is = ''] = [original.metadata?.[field], metadata[field]];
    if (was !== is) throw refuse(`invalid metadata: must have the same ${field}: ${was} != ${is}`);
  }
  const { labels: _, annotations: __, ...kept } = original.metadata ?? {};
  const { labels, annotations } = metadata;
  return {
    ...converted,
    metadata: { ...kept, ...(isObject(labels) && { labels }), ...(isObject(annotations) && { annotations }) },
  } as KubeObject;
}

function kindText(object: KubeObject | undefined): string {
  const { group, version } = parseApiVersion(object?.apiVersion ?? '');
  return `${formatApiVersion(group, version)}, Kind=${object?.kind ?? ''}`;
}

function failed(message: string, cause?: unknown): ApiError {
  return new ApiError({ message, code: 500 }, cause === undefined ? undefined : { cause });
}
