import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { InformerFactory } from '../client/informer-factory.ts';
import type { Transport } from '../client/transport.ts';
import type { CertificateAuthority } from '../controllers/certificates/certificate-authority.ts';
import { CertificateController } from '../controllers/certificates/certificate-controller.ts';
import { ClusterDnsController } from '../controllers/cluster-dns/cluster-dns-controller.ts';
import { ClusterRoleAggregationController } from '../controllers/cluster-role-aggregation/cluster-role-aggregation-controller.ts';
import type { ControllerDeps } from '../controllers/controller.ts';
import { CronJobController } from '../controllers/cron-job/cron-job-controller.ts';
import { DaemonSetController } from '../controllers/daemon-set/daemon-set-controller.ts';
import { DeploymentController } from '../controllers/deployment/deployment-controller.ts';
import { EndpointSliceController } from '../controllers/endpoint-slice/endpoint-slice-controller.ts';
import { EndpointSliceMirroringController } from '../controllers/endpoint-slice-mirroring/endpoint-slice-mirroring-controller.ts';
import { EndpointsController } from '../controllers/endpoints/endpoints-controller.ts';
import { EphemeralVolumeController } from '../controllers/ephemeral-volume/ephemeral-volume-controller.ts';
import { GarbageCollector } from '../controllers/garbage-collector/garbage-collector.ts';
import { HorizontalPodAutoscalerController } from '../controllers/horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts';
import { JobController } from '../controllers/job/job-controller.ts';
import { LoadBalancerController } from '../controllers/load-balancer/load-balancer-controller.ts';
import { NamespaceController } from '../controllers/namespace/namespace-controller.ts';
import { NodeIpamController } from '../controllers/node-ipam/node-ipam-controller.ts';
import { NodeLifecycleController } from '../controllers/node-lifecycle/node-lifecycle-controller.ts';
import { PersistentVolumeBinder } from '../controllers/persistent-volume-binder/persistent-volume-binder.ts';
import { PodDisruptionBudgetController } from '../controllers/pod-disruption-budget/pod-disruption-budget-controller.ts';
import { PodGcController } from '../controllers/pod-gc/pod-gc-controller.ts';
import { ReplicaSetController } from '../controllers/replica-set/replica-set-controller.ts';
import { ReplicationController } from '../controllers/replication-controller/replication-controller.ts';
import { ResourceQuotaController } from '../controllers/resource-quota/resource-quota-controller.ts';
import { RootCaPublisher } from '../controllers/root-ca/root-ca-publisher.ts';
import { ServiceAccountController } from '../controllers/service-account/service-account-controller.ts';
import { TokenSecretsController } from '../controllers/service-account-tokens/token-secrets-controller.ts';
import { ServiceCidrController } from '../controllers/service-cidr/service-cidr-controller.ts';
import { StatefulSetController } from '../controllers/stateful-set/stateful-set-controller.ts';
import { TaintEvictionController } from '../controllers/taint-eviction/taint-eviction-controller.ts';
import { TtlAfterFinishedController } from '../controllers/ttl-after-finished/ttl-after-finished-controller.ts';
import { PolicyStatusController } from '../controllers/validating-admission-policy-status/policy-status-controller.ts';
import { ClaimProtection, VolumeProtection } from '../controllers/volume-protection/volume-protection.ts';
import type { ClusterNetwork } from './config.ts';

export interface ControllerPorts {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  informers: InformerFactory;
  /** Access to the API for the service account of one controller. */
  transportFor(account: string): Transport;
  recorderFor(component: string, account: string): EventRecorder;
  /** Signs claims with the key of service-account tokens. */
  signToken(claims: Record<string, unknown>): string;
  /** Signs certificates; without it signing requests stay as they are. */
  authority?: CertificateAuthority;
}

export interface ControllerOptions {
  network: ClusterNetwork;
  /** Certificates of the cluster's authority, PEM. */
  rootCa: string;
  /** Addresses for Services of type LoadBalancer: `172.30.0.200-172.30.0.254`, or subnets. */
  loadBalancerPools: readonly string[];
}

/** All controllers of the cluster, in the order they start. Each acts as a service account of its own. */
export function assembleControllers(ports: ControllerPorts, options: ControllerOptions): Component[] {
  const { clock, log, decisions, informers } = ports;
  const depsOf = (account: string, component = account): ControllerDeps => ({
    clock,
    log,
    decisions,
    informers,
    transport: ports.transportFor(account),
    recorder: ports.recorderFor(component, account),
  });
  const { network, rootCa } = options;
  const nodePrefix = Object.fromEntries(
    network.ipFamilies.map((family, i) => [family, network.nodeMaskSizes[i]]),
  );
  return [
    new NodeIpamController(depsOf('node-controller'), { clusterCidrs: network.podSubnets, nodePrefix }),
    new NodeLifecycleController(depsOf('node-controller')),
    new TaintEvictionController(depsOf('node-controller', 'taint-eviction-controller')),
    new PodGcController(depsOf('pod-garbage-collector')),
    new NamespaceController(depsOf('namespace-controller')),
    new ServiceAccountController(depsOf('service-account-controller')),
    new TokenSecretsController(depsOf('tokens-controller'), { rootCa, sign: ports.signToken }),
    new RootCaPublisher(depsOf('root-ca-cert-publisher'), { caBundle: rootCa }),
    new GarbageCollector(depsOf('generic-garbage-collector')),
    new ResourceQuotaController(depsOf('resourcequota-controller')),
    new ReplicaSetController(depsOf('replicaset-controller')),
    new ReplicationController(depsOf('replication-controller')),
    new DeploymentController(depsOf('deployment-controller')),
    new EndpointSliceController(depsOf('endpointslice-controller')),
    new EndpointsController(depsOf('endpoint-controller')),
    new EndpointSliceMirroringController(depsOf('endpointslicemirroring-controller')),
    new LoadBalancerController(depsOf('service-controller'), { pool: options.loadBalancerPools }),
    new ServiceCidrController(depsOf('service-cidrs-controller')),
    new StatefulSetController(depsOf('statefulset-controller')),
    new DaemonSetController(depsOf('daemon-set-controller')),
    new JobController(depsOf('job-controller')),
    new CronJobController(depsOf('cronjob-controller')),
    new TtlAfterFinishedController(depsOf('ttl-after-finished-controller')),
    new PodDisruptionBudgetController(depsOf('disruption-controller')),
    new HorizontalPodAutoscalerController(depsOf('horizontal-pod-autoscaler')),
    new PersistentVolumeBinder(depsOf('persistent-volume-binder', 'persistentvolume-controller')),
    new EphemeralVolumeController(depsOf('ephemeral-volume-controller')),
    new ClaimProtection(depsOf('pvc-protection-controller')),
    new VolumeProtection(depsOf('pv-protection-controller')),
    new ClusterRoleAggregationController(depsOf('clusterrole-aggregation-controller')),
    new PolicyStatusController(depsOf('validatingadmissionpolicy-status-controller')),
    ...(ports.authority
      ? [new CertificateController({ ...depsOf('certificate-controller'), authority: ports.authority })]
      : []),
    new ClusterDnsController(depsOf('cluster-dns-controller'), { addresses: network.clusterDns }),
  ];
}
