import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../generated/types.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkTypes } from './conditions.ts';
import { mandatoryLevels } from './mandatory.ts';

const types = ['Exempt', 'Limited'];
const responses = ['Queue', 'Reject'];
const exempt = 'exempt';
const maxQueues = 10_000_000;
/** Of the hash a flow is dealt its hand of queues by. */
const maxHashBits = 60;

export const priorityLevelRules: KindRules<PriorityLevelConfiguration> = {
  hasStatus: true,
  hasGeneration: true,
  unconditionalUpdate: false,
  initialStatus: () => ({}),
  defaults({ spec }) {
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    const limited = spec?.limited;
    if (!limited) return;
    limited.nominalConcurrencyShares ??= 30;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (!queuing) return;
    queuing.queues ||= 64;
    queuing.handSize ||= 8;
    queuing.queueLengthLimit ||= 50;
  },
  validate(level, out) {
    const name = level.metadata?.name ?? '';
    const spec: PriorityLevelConfigurationSpec = level.spec ?? { type: '' };
    checkType(spec, name, out);
    checkUnchanged(spec, name, out);
    checkTypes(level.status?.conditions, out);
  },
  validateStatusUpdate: (level, _old, out) => checkTypes(level.status?.conditions, out),
};

function checkType(spec: PriorityLevelConfigurationSpec, name: string, out: Findings): void {
  const at = specPath.child('type');
  if ((name === exempt) !== (spec.type === 'Exempt')) {
    out.invalid(at, spec.type ?? '', "type must be 'Exempt' if and only if name is 'exempt'");
  }
  if (spec.type === 'Exempt') {
    if (spec.limited) out.forbidden(specPath.child('limited'), 'must be nil if the type is not Limited');
    checkShares(spec.exempt ?? {}, specPath.child('exempt'), out);
  } else if (spec.type === 'Limited') {
    if (spec.exempt) out.forbidden(specPath.child('exempt'), 'must be nil if the type is Limited');
    if (spec.limited) checkLimited(spec.limited, specPath.child('limited'), out);
    else out.required(specPath.child('limited'), 'must not be empty when type is Limited');
  } else out.notSupported(at, spec.type ?? '', types);
}

/** The level `exempt` may be given shares; all else of what is mandatory stays as it is. */
function checkUnchanged(spec: PriorityLevelConfigurationSpec, name: string, out: Findings): void {
  const fixed = mandatoryLevels[name];
  if (!fixed) return;
  const free = name === exempt;
  if (semanticEqual(free ? { ...spec, exempt: fixed.exempt } : spec, fixed)) return;
  const but = free ? " except the 'spec.exempt' field" : '';
  out.invalid(specPath, spec, `spec of '${name}'${but} must equal the fixed value`);
}

interface Shares {
  nominalConcurrencyShares?: number;
  lendablePercent?: number;
}

function checkShares(shares: Shares, at: FieldPath, out: Findings): void {
  const { nominalConcurrencyShares: nominal = 0 } = shares;
  if (nominal < 0)
    out.invalid(at.child('nominalConcurrencyShares'), nominal, 'must be a non-negative integer');
  checkLendable(shares, at, out);
}

function checkLendable({ lendablePercent: lendable = 0 }: Shares, at: FieldPath, out: Findings): void {
  if (lendable >= 0 && lendable <= 100) return;
  out.invalid(at.child('lendablePercent'), lendable, 'must be between 0 and 100, inclusive');
}

function checkLimited(limited: LimitedPriorityLevelConfiguration, at: FieldPath, out: Findings): void {
  const { nominalConcurrencyShares: nominal = 0, borrowingLimitPercent: limit = 0 } = limited;
  if (nominal < 0)
    out.invalid(at.child('nominalConcurrencyShares'), nominal, 'must be a non-negative integer');
  checkResponse(limited.limitResponse, at.child('limitResponse'), out);
  checkLendable(limited, at, out);
  if (limit < 0) {
    out.invalid(at.child('borrowingLimitPercent'), limit, 'if specified, must be a non-negative integer');
  }
}

function checkResponse(response: LimitResponse | undefined, at: FieldPath, out: Findings): void {
  const { type = '', queuing } = response ?? {};
  const here = at.child('queuing');
  if (type === 'Reject') {
    if (queuing) out.forbidden(here, 'must be nil if limited.limitResponse.type is not Limited');
  } else if (type === 'Queue') {
    if (queuing) checkQueuing(queuing, here, out);
    else out.required(here, 'must not be empty if limited.limitResponse.type is Limited');
  } else out.notSupported(at.child('type'), type, responses);
}

function checkQueuing(queuing: QueuingConfiguration, at: FieldPath, out: Findings): void {
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  const positive = 'must be positive';
  if (queueLengthLimit <= 0) out.invalid(at.child('queueLengthLimit'), queueLengthLimit, positive);
  if (queues <= 0) out.invalid(at.child('queues'), queues, positive);
  else if (queues > maxQueues) {
    out.invalid(at.child('queues'), queues, `must not be greater than ${maxQueues}`);
  }
  const here = at.child('handSize');
  if (handSize <= 0) out.invalid(here, handSize, positive);
  else if (handSize > queues) {
    out.invalid(here, handSize, `should not be greater than queues (${queues})`);
  } else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
    out.invalid(here, handSize, why);
  }
}
