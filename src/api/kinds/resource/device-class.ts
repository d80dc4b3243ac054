import type { DeviceClass, DeviceClassConfiguration } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { isExtendedResource } from '../resource-names.ts';
import { checkConfiguration } from './configuration.ts';
import { maxConfigurations } from './device-claim.ts';
import { checkItems } from './lists.ts';
import { checkSelectors } from './selectors.ts';

export const deviceClassRules: KindRules<DeviceClass> = {
  hasGeneration: true,
  validate: (fresh, out) => checkSpec(fresh, undefined, out),
  validateUpdate: checkSpec,
};

function checkSpec({ spec }: DeviceClass, old: DeviceClass | undefined, out: Findings): void {
  const { selectors, config, extendedResourceName } = spec ?? {};
  // What is there as it was has been compiled and measured before.
  const sameSelectors = old !== undefined && semanticEqual(selectors, old.spec?.selectors);
  checkSelectors(selectors, sameSelectors, specPath.child('selectors'), out);
  const sameConfig = old !== undefined && semanticEqual(config, old.spec?.config);
  const check = (item: DeviceClassConfiguration, at: FieldPath) =>
    checkConfiguration(item, sameConfig, at, out);
  checkItems(config, maxConfigurations, check, specPath.child('config'), out);
  if (extendedResourceName === undefined || isExtendedResourceName(extendedResourceName)) return;
  const at = specPath.child('extendedResourceName');
  out.invalid(at, extendedResourceName, 'must be a valid extended resource name');
}

function isExtendedResourceName(name: string): boolean {
  return isExtendedResource(name) && qualifiedNameErrors(`requests.${name}`).length === 0;
}
