import type { Call } from '../call.ts';
import { type ServerResponse, textResponse } from '../exchange.ts';

/** One thing that has to work; `check` returns why it does not. */
export interface HealthCheck {
  name: string;
  /** False: asked by /readyz only. */
  live: boolean;
  check(): string | undefined;
}

/** `/healthz`, `/livez`, `/readyz`, each check below them, with `?verbose` and `?exclude=`; undefined for other paths. */
export function answerHealth(call: Call, checks: readonly HealthCheck[]): ServerResponse | undefined {
  const [root, name, ...rest] = call.request.path.split('/').filter(part => part !== '');
  if ((root !== 'healthz' && root !== 'livez' && root !== 'readyz') || rest.length > 0) return undefined;
  const asked = checks.filter(each => root === 'readyz' || each.live);
  if (name !== undefined) return one(asked.find(each => each.name === name));
  const excluded = new Set(call.request.query.getAll('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const each of asked) {
    const excludedHere = excluded.has(each.name);
    const why = excludedHere ? undefined : each.check();
    failed ||= why !== undefined;
    if (excludedHere) lines.push(`[+]${each.name} excluded: ok`);
    else lines.push(why === undefined ? `[+]${each.name} ok` : `[-]${each.name} failed: reason withheld`);
  }
  if (failed) return textResponse(500, `${lines.join('\n')}\n${root} check failed\n`);
  const verbose = call.request.query.has('verbose');
  return textResponse(200, verbose ? `${lines.join('\n')}\n${root} check passed\n` : 'ok');
}

function one(check: HealthCheck | undefined): ServerResponse | undefined {
  if (!check) return undefined;
  const why = check.check();
  return why === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${why}\n`);
}
