import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaimConsumerReference,
  ResourceResourceClaim,
} from '../../generated/types.ts';
import { checkInterfaceAddress } from '../addresses.ts';
import { checkLabelName, checkOneOf } from '../checks.ts';
import { checkConditions } from '../conditions.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, statusPath } from '../field-path.ts';
import { type Findings, Printed } from '../findings.ts';
import { checkImmutable } from '../metadata.ts';
import { checkNodeSelector } from '../pod/affinity.ts';
import { checkDriverName } from '../storage/driver-name.ts';
import { checkConfiguration, checkRawObject } from './configuration.ts';
import { checkRequestName, checkRequestNames, maxConfigurations, RequestNames } from './device-claim.ts';
import { checkItems, checkSet } from './lists.ts';
import { checkPoolName, checkUid } from './names.ts';
import { checkBinding, checkToleration } from './taints.ts';

const maxUsers = 256;
const maxResults = 32;
const maxConditions = 8;
const maxAddresses = 16;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const maxTolerations = 16;

type Identified = Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device' | 'shareID'>;

/** Which device, and which share of it. */
function deviceId({ driver, pool, device, shareID }: Identified): string {
  return [driver, pool, device, ...(shareID ? [shareID] : [])].join('/');
}

/** What a status update says of the claim's allocation, its users and its devices. */
export function checkClaimStatus(
  claim: ResourceResourceClaim,
  old: ResourceResourceClaim,
  out: Findings,
): void {
  const { allocation, devices, reservedFor } = claim.status ?? {};
  const reservedAt = statusPath.child('reservedFor');
  checkSet(reservedFor, maxUsers, checkUser, user => user.uid ?? '', reservedAt, out);
  const allocated = new Set(allocation?.devices?.results?.map(deviceId));
  const device = (status: AllocatedDeviceStatus, at: FieldPath) =>
    checkDeviceStatus(status, allocated, at, out);
  checkSet(devices, Number.POSITIVE_INFINITY, device, deviceId, statusPath.child('devices'), out, status => {
    return new Printed(deviceId(status));
  });
  if (reservedFor?.length) checkReservation(claim, old, out);
  const at = statusPath.child('allocation');
  // What is allocated does not change any more, and is not measured by rules that came later.
  if (allocation && old.status?.allocation) checkImmutable(allocation, old.status.allocation, at, out);
  else if (allocation) checkAllocation(allocation, new RequestNames(claim.spec?.devices), at, out);
}

function checkReservation(claim: ResourceResourceClaim, old: ResourceResourceClaim, out: Findings): void {
  const at = statusPath.child('reservedFor');
  if (!claim.status?.allocation) {
    out.forbidden(at, 'may not be specified when `allocated` is not set');
    return;
  }
  if (!claim.metadata?.deletionTimestamp) return;
  const before = old.status?.reservedFor ?? [];
  const added = claim.status.reservedFor?.some(user => !before.some(each => semanticEqual(each, user)));
  if (!added) return;
  const why = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  out.forbidden(at, why);
}

function checkUser(user: ResourceClaimConsumerReference, at: FieldPath, out: Findings): void {
  for (const field of ['resource', 'name', 'uid'] as const) if (!user[field]) out.required(at.child(field));
}

function checkDeviceStatus(
  status: AllocatedDeviceStatus,
  allocated: ReadonlySet<string>,
  at: FieldPath,
  out: Findings,
): void {
  checkIdentity(status, at, out);
  if (!allocated.has(deviceId(status))) {
    out.invalid(at, new Printed(deviceId(status)), 'must be an allocated device in the claim');
  }
  const conditions = status.conditions ?? [];
  const conditionsAt = at.child('conditions');
  if (conditions.length > maxConditions) out.tooMany(conditionsAt, conditions.length, maxConditions);
  checkConditions(conditions, conditionsAt, out);
  if (status.data !== undefined) checkRawObject(status.data, false, at.child('data'), out);
  if (status.networkData) checkNetwork(status.networkData, at.child('networkData'), out);
}

function checkIdentity(device: Identified, at: FieldPath, out: Findings): void {
  checkDriverName(device.driver, at.child('driver'), out);
  checkPoolName(device.pool, at.child('pool'), out);
  checkLabelName(device.device ?? '', at.child('device'), out);
  if (device.shareID !== undefined) checkUid(device.shareID, at.child('shareID'), out);
}

function checkNetwork(network: NetworkDeviceData, at: FieldPath, out: Findings): void {
  const { interfaceName = '', hardwareAddress = '', ips } = network;
  if (Buffer.byteLength(interfaceName) > maxInterfaceName)
    out.tooLong(at.child('interfaceName'), maxInterfaceName);
  if (Buffer.byteLength(hardwareAddress) > maxHardwareAddress) {
    out.tooLong(at.child('hardwareAddress'), maxHardwareAddress);
  }
  checkSet(ips, maxAddresses, checkInterfaceAddress, address => address, at.child('ips'), out);
}

function checkAllocation(
  allocation: AllocationResult,
  names: RequestNames,
  at: FieldPath,
  out: Findings,
): void {
  const { results, config } = allocation.devices ?? {};
  const result = (item: DeviceRequestAllocationResult, here: FieldPath) => {
    checkRequestName(item.request ?? '', names, here.child('request'), out);
    checkIdentity(item, here, out);
    checkBinding(item, here, out);
    checkItems(item.tolerations, maxTolerations, checkToleration, here.child('tolerations'), out);
  };
  checkItems(results, maxResults, result, at.child('devices', 'results'), out);
  const configuration = (item: DeviceAllocationConfiguration, here: FieldPath) => {
    checkOneOf(item.source, ['FromClaim', 'FromClass'], here.child('source'), out);
    checkRequestNames(item.requests, names, here.child('requests'), out);
    checkConfiguration(item, false, here, out);
  };
  // Those of the class and those of the claim.
  checkItems(config, 2 * maxConfigurations, configuration, at.child('devices', 'config'), out);
  if (allocation.nodeSelector) checkNodeSelector(allocation.nodeSelector, at.child('nodeSelector'), out);
}
