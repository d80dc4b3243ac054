import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest, SubjectAccessReview } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isConflict, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { builtin } from '../resources.ts';
import type { CertificateAuthority, RequestedCertificate } from './certificate-authority.ts';
import { conditionOf, requestPem, withCondition } from './request-conditions.ts';
import { kubeletClientError, kubeletClientSigner, signerRules } from './signers.ts';

export interface CertificateControllerOptions {
  /** Milliseconds a certificate lasts where the request does not ask for less. */
  duration?: number;
}

const requests = builtin('certificates.k8s.io/v1', 'certificatesigningrequests');
const reviews = builtin('authorization.k8s.io/v1', 'subjectaccessreviews');
const hour = 60 * 60 * 1000;
const defaultDuration = 365 * 24 * hour;
/** The clocks of two machines differ. */
const backdate = 5 * 60 * 1000;
/** Milliseconds until a kubelet's request that was not approved is looked at again. */
const askAgain = 10_000;
/** How long requests are kept, from what was last said about them (upstream: pkg/controller/certificates/cleaner). */
const keepAnswered = hour;
const keepPending = 24 * hour;

type Request = Stored<CertificateSigningRequest>;

/**
 * Works off CertificateSigningRequests: approves those of kubelets that may have them, signs what is approved
 * for the cluster's own signers, and removes what is done (upstream: pkg/controller/certificates).
 */
export class CertificateController implements Component {
  readonly name = 'certificate-controller';
  readonly #deps: ControllerDeps;
  readonly #authority: CertificateAuthority;
  readonly #duration: number;
  readonly #loop: ControllerLoop;
  readonly #requests: Informer<CertificateSigningRequest>;
  readonly #client: ResourceClient<CertificateSigningRequest>;
  readonly #reviews: ResourceClient<SubjectAccessReview>;

  constructor(
    deps: ControllerDeps & { authority: CertificateAuthority },
    options: CertificateControllerOptions = {},
  ) {
    this.#deps = deps;
    this.#authority = deps.authority;
    this.#duration = options.duration ?? defaultDuration;
    this.#requests = deps.informers.informer<CertificateSigningRequest>(requests);
    this.#client = new ResourceClient(deps.transport, requests);
    this.#reviews = new ResourceClient(deps.transport, reviews);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    const add = ({ metadata }: Request) => this.#loop.add(metadata.name);
    this.#loop.follow(this.#requests, { added: add, updated: add });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const request = this.#requests.getByKey(key);
    if (!request || request.metadata.deletionTimestamp) return;
    try {
      if (await this.#removeDone(request)) return;
      if (conditionOf(request, 'Failed') || conditionOf(request, 'Denied')) return;
      if (conditionOf(request, 'Approved')) await this.#sign(request);
      else await this.#approve(request);
    } catch (error) {
      // Whoever was faster is told of by the informer.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Approves a kubelet's own request, where the one who made it may make such requests. */
  async #approve(request: Request): Promise<void> {
    if (request.spec.signerName !== kubeletClientSigner) return;
    const asked = await this.#authority.read(requestPem(request)).catch(() => undefined);
    if (!asked || kubeletClientError(asked, request.spec.usages ?? [])) return;
    for (const { subresource, message, recognizes } of approvals) {
      if (!recognizes(request, asked) || !(await this.#may(request, subresource))) continue;
      const condition = { type: 'Approved' as const, reason: 'AutoApproved', message };
      const body = withCondition(request, condition, this.#deps.clock.now());
      const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${request.metadata.name}/approval`;
      await this.#deps.transport.request({ method: 'PUT', path, body });
      this.#record(request, message);
      return;
    }
    // Whoever asks may be given the right later.
    this.#loop.addAfter(request.metadata.name, askAgain);
  }

  async #may({ spec }: Request, subresource: string): Promise<boolean> {
    const { username = '', groups, uid, extra } = spec;
    const review = await this.#reviews.create({
      spec: {
        user: username,
        groups,
        uid,
        extra,
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          version: '*',
          subresource,
        },
      },
    });
    return review.status?.allowed === true;
  }

  async #sign(request: Request): Promise<void> {
    const rule = signerRules[request.spec.signerName];
    if (!rule || request.status?.certificate) return;
    const usages = request.spec.usages ?? [];
    const pem = requestPem(request);
    const wrong = await this.#authority.read(pem).then(
      asked => rule(asked, usages),
      (error: Error) => `unable to parse csr: ${error.message}`,
    );
    const now = this.#deps.clock.now();
    if (wrong !== undefined) {
      const condition = { type: 'Failed' as const, reason: 'SignerValidationFailure', message: wrong };
      await this.#client.updateStatus(withCondition(request, condition, now));
      return;
    }
    const asked = (request.spec.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const notAfter = now + Math.min(asked, this.#duration);
    const cert = await this.#authority.sign(pem, { usages, notBefore: now - backdate, notAfter });
    const certificate = Buffer.from(cert).toString('base64');
    await this.#client.updateStatus({ ...request, status: { ...request.status, certificate } });
    this.#record(request, `signed for ${request.spec.username} by ${request.spec.signerName}`);
  }

  /** Removes a request whose time is over, else comes back when it will be. */
  async #removeDone(request: Request): Promise<boolean> {
    const wait = endOf(request) - this.#deps.clock.now();
    if (wait > 0) {
      // Timers do not reach further than 24 days.
      this.#loop.addAfter(request.metadata.name, Math.min(wait, 24 * hour));
      return false;
    }
    await this.#client.delete('', request.metadata.name, { preconditions: { uid: request.metadata.uid } });
    this.#deps.decisions.record('controller.deleted', decisionObject(request), {
      by: this.name,
      why: 'its time is over',
    });
    return true;
  }

  #record(request: Request, why: string): void {
    this.#deps.decisions.record('controller.updated', decisionObject(request), { by: this.name, why });
  }
}

const approvals = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    recognizes: ({ spec }: Request, asked: RequestedCertificate) => asked.commonName === spec.username,
  },
  {
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    recognizes: () => true,
  },
];

/** When the request is to go, milliseconds since the epoch. */
function endOf(request: Request): number {
  const created = timeOf(request.metadata.creationTimestamp);
  const approved = conditionOf(request, 'Approved');
  const ends: number[] = [];
  for (const condition of [conditionOf(request, 'Denied'), conditionOf(request, 'Failed')]) {
    if (condition) ends.push(timeOf(condition.lastUpdateTime) + keepAnswered);
  }
  const { certificate } = request.status ?? {};
  if (approved && certificate) {
    ends.push(timeOf(approved.lastUpdateTime) + keepAnswered, expiryOf(certificate));
  }
  // What is approved waits for its signer as long as it takes.
  if (ends.length === 0) return approved ? Number.POSITIVE_INFINITY : created + keepPending;
  return Math.min(...ends);
}

/** @param certificate base64 of PEM; what cannot be read never expires. */
function expiryOf(certificate: string): number {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, 'base64')).validTo);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
