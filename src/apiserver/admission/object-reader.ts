import type { KubeObject, Stored } from '../../api/objects.ts';
import { builtinByResource } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { decodeStored } from '../objects/decoded.ts';
import { collectionPrefix, type StorageForm, storageFormOf, storageKey } from '../objects/storage-form.ts';

/** Reads objects of the built-in resources inside the server: frozen, without authorization. */
export class ObjectReader {
  readonly #store: Store;
  readonly #forms = new Map<string, StorageForm>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @param resource `pods`, `rbac.authorization.k8s.io/v1/roles`; without a group and version it is a core one. */
  get<T extends KubeObject>(resource: string, namespace: string, name: string): Stored<T> | undefined {
    const entry = this.#store.get(storageKey(this.form(resource), namespace, name));
    return entry && decodeStored<T>(entry);
  }

  list<T extends KubeObject>(resource: string, namespace = ''): Stored<T>[] {
    const { entries } = this.#store.list(collectionPrefix(this.form(resource), namespace));
    return entries.map(entry => decodeStored<T>(entry));
  }

  form(resource: string): StorageForm {
    let form = this.#forms.get(resource);
    if (!form) {
      const parts = resource.split('/');
      const [group, version, plural] = parts.length === 3 ? parts : ['', 'v1', resource];
      form = storageFormOf(builtinByResource({ group: group!, version: version!, resource: plural! })!);
      this.#forms.set(resource, form);
    }
    return form;
  }
}
