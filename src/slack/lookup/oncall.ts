import { lastReached } from '../../calls/request/last-reached.ts';
import { dutiesNow } from '../../rosters/stored.ts';
import type { Duty, OnDuty } from '../../rosters/types.ts';
import { isUserId } from '../../slack-ids.ts';
import { calleesOfEntries } from '../asking/callees-on-duty.ts';
import { calleeOptions, masked } from '../asking/collect-callees.ts';
import type { SlackDeps } from '../context/deps.ts';
import { answer, type RenderedMessage, section } from '../kit/blocks.ts';
import { chunkLines, date, duration, foreign, listWords } from '../kit/text.ts';
import { lastReachedWords } from '../words/last-reached-words.ts';
import type { NameOf } from '../words/request-words.ts';
import { noDutyWords, peopleWords } from '../words/roster-words.ts';

const oldMs = 3_600_000;

/** What is known of each person on duty: when they were last reached (ms; null: never), or why they cannot be called. */
type Known = ReadonlyMap<string, { reachedAt: number | null } | { why: string }>;

/** Answers `/voicecall oncall`: for every roster, who is on duty now and who is next. */
export async function onCallNow(deps: SlackDeps): Promise<RenderedMessage> {
  const duties = await dutiesNow(deps);
  const entries = [
    ...new Set(duties.flatMap((duty) => [...duty.people, ...(duty.next ?? [])]).map(({ entry }) => entry)),
  ];
  await deps.people.learnNames(entries.filter(isUserId));
  const { clock } = deps;
  const now = clock.now();
  return onCallAnswer(duties, {
    known: await knownOf(deps, entries),
    now,
    wallAt: clock.wallOf(now),
    nameOf: deps.people.knownName,
  });
}

async function knownOf(deps: SlackDeps, entries: readonly string[]): Promise<Known> {
  const options = calleeOptions(deps.config());
  const known = new Map<string, { reachedAt: number | null } | { why: string }>();
  for (const entry of entries) {
    const { callees, problems, leftOut } = await calleesOfEntries(deps, [entry], options);
    const numbers = callees.map(({ callee }) => callee);
    if (numbers.length === 0) {
      known.set(entry, { why: [...problems, ...leftOut].map(masked).join(' ') });
      continue;
    }
    const times = [...(await lastReached(deps.store.read, deps.tokenSecret, numbers)).values()];
    known.set(entry, { reachedAt: times.length === 0 ? null : Math.max(...times) });
  }
  return known;
}

/** Pure. `now` is on the clock of stored times, `wallAt` on the wall clock (ms). */
export function onCallAnswer(
  duties: readonly Duty[],
  facts: { known: Known; now: number; wallAt: number; nameOf?: NameOf },
): RenderedMessage {
  if (duties.length === 0)
    return answer(
      'There are no rosters. `rosters` in voicecall.yaml names calendars that say who is on duty.',
    );
  const lines = duties.map((duty) => dutyLine(duty, facts));
  return answer(
    lines.join('\n'),
    chunkLines(lines, 2_800).map((part) => section(part)),
  );
}

function dutyLine(
  duty: Duty,
  { known, now, wallAt, nameOf }: { known: Known; now: number; wallAt: number; nameOf?: NameOf },
): string {
  const until = duty.untilAt === null ? '' : ` until ${date(duty.untilAt)}`;
  const who =
    duty.why === null
      ? `${withReached(duty.people, known, now, nameOf)}${until}`
      : `${noDutyWords(duty, '')}${until}: the fallback is called`;
  const next =
    duty.next === null || duty.untilAt === null ? '' : ` Then ${peopleWords(duty.next.map(inNote), nameOf)}.`;
  const unknown =
    duty.why === null && duty.unknown.length > 0
      ? ` Not recognised: ${listWords(
          duty.unknown.map((title) => `“${foreign(title, 80)}”`),
          3,
        )}.`
      : '';
  return `*${foreign(duty.roster, 60)}*: ${who}.${next}${cannotBeCalled(duty, known)}${unknown}${ageWords(duty, wallAt)}`;
}

/** Who is on duty but cannot be called, and why. */
function cannotBeCalled({ why, people }: Duty, known: Known): string {
  if (why !== null) return '';
  const reasons = people.flatMap(({ entry }) => {
    const of = known.get(entry);
    return of !== undefined && 'why' in of ? [of.why] : [];
  });
  if (reasons.length === 0) return '';
  const fallback = reasons.length === people.length ? ' The fallback is called.' : '';
  return ` ⚠️ ${foreign(reasons.join(' '), 400)}${fallback}`;
}

function withReached(people: readonly OnDuty[], known: Known, now: number, nameOf?: NameOf): string {
  const words = people.map((person) => {
    const of = known.get(person.entry);
    const name = peopleWords([inNote(person)], nameOf);
    return of === undefined || 'why' in of ? name : `${name} (${lastReachedWords(of.reachedAt, now)})`;
  });
  return listWords(words, 5);
}

function inNote({ entry, name }: OnDuty): { name: string | null; id: string | null } {
  return { name, id: name === null ? entry : null };
}

/** A warning if a calendar cannot be read, or was last read long ago. */
function ageWords({ readAt, problem }: Duty, wallAt: number): string {
  const why = problem === null ? '' : `: ${foreign(problem, 200)}`;
  if (readAt === null) return problem === null ? '' : ` ⚠️ The calendar cannot be read${why}.`;
  const ageMs = wallAt - readAt;
  return ageMs > oldMs ? ` ⚠️ The calendar was last read ${duration(ageMs / 1000)} ago${why}.` : '';
}
