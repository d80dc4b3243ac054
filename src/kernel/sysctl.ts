import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Kernel settings, by path below /proc/sys: `net/ipv4/ip_forward`. Those of `net` are of the own namespace. */
export interface Sysctl {
  /** Undefined where the kernel has no such setting. */
  get(name: string): Promise<string | undefined>;
  /** Writes only what is not so already. @throws where the kernel has no such setting or refuses the value. */
  set(name: string, value: string): Promise<void>;
}

export class LinuxSysctl implements Sysctl {
  async get(name: string): Promise<string | undefined> {
    const text = await readFile(pathOf(name), 'utf8').catch(() => undefined);
    return text?.trimEnd();
  }

  async set(name: string, value: string): Promise<void> {
    if ((await this.get(name)) === value) return;
    try {
      await writeFile(pathOf(name), value);
    } catch (cause) {
      throw new Error(`the kernel refuses ${name}=${value}`, { cause });
    }
  }
}

/** For tests of what uses the port. @public */
export class FakeSysctl implements Sysctl {
  readonly values = new Map<string, string>();

  async get(name: string): Promise<string | undefined> {
    return this.values.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    this.values.set(name, value);
  }
}

function pathOf(name: string): string {
  if (name.split('/').includes('..')) throw new Error(`"${name}" is no kernel setting`);
  return join('/proc/sys', name);
}
