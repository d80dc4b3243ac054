import type { ServicePort, ServiceSpec } from '../../generated/types.ts';
import {
  checkLabelName,
  checkOneOf,
  checkPortNumber,
  checkPortNumberOrName,
  checkQualifiedName,
  supportedProtocols,
  Unique,
} from '../checks.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

export function checkServicePorts(spec: ServiceSpec, at: FieldPath, out: Findings): void {
  const ports = spec.ports ?? [];
  const names = new Unique();
  ports.forEach((port, i) => {
    checkServicePort(port, ports.length > 1, names, at.index(i), out);
    if (spec.type === 'ClusterIP' && port.nodePort) {
      out.forbidden(at.index(i).child('nodePort'), "may not be used when `type` is 'ClusterIP'");
    }
  });
  const nodePorts = new Unique();
  const numbers = new Unique();
  ports.forEach((port, i) => {
    if (!port.nodePort || nodePorts.add(`${port.protocol}/${port.nodePort}`)) return;
    out.duplicate(at.index(i).child('nodePort'), port.nodePort);
  });
  ports.forEach(({ protocol, port }, i) => {
    if (numbers.add(`${protocol}/${port}`)) return;
    out.duplicate(at.index(i), { protocol, port });
  });
}

function checkServicePort(
  port: ServicePort,
  nameNeeded: boolean,
  names: Unique,
  at: FieldPath,
  out: Findings,
): void {
  if (port.name) {
    checkLabelName(port.name, at.child('name'), out);
    if (!names.add(port.name)) out.duplicate(at.child('name'), port.name);
  } else if (nameNeeded) out.required(at.child('name'));
  checkPortNumber(port.port ?? 0, at.child('port'), out);
  checkOneOf(port.protocol, supportedProtocols, at.child('protocol'), out);
  checkPortNumberOrName(port.targetPort, at.child('targetPort'), out);
  if (port.appProtocol !== undefined) checkQualifiedName(port.appProtocol, at.child('appProtocol'), out);
}
