/** A further step, as the rule said when its ladder began. */
export interface LadderStep {
  /** After the start of the step before, ms. */
  afterMs: number;
  /** Names of lists, numbers, users and groups; looked up when the step starts. */
  call: string[];
}

/** The steps after the first, and how often the whole starts again. */
export interface Ladder {
  furtherSteps: LadderStep[];
  repeat: number;
}

export type LadderMove =
  | { do: 'start'; step: number }
  | { do: 'wait'; at: number; step: number }
  | { do: 'nothing_left' };

/** How many steps there are in all; the first is step 1. */
export function lastStep(ladder: Ladder): number {
  return (ladder.furtherSteps.length + 1) * (ladder.repeat + 1);
}

/** Which further step a step is; null: it is the rule's own call. */
export function stepOf(ladder: Ladder, step: number): LadderStep | null {
  const index = (step - 1) % (ladder.furtherSteps.length + 1);
  return index === 0 ? null : (ladder.furtherSteps[index - 1] ?? null);
}

/** How long after the start of `step` the next one starts, ms; a new round comes as long after as the last step had. */
function afterMs(ladder: Ladder, step: number): number {
  const next = stepOf(ladder, step + 1) ?? ladder.furtherSteps.at(-1);
  return next?.afterMs ?? 0;
}

/**
 * Decides when the next step starts, while not enough are reached. A step that could call nobody (`callsNobody`) is
 * followed at once. `step` is the one that started last, at `startedAt`; `now` in epoch ms.
 */
export function nextStep(
  ladder: Ladder,
  { step, startedAt, callsNobody }: { step: number; startedAt: number; callsNobody: boolean },
  now: number,
): LadderMove {
  if (step >= lastStep(ladder)) return { do: 'nothing_left' };
  const at = callsNobody ? startedAt : startedAt + afterMs(ladder, step);
  return at <= now ? { do: 'start', step: step + 1 } : { do: 'wait', at, step: step + 1 };
}
