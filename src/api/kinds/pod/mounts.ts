import type { Container, VolumeDevice, VolumeMount } from '../../generated/types.ts';
import { checkOptionalOneOf, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { PodContext } from './context.ts';
import { checkLocalDescendingPath, hasBacksteps } from './paths.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveReadOnly = ['Disabled', 'Enabled', 'IfPossible'];

export function checkVolumeMounts(container: Container, pod: PodContext, at: FieldPath, out: Findings): void {
  const paths = new Unique();
  const devices = container.volumeDevices ?? [];
  (container.volumeMounts ?? []).forEach((mount, i) => {
    const here = at.index(i);
    if (!mount.name) out.required(here.child('name'));
    const volume = pod.volumes.get(mount.name);
    if (!volume) out.notFound(here.child('name'), mount.name ?? '');
    if (!mount.mountPath) out.required(here.child('mountPath'));
    if (!paths.add(mount.mountPath)) out.invalid(here.child('mountPath'), mount.mountPath, 'must be unique');
    if (devices.some(device => device.name === mount.name)) {
      out.invalid(here.child('name'), mount.name, 'must not already exist in volumeDevices');
    }
    if (devices.some(device => device.devicePath === mount.mountPath)) {
      const why = 'must not already exist as a path in volumeDevices';
      out.invalid(here.child('mountPath'), mount.mountPath, why);
    }
    checkSubPath(mount, at, here, out);
    checkPropagation(mount, container, at, out);
  });
}

function checkSubPath(mount: VolumeMount, listAt: FieldPath, at: FieldPath, out: Findings): void {
  if (mount.subPath) checkLocalDescendingPath(mount.subPath, listAt.child('subPath'), out);
  if (!mount.subPathExpr) return;
  if (mount.subPath) {
    out.invalid(at.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive');
  }
  checkLocalDescendingPath(mount.subPathExpr, listAt.child('subPathExpr'), out);
}

function checkPropagation(mount: VolumeMount, container: Container, at: FieldPath, out: Findings): void {
  const propagation = mount.mountPropagation;
  checkOptionalOneOf(propagation, propagations, at.child('mountPropagation'), out);
  if (propagation === 'Bidirectional' && !container.securityContext?.privileged) {
    const why = 'Bidirectional mount propagation is available only to privileged containers';
    out.forbidden(at.child('mountPropagation'), why);
  }
  const recursive = mount.recursiveReadOnly;
  const here = at.child('recursiveReadOnly');
  checkOptionalOneOf(recursive, recursiveReadOnly, here, out);
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') return;
  if (!mount.readOnly) out.forbidden(here, 'may only be specified when readOnly is true');
  if (propagation !== undefined && propagation !== 'None') {
    out.forbidden(here, 'may only be specified when mountPropagation is None or not specified');
  }
}

export function checkVolumeDevices(
  container: Container,
  pod: PodContext,
  at: FieldPath,
  out: Findings,
): void {
  const names = new Unique();
  const paths = new Unique();
  (container.volumeDevices ?? []).forEach((device, i) => {
    const here = at.index(i);
    if (!device.name) out.required(here.child('name'));
    else if (!names.add(device.name)) out.invalid(here.child('name'), device.name, 'must be unique');
    checkDeviceVolume(device, pod, here, out);
    if (!device.devicePath) out.required(here.child('devicePath'));
    else if (!paths.add(device.devicePath)) {
      out.invalid(here.child('devicePath'), device.devicePath, 'must be unique');
    }
    if (hasBacksteps(device.devicePath ?? '')) {
      out.invalid(here.child('devicePath'), device.devicePath, "can not contain backsteps ('..')");
    }
    const mounts = container.volumeMounts ?? [];
    if (mounts.some(mount => mount.name === device.name)) {
      out.invalid(here.child('name'), device.name, 'must not already exist in volumeMounts');
    }
    if (mounts.some(mount => mount.mountPath === device.devicePath)) {
      const why = 'must not already exist as a path in volumeMounts';
      out.invalid(here.child('devicePath'), device.devicePath, why);
    }
  });
}

function checkDeviceVolume(device: VolumeDevice, pod: PodContext, at: FieldPath, out: Findings): void {
  const volume = pod.volumes.get(device.name);
  if (!volume) out.notFound(at.child('name'), device.name ?? '');
  else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
    const why = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    out.invalid(at.child('name'), device.name, why);
  }
}
