import { errorChain, type Logger } from '../../base/log.ts';
import type { Sysctl } from '../../kernel/sysctl.ts';

/**
 * Seconds for which the kernel remembers a TCP connection nothing is sent on: kube-proxy's settings (its
 * configuration's `conntrack.tcpEstablishedTimeout` and `tcpCloseWaitTimeout`). By the kernel's own 60 s, the answer
 * of a server that takes longer would be lost once the client has closed its side.
 */
const timeouts = { established: 86_400, close_wait: 3_600 };

/** Sets them for the node. Where the kernel refuses, as on a read-only /proc/sys, its own hold. */
export async function setFlowTimeouts({ sysctl, log }: { sysctl: Sysctl; log: Logger }): Promise<void> {
  for (const [state, seconds] of Object.entries(timeouts)) {
    try {
      await sysctl.set(`net/netfilter/nf_conntrack_tcp_timeout_${state}`, `${seconds}`);
    } catch (error) {
      log.warn('time-outs of connections stay those of the kernel', { state, error: errorChain(error) });
    }
  }
}
