import type { Pod, PodSpec, ServiceAccount, Volume } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { type ApiError, forbidden } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import { storageKey } from '../objects/storage-form.ts';
import type { Random } from '../random.ts';
import { generateName } from '../random.ts';
import type { ResourceHubs } from '../watch/resource-hub.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const tokenVolumePrefix = 'kube-api-access-';
const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Seconds a mounted token lives; this very number marks tokens that may be extended (upstream's WarnOnlyBoundTokenExpirationPeriod). */
const tokenSeconds = 3607;
/** How long a pod waits for its namespace's default service account to be made, milliseconds. */
const accountWait = 2000;

/** Gives pods their service account and mounts its token (upstream: plugin/pkg/admission/serviceaccount). */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly #deps: { clock: Clock; random: Random; reader: ObjectReader; hubs: ResourceHubs };

  constructor(deps: { clock: Clock; random: Random; reader: ObjectReader; hubs: ResourceHubs }) {
    this.#deps = deps;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, endpoint, subresource } = attributes;
    if (operation !== 'CREATE' || endpoint.resource.kind !== 'Pod' || endpoint.resource.group !== '') return;
    if (subresource) return;
    const pod = attributes.object as Pod;
    if (pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) return;
    // Validation complains of what is missing.
    const spec = pod.spec;
    if (!spec) return;
    spec.serviceAccountName ||= spec.serviceAccount || 'default';
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.#account(attributes, spec.serviceAccountName);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) {
      this.#mountToken(spec);
    }
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      spec.imagePullSecrets = account.imagePullSecrets.map(secret => ({ ...secret }));
    }
  }

  /** @throws ApiError 403 */
  async #account(attributes: AdmissionAttributes, name: string): Promise<Stored<ServiceAccount>> {
    const { namespace } = attributes;
    const find = () => this.#deps.reader.get<ServiceAccount>('serviceaccounts', namespace, name);
    const found = find() ?? (name === 'default' ? await this.#waitFor(namespace, name, find) : undefined);
    if (!found) throw noAccount(attributes, name);
    return found;
  }

  /** A new namespace's default account is on its way: its controller runs beside us. */
  #waitFor(
    namespace: string,
    name: string,
    find: () => Stored<ServiceAccount> | undefined,
  ): Promise<Stored<ServiceAccount> | undefined> {
    const { clock, reader, hubs } = this.#deps;
    const form = reader.form('serviceaccounts');
    return new Promise(resolve => {
      const done = () => {
        cancel();
        unsubscribe();
        resolve(find());
      };
      const cancel = clock.after(accountWait, done);
      const key = storageKey(form, namespace, name);
      const changes = () => find() && done();
      const unsubscribe = hubs.of(form.prefix).subscribe(key, Number.MAX_SAFE_INTEGER, { changes });
    });
  }

  #mountToken(spec: PodSpec): void {
    const present = spec.volumes?.find(volume => volume.name?.startsWith(tokenVolumePrefix));
    const name = present?.name ?? generateName(tokenVolumePrefix, this.#deps.random);
    let needed = false;
    for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
      if (container.volumeMounts?.some(mount => mount.mountPath === tokenMountPath)) continue;
      container.volumeMounts ??= [];
      container.volumeMounts.push({ name, readOnly: true, mountPath: tokenMountPath });
      needed = true;
    }
    if (!needed || present) return;
    spec.volumes ??= [];
    spec.volumes.push(tokenVolume(name));
  }
}

function tokenVolume(name: string): Volume {
  const namespaceFile = {
    path: 'namespace',
    fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
  };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [namespaceFile] } },
      ],
      defaultMode: 0o644,
    },
  };
}

function noAccount({ endpoint, namespace, name }: AdmissionAttributes, account: string): ApiError {
  const why = `error looking up service account ${namespace}/${account}: serviceaccount ${JSON.stringify(account)} not found`;
  return forbidden(endpoint.qualified, name, why);
}
