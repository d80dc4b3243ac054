import type { Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { IpFamily } from '../../base/ip-address.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';

const enabled = 'Topology Aware Hints has been enabled';

/** Tells on the Service when its zone hints come and go, and why there are none: each once, as long as it holds. */
export class HintEvents {
  readonly #recorder: EventRecorder;
  /** By Service, what was told last of each family. */
  readonly #told = new Map<string, Map<IpFamily, string>>();

  constructor(recorder: EventRecorder) {
    this.#recorder = recorder;
  }

  enabled(service: Stored<Service>, family: IpFamily): void {
    this.#tell(service, family, enabled);
  }

  /** @param why in upstream's wording. */
  disabled(service: Stored<Service>, family: IpFamily, why: string): void {
    this.#tell(service, family, why);
  }

  /** The Service does not ask for zone hints (any more). */
  unwanted(service: Stored<Service>, family: IpFamily): void {
    const key = objectKey(service);
    if (this.#told.get(key)?.get(family) === enabled) {
      this.#tell(service, family, 'Topology Aware Hints has been disabled');
    }
    this.#told.get(key)?.delete(family);
  }

  forget(key: string): void {
    this.#told.delete(key);
  }

  #tell(service: Stored<Service>, family: IpFamily, message: string): void {
    const key = objectKey(service);
    const told = this.#told.get(key) ?? new Map<IpFamily, string>();
    if (told.get(family) === message) return;
    this.#told.set(key, told.set(family, message));
    const text = `${message}, addressType: ${family}`;
    if (message === enabled) this.#recorder.event(service, 'Normal', 'TopologyAwareHintsEnabled', text);
    else this.#recorder.event(service, 'Warning', 'TopologyAwareHintsDisabled', text);
  }
}
