import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { systemClock as clock } from '../../base/clock.ts';
import { cgroupsContract } from './contract.ts';
import { LinuxCgroups } from './linux-cgroups.ts';

let count = 0;

cgroupsContract(() => {
  const cgroups = new LinuxCgroups({ clock });
  const enter = async (path: string) => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    child.unref();
    for (const file of cgroups.joinFiles(path)) writeFileSync(file, String(child.pid));
    return child.pid!;
  };
  return { cgroups, path: `causeway-test-${process.pid}-${count++}`, enter };
});
