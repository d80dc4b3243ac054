import type { GroupVersionKind, KubeObject } from '../../api/objects.ts';
import type { AdmissionAttributes, AdmissionChain } from '../admission/admission.ts';
import type { Call } from '../call.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { writeOptions } from './write-options.ts';

/** What a subresource is told that speaks of a kind of its own: a Binding, an Eviction, a Scale. */
export interface SubresourceWrite {
  operation: 'CREATE' | 'UPDATE';
  subresource: string;
  kind: GroupVersionKind;
  name: string;
  object: KubeObject;
  oldObject?: KubeObject;
}

/** Asks webhooks and policies about it; they may change the object. @throws ApiError what they say */
export async function admitSubresource(
  admission: AdmissionChain,
  call: Call,
  endpoint: ResourceEndpoint,
  write: SubresourceWrite,
): Promise<void> {
  const { user, dryRun, warnings, requestOptions } = writeOptions(call);
  const attributes: AdmissionAttributes = {
    ...write,
    oldObject: write.oldObject,
    endpoint,
    namespace: call.info.namespace,
    user,
    dryRun,
    warnings,
    options: requestOptions,
  };
  await admission.admitConfigured(attributes);
  await admission.validateConfigured(attributes);
}
