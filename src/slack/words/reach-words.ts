import { lastStep } from '../../calls/request/ladder.ts';
import type { EndOfReaching, Plan, ReachedBy, ReachView } from '../../calls/request/types.ts';
import { capital, count, duration, foreign, listWords, people, plural, times, utc } from '../kit/text.ts';
import { calleeLabel, entryWords } from './call-words.ts';

/**
 * Returns "up to 3 times each, 5 minutes apart, until answered". Null if each person is called once and nothing
 * follows.
 */
export function planWords({
  plan,
  ladder,
}: {
  plan: Plan | null;
  ladder: ReachView['ladder'];
}): string | null {
  const { attempts, everyMs, until, enough, confirmKey } = plan ?? {
    attempts: 1,
    everyMs: 0,
    until: 'answered',
    enough: null,
    confirmKey: null,
  };
  const key = until === 'confirmed' ? confirmKey : null;
  const goesOn = attempts > 1 || enough !== null || ladder !== null || until === 'confirmed';
  if (!goesOn) return null;
  const steps = ladder === null ? [] : [plural(lastStep(ladder), 'step')];
  return [
    ...(attempts > 1 ? [`up to ${times(attempts)} each, ${duration(Math.round(everyMs / 1000))} apart`] : []),
    ...steps,
    `until ${endOfPlan(until, key, enough)}`,
  ].join(', ');
}

/** Returns "answered", "1 is pressed", "2 people have answered" or "2 people have pressed 1". */
function endOfPlan(until: Plan['until'], key: string | null, enough: number | null): string {
  if (enough === null) return key === null ? until : `${key} is pressed`;
  return `${people(enough)} ${enough === 1 ? 'has' : 'have'} ${key === null ? until : `pressed ${key}`}`;
}

/**
 * Returns "db-leads 5 min later, then cto 10 min later; all of it up to twice": whom the further steps call, for people
 * who have to approve them. Null if there is none.
 */
export function furtherStepsWords(ladder: ReachView['ladder']): string | null {
  if (ladder === null) return null;
  const steps = ladder.furtherSteps.map(
    ({ call, afterMs }) =>
      `${listWords(
        call.map((entry) => entryWords(entry)),
        5,
      )} ${duration(Math.round(afterMs / 1000))} later`,
  );
  const again = ladder.repeat === 0 ? [] : [`all of it up to ${times(ladder.repeat + 1)}`];
  const words = [...(steps.length === 0 ? [] : [steps.join(', then ')]), ...again];
  return words.length === 0 ? null : words.join('; ');
}

/** Null: another line of the board says so. */
const endWords: Record<EndOfReaching, string | null> = {
  enough: 'Enough people were reached: nobody else is called.',
  all: 'Everybody was reached.',
  exhausted: 'Nobody is left to call.',
  acknowledged: 'Nobody else is called.',
  resolved: 'Nobody else is called.',
  stopped: null,
  rule_removed: 'The rule is not in the configuration any more: nobody else is called.',
  restored: 'The database was restored from a backup: nobody else is called.',
};

/** Lines of mrkdwn: who is being called now, who is called next and when, who was reached and how. */
export function reachLines(reach: ReachView | null, reached: number): string[] {
  if (reach === null) return [];
  const { plan, ladder, running, steps } = reach;
  const lines: string[] = [];
  const by = reach.reachedBy.map(reachedWords);
  // If each person is called once, the results show who was reached.
  if (by.length > 0 && planWords(reach) !== null) {
    const more = reached - by.length;
    lines.push(`🙋 ${listWords(by)}${more > 0 ? ` and ${count(more)} more` : ''}`);
  }
  if (plan.enough !== null && reached > plan.enough) {
    lines.push(
      `Needed: ${count(plan.enough)}. Reached: ${count(reached)}, because these calls were already under way.`,
    );
  }
  for (const { step, problem } of steps.slice(-3)) {
    if (problem !== null) lines.push(`⚠️ Step ${count(step)}: ${foreign(problem, 300)}.`);
  }
  if (running) lines.push(...runningLines(reach));
  else if (reach.endedBy !== null && (ladder !== null || plan.attempts > 1 || plan.enough !== null)) {
    const words = endWords[reach.endedBy];
    if (words !== null) lines.push(words);
  }
  return lines;
}

/** One line about a running request, for lists of requests. */
export function reachLine(reach: ReachView): string {
  const { nextAttemptAt, nextStepAt } = reach;
  const at = Math.min(nextAttemptAt ?? Number.POSITIVE_INFINITY, nextStepAt ?? Number.POSITIVE_INFINITY);
  const times = Number.isFinite(at) ? [`goes on ${clock(at)}`] : [];
  return `📞 ${capital([...whereWords(reach), ...times].join(', ')) || 'Calling until enough are reached'}`;
}

/** Returns "step 2 of 3", "attempt 1 of 2". */
function whereWords({ ladder, step, attempt, plan }: ReachView): string[] {
  return [
    ...(ladder === null ? [] : [`step ${count(step)} of ${count(lastStep(ladder))}`]),
    ...(plan.attempts > 1 ? [`attempt ${count(attempt)} of ${count(plan.attempts)}`] : []),
  ];
}

function runningLines(reach: ReachView): string[] {
  const { ladder, step, calling, nextAttemptAt, nextStepAt } = reach;
  const where = whereWords(reach);
  const names = calling.slice(0, 5).map((each) => foreign(calleeLabel(each), 60));
  const more = calling.length > 5 ? ' and others' : '';
  const now = names.length === 0 ? 'Nobody is being called now' : `Calling ${listWords(names)}${more}`;
  const lines = [
    `${names.length === 0 ? '⏳' : '📞'} ${now}${where.length === 0 ? '' : ` (${where.join(', ')})`}.`,
  ];
  if (nextAttemptAt !== null)
    lines.push(`⏭️ People who were not reached are called again ${clock(nextAttemptAt)}.`);
  if (nextStepAt !== null && ladder !== null) {
    lines.push(`⏭️ Next: ${nextWords(ladder, step + 1)} ${clock(nextStepAt)}.`);
  }
  return lines;
}

/** The lists and people of a step, as the configuration names them. Numbers are masked. */
function nextWords(ladder: NonNullable<ReachView['ladder']>, step: number): string {
  const index = (step - 1) % (ladder.furtherSteps.length + 1);
  const call = index === 0 ? ladder.firstCall : (ladder.furtherSteps[index - 1]?.call ?? []);
  const names = call.map((entry) => entryWords(entry));
  return `step ${count(step)} (${listWords(names, 5)})`;
}

/** Returns "Cleo pressed 1 at 03:12" or "Cleo answered at 03:12". */
function reachedWords({ callee, name, key, at }: ReachedBy): string {
  const who = foreign(calleeLabel({ callee, name }), 60);
  return key === null ? `${who} answered ${clock(at)}` : `${who} pressed ${foreign(key, 4)} ${clock(at)}`;
}

/** Returns "at 03:12" in the reader's time zone. The date is left out, because the steps are minutes apart. */
function clock(at: number): string {
  return `at <!date^${Math.floor(at / 1000)}^{time}|${utc(at)}>`;
}
