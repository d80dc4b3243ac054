import { authorizerLibrary } from './library/authorizer.ts';
import { conversions } from './library/conversions.ts';
import { formats } from './library/formats.ts';
import { lists } from './library/lists.ts';
import { networks } from './library/networks.ts';
import { operators } from './library/operators.ts';
import { optionals } from './library/optionals.ts';
import { quantities } from './library/quantities.ts';
import { regexes } from './library/regexes.ts';
import { sets } from './library/sets.ts';
import { strings } from './library/strings.ts';
import { times } from './library/times.ts';
import { urls } from './library/urls.ts';
import { versions } from './library/versions.ts';
import type { Overload } from './signatures.ts';

/** The libraries of every expression in Kubernetes (k8s.io/apiserver/pkg/cel/environment). */
export const kubernetesLibraries: readonly (readonly Overload[])[] = [
  operators,
  conversions,
  times,
  optionals,
  strings,
  regexes,
  lists,
  sets,
  urls,
  quantities,
  networks,
  formats,
  versions,
  authorizerLibrary,
];
