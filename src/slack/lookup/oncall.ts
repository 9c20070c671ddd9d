import { lastReached } from '../../calls/request/last-reached.ts';
import { dutiesNow } from '../../rosters/stored.ts';
import type { Duty, OnDuty } from '../../rosters/types.ts';
import { calleesOfEntries } from '../asking/callees-on-duty.ts';
import { calleeOptions } from '../asking/collect-callees.ts';
import type { SlackDeps } from '../context/deps.ts';
import { answer, type RenderedMessage, section } from '../kit/blocks.ts';
import { chunkLines, date, duration, foreign, listWords } from '../kit/text.ts';
import { lastReachedWords } from '../words/last-reached-words.ts';
import type { NameOf } from '../words/request-words.ts';
import { noDutyWords, peopleWords } from '../words/roster-words.ts';

const oldMs = 3_600_000;

/** When each person on duty was last reached, in ms; null: never. */
type Reached = ReadonlyMap<string, number | null>;

/** Answers `/voicecall oncall`: for every roster, who is on duty now and who is next. */
export async function onCallNow(deps: SlackDeps): Promise<RenderedMessage> {
  const duties = await dutiesNow(deps);
  const entries = [
    ...new Set(duties.flatMap((duty) => [...duty.people, ...(duty.next ?? [])]).map(({ entry }) => entry)),
  ];
  await deps.people.learnNames(entries.filter((entry) => /^[UW][A-Z0-9]+$/.test(entry)));
  const { clock } = deps;
  const now = clock.now();
  return onCallAnswer(duties, {
    reached: await reachedOf(deps, entries),
    now,
    wallAt: clock.wallOf(now),
    nameOf: deps.people.knownName,
  });
}

async function reachedOf(deps: SlackDeps, entries: readonly string[]): Promise<Reached> {
  const options = calleeOptions(deps.config());
  const reached = new Map<string, number | null>();
  for (const entry of entries) {
    const { callees } = await calleesOfEntries(deps, [entry], options);
    const numbers = callees.map(({ callee }) => callee);
    if (numbers.length === 0) continue;
    const times = [...(await lastReached(deps.store.read, deps.tokenSecret, numbers)).values()];
    reached.set(entry, times.length === 0 ? null : Math.max(...times));
  }
  return reached;
}

/** Pure. `now` is on the clock of stored times, `wallAt` on the wall clock (ms). */
export function onCallAnswer(
  duties: readonly Duty[],
  facts: { reached: Reached; now: number; wallAt: number; nameOf?: NameOf },
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
  { reached, now, wallAt, nameOf }: { reached: Reached; now: number; wallAt: number; nameOf?: NameOf },
): string {
  const until = duty.untilAt === null ? '' : ` until ${date(duty.untilAt)}`;
  const who =
    duty.why === null
      ? `${withReached(duty.people, reached, now, nameOf)}${until}`
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
  return `*${foreign(duty.roster, 60)}*: ${who}.${next}${unknown}${ageWords(duty, wallAt)}`;
}

function withReached(people: readonly OnDuty[], reached: Reached, now: number, nameOf?: NameOf): string {
  const words = people.map((person) => {
    const at = reached.get(person.entry);
    const name = peopleWords([inNote(person)], nameOf);
    return at === undefined ? name : `${name} (${lastReachedWords(at, now)})`;
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
