import { authorizerLibrary } from './library/authorizer.ts';
import { conversions } from './library/conversions.ts';
import { operators } from './library/operators.ts';
import { optionals } from './library/optionals.ts';
import { regexes } from './library/regexes.ts';
import { strings } from './library/strings.ts';
import { times } from './library/times.ts';
import type { Overload } from './signatures.ts';

/** The libraries of every expression in Kubernetes (k8s.io/apiserver/pkg/cel/environment). */
export const kubernetesLibraries: readonly (readonly Overload[])[] = [
  operators,
  conversions,
  times,
  optionals,
  strings,
  regexes,
  authorizerLibrary,
];
