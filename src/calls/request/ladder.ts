import type { Rule } from '../../config/types.ts';
import type { Ladder, LadderStep } from './types.ts';

export type LadderMove =
  | { do: 'start'; step: number }
  | { do: 'wait'; at: number; step: number }
  | { do: 'nothing_left' };

/** The number of the last step, over all rounds. The first step is 1. */
export function lastStep(ladder: Ladder): number {
  return (ladder.furtherSteps.length + 1) * (ladder.repeat + 1);
}

/** The ladder of a rule. Null if it has no further steps. */
export function ladderOf(
  rule: Pick<Rule, 'call' | 'furtherSteps' | 'repeat'>,
  source: string | null,
): Ladder | null {
  if (rule.furtherSteps.length === 0 && rule.repeat === 0) return null;
  return {
    firstCall: rule.call,
    source,
    furtherSteps: rule.furtherSteps.map(({ afterMs, call, say, recording }) => ({
      afterMs,
      call,
      say: say ?? null,
      recording: recording ?? null,
    })),
    repeat: rule.repeat,
  };
}

/** The further step behind a step number. Null: it is the rule's own call. */
export function stepOf(ladder: Ladder, step: number): LadderStep | null {
  const index = (step - 1) % (ladder.furtherSteps.length + 1);
  return index === 0 ? null : (ladder.furtherSteps[index - 1] ?? null);
}

/**
 * How long after the start of `step` the next one starts, ms. A new round starts after the same pause as the last
 * step had.
 */
function afterMs(ladder: Ladder, step: number): number {
  const next = stepOf(ladder, step + 1) ?? ladder.furtherSteps.at(-1);
  return next?.afterMs ?? 0;
}

/**
 * Decides when the next step starts, while too few people are reached. A step that can call nobody (`callsNobody`) is
 * followed at once by the next step, but not by a new round: by then a look-up may succeed. `step` is the last one
 * that started, at `startedAt`. `now` is epoch ms.
 */
export function nextStep(
  ladder: Ladder,
  { step, startedAt, callsNobody }: { step: number; startedAt: number; callsNobody: boolean },
  now: number,
): LadderMove {
  if (step >= lastStep(ladder)) return { do: 'nothing_left' };
  const beginsNewRound = stepOf(ladder, step + 1) === null;
  const at = callsNobody && !beginsNewRound ? startedAt : startedAt + afterMs(ladder, step);
  return at <= now ? { do: 'start', step: step + 1 } : { do: 'wait', at, step: step + 1 };
}
