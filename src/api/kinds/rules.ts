import type { KindRules } from './kind-rules.ts';

/** The rules of every kind that has some, by `group/Kind`, or `group/version/Kind` where versions differ. */
export const kindRules: Readonly<Record<string, KindRules>> = {};
