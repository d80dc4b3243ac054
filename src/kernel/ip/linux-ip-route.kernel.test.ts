import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { SystemCommands } from '../command.ts';
import { LinuxNetworkNamespaces } from '../network-namespace.ts';
import { inFreshNamespace } from '../testing/fresh-namespace.ts';
import { ipRouteContract } from './contract.ts';
import { LinuxIpRoute } from './linux-ip-route.ts';

if (inFreshNamespace(import.meta.url)) {
  const commands = new SystemCommands({ clock: systemClock });
  const namespaces = new LinuxNetworkNamespaces({ commands });
  const folder = mkdtempSync(join(tmpdir(), 'ip-route-'));
  const made: string[] = [];
  after(async () => {
    for (const path of made) await namespaces.remove(path);
    rmSync(folder, { recursive: true });
  });

  for (const keepOpen of [false, true]) {
    const ip = new LinuxIpRoute({ commands }, { keepOpen });
    describe(keepOpen ? 'one ip that stays' : 'an ip each time', () => {
      after(() => ip.close());
      ipRouteContract(async () => {
        const netns = join(folder, String(made.length));
        await namespaces.create(netns);
        made.push(netns);
        return { ip, netns };
      });
    });
  }
}
