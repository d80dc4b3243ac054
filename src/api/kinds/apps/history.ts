import type { ControllerRevision, PodTemplate } from '../../generated/types.ts';
import { root } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, isNegative } from '../metadata.ts';
import { checkPodTemplate, defaultPodTemplate } from '../pod/pod-template.ts';

export const controllerRevisionRules: KindRules<ControllerRevision> = {
  validate: checkRevision,
  validateUpdate(revision, old, out) {
    checkRevision(revision, out);
    checkImmutable(revision.data, old.data, root('data'), out);
  },
};

function checkRevision(revision: ControllerRevision, out: Findings): void {
  if (revision.data === undefined || revision.data === null) out.required(root('data'), 'data is mandatory');
  if ((revision.revision ?? 0) < 0) out.invalid(root('revision'), revision.revision, isNegative);
}

export const podTemplateRules: KindRules<PodTemplate> = {
  hasGeneration: true,
  createOnUpdate: true,
  generationOf: object => object.template,
  defaults: object => defaultPodTemplate(object.template),
  validate(object, out) {
    checkPodTemplate(object.template ?? {}, root('template'), out);
  },
};
