import { machinesContract } from './contract.ts';
import { FakeMachines } from './fake-machines.ts';

machinesContract(() => ({ machines: new FakeMachines(), logFile: '/none' }));
