import { configMapRules, secretRules } from './core/config.ts';
import { namespaceRules } from './core/namespace.ts';
import { nodeRules } from './core/node.ts';
import type { KindRules } from './kind-rules.ts';
import { serviceRules } from './networking/service.ts';
import { podRules } from './pod/pod.ts';

/** The rules of every kind that has some, by `group/Kind`, or `group/version/Kind` where versions differ. */
export const kindRules: Readonly<Record<string, KindRules>> = {
  '/ConfigMap': configMapRules,
  '/Namespace': namespaceRules,
  '/Node': nodeRules,
  '/Pod': podRules,
  '/Secret': secretRules,
  '/Service': serviceRules,
};
