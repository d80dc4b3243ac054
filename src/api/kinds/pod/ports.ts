import type { Container, ContainerPort } from '../../generated/types.ts';
import { portNameErrors } from '../../names.ts';
import { checkOneOf, checkPortNumber, supportedProtocols, Unique } from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

export function checkContainerPorts(ports: ContainerPort[], at: FieldPath, out: Findings): void {
  const names = new Unique();
  ports.forEach((port, i) => {
    const here = at.index(i);
    if (port.name) {
      const wrong = portNameErrors(port.name);
      out.invalidAll(here.child('name'), port.name, wrong);
      if (wrong.length === 0 && !names.add(port.name)) out.duplicate(here.child('name'), port.name);
    }
    if (!port.containerPort) out.required(here.child('containerPort'));
    else checkPortNumber(port.containerPort, here.child('containerPort'), out);
    if (port.hostPort) checkPortNumber(port.hostPort, here.child('hostPort'), out);
    checkOneOf(port.protocol, supportedProtocols, here.child('protocol'), out);
  });
}

/** Two containers that run at the same time can't have the same port of the host. */
export function checkHostPortConflicts(containers: Container[], at: FieldPath, out: Findings): void {
  const taken = new Unique();
  containers.forEach((container, i) => {
    (container.ports ?? []).forEach((port, j) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (!taken.add(key)) out.duplicate(at.index(i).child('ports').index(j).child('hostPort'), key);
    });
  });
}

/** With hostNetwork a container's port is the host's. A template may leave the latter to the pod's defaults. */
export function checkHostNetworkPorts(
  containers: Container[],
  isPod: boolean,
  at: FieldPath,
  out: Findings,
): void {
  containers.forEach((container, i) => {
    (container.ports ?? []).forEach((port, j) => {
      const hostPort = port.hostPort ?? 0;
      if ((!isPod && hostPort === 0) || hostPort === port.containerPort) return;
      out.invalid(
        at.index(i).child('ports').index(j).child('hostPort'),
        hostPort,
        'must match `containerPort` when `hostNetwork` is true',
      );
    });
  });
}
