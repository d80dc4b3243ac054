import { formatDuration } from '../../api/time.ts';
import { imageCollection } from '../container/image-collector.ts';
import { maxLogBytes, maxLogFiles } from '../housekeeping.ts';
import type { NodeFacts } from '../node-facts.ts';
import { refreshInterval } from '../pod/mounted-volumes.ts';
import { leaseDurationSeconds } from '../registration/node-lease.ts';
import { kubeletPort } from '../registration/node-object.ts';
import { checkInterval, reportInterval } from '../registration/node-registrar.ts';
import { kept } from './kubelet-access.ts';

/** What a node says of how it is configured: `kubelet.config.k8s.io/v1beta1`, as far as it is true of this agent. */
export function kubeletConfiguration(facts: NodeFacts): Record<string, unknown> {
  return {
    syncFrequency: formatDuration(refreshInterval),
    address: facts.hostIPs[0],
    port: kubeletPort,
    authentication: {
      x509: {},
      webhook: { enabled: true, cacheTTL: formatDuration(kept.token) },
      anonymous: { enabled: false },
    },
    authorization: {
      mode: 'Webhook',
      webhook: {
        cacheAuthorizedTTL: formatDuration(kept.allowed),
        cacheUnauthorizedTTL: formatDuration(kept.denied),
      },
    },
    clusterDomain: facts.clusterDns.domain,
    clusterDNS: facts.clusterDns.servers,
    nodeStatusUpdateFrequency: formatDuration(checkInterval),
    nodeStatusReportFrequency: formatDuration(reportInterval),
    nodeLeaseDurationSeconds: leaseDurationSeconds,
    imageMinimumGCAge: formatDuration(imageCollection.minAge),
    imageMaximumGCAge: '0s',
    imageGCHighThresholdPercent: imageCollection.highPercent,
    imageGCLowThresholdPercent: imageCollection.lowPercent,
    cgroupRoot: facts.cgroupRoot,
    cgroupsPerQOS: true,
    cgroupDriver: 'cgroupfs',
    maxPods: Number(facts.allocatable.pods),
    serializeImagePulls: false,
    failSwapOn: false,
    memorySwap: {},
    containerLogMaxSize: `${maxLogBytes / 2 ** 20}Mi`,
    containerLogMaxFiles: maxLogFiles,
    // Nothing is evicted for want of memory or disk.
    evictionHard: {},
    enforceNodeAllocatable: ['none'],
  };
}
