import type { KnownBlock } from '@slack/types';
import { planOf } from '../../calls/request/plan.ts';
import type { Plan } from '../../calls/request/types.ts';
import type { Config, ReachDefaults } from '../../config/types.ts';
import { textField, type ViewValues } from '../kit/fields.ts';
import { input, numberInput, options } from '../kit/inputs.ts';

/** The values with which the four inputs open. Absent ones are the configuration's defaults. */
export type ReachPrefill = Partial<Pick<Plan, 'until' | 'attempts' | 'everyMs' | 'enough'>>;

const minuteMs = 60_000;
const most = { attempts: 10, every: 24 * 60, enough: 100_000 } as const;

const untilWords = {
  answered: 'The call is answered',
  confirmed: 'The key that confirms is pressed',
} as const;

/** The inputs of the plan: `attempts`, `every` (minutes), `until`, `enough`. */
export function reachInputs(prefill: ReachPrefill, defaults: ReachDefaults): KnownBlock[] {
  const { attempts, everyMs, until, enough } = { ...defaults, ...prefill };
  // Without a key that confirms, `answered` is the only choice.
  const waysToReach =
    defaults.confirmKey === undefined ? (['answered'] as const) : (['answered', 'confirmed'] as const);
  const known = options(waysToReach.map((value) => ({ text: untilWords[value], value })));
  const initial = known.find((each) => each.value === until) ?? known[0];
  return [
    numberInput('attempts', 'Calls to each person at most', [1, most.attempts], {
      value: attempts,
      hint: `1 to ${most.attempts}.`,
    }),
    numberInput('every', 'Minutes between two calls to a person', [1, most.every], {
      value: Math.max(1, Math.round((everyMs || defaults.everyMs) / minuteMs)),
      hint: `1 to ${most.every}.`,
    }),
    input(
      'until',
      'A person counts as reached when',
      {
        type: 'static_select',
        options: known,
        ...(initial === undefined ? {} : { initial_option: initial }),
      },
      { optional: true },
    ),
    numberInput('enough', 'Stop when this many are reached', [1, most.enough], {
      value: enough ?? undefined,
      hint: 'If empty: everybody is called.',
    }),
  ];
}

/** The plan that was filled in; adds faults to `errors` by block_id. Null: each callee is called once. */
export function readReach(values: ViewValues, config: Config, errors: Record<string, string>): Plan | null {
  const { reach } = config;
  const whole = (field: keyof typeof most, otherwise: number | null): number | null => {
    const typed = textField(values, field).trim();
    if (typed === '') return otherwise;
    const value = Number(typed);
    if (/^\d{1,6}$/.test(typed) && value >= 1 && value <= most[field]) return value;
    errors[field] = `Type a whole number from 1 to ${most[field]}.`;
    return otherwise;
  };
  const attempts = whole('attempts', reach.attempts) ?? reach.attempts;
  const every = whole('every', null);
  const enough = whole('enough', null);
  const chosen = textField(values, 'until');
  const until = chosen === 'answered' || chosen === 'confirmed' ? chosen : reach.until;
  if (until === 'confirmed' && reach.confirmKey === undefined) {
    errors.until = 'No key confirms: an administrator has to set reach.confirmKey.';
  }
  return planOf(
    { until, attempts, everyMs: every === null ? reach.everyMs : every * minuteMs, enough },
    reach.confirmKey,
  );
}
