import { ipRouteContract } from './contract.ts';
import { FakeIpRoute } from './fake-ip-route.ts';

ipRouteContract(async () => ({ ip: new FakeIpRoute(), netns: '/run/other' }));
