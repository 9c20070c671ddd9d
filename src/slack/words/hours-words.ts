import type { RequestView } from '../../calls/request/types.ts';
import { count, date, foreign, listWords, people } from '../kit/text.ts';

/**
 * Returns "12 now, 8 at 08:00 their time (your time: …)". Null if nobody waits for the hours. `from` is the start of the
 * hours, such as "08:00".
 */
export function partedWords(
  { now, later }: { now: number; later: readonly { at: number; callees: number }[] },
  from: string,
  called = 'now',
): string | null {
  if (later.length === 0) return null;
  const waiting = later.reduce((sum, each) => sum + each.callees, 0);
  const times = later.map(({ at, callees }) =>
    later.length === 1 ? date(at) : `${count(callees)} ${date(at)}`,
  );
  const first = now === 0 ? people(waiting) : `${count(now)} ${called}, ${count(waiting)}`;
  return `${first} at ${from} their time (your time: ${listWords(times, 6)})`;
}

/** The same words for a request that was released. Null if nobody waits for the hours. */
export function waitingForHours({ submissions, counts }: RequestView): string | null {
  const waiting = submissions.flatMap(({ opensAt, callees, reason }) =>
    opensAt === null ? [] : [{ at: opensAt, callees, from: foreign(reason ?? '', 20) }],
  );
  const [first] = waiting;
  if (first === undefined) return null;
  const later = [...Map.groupBy(waiting, ({ at }) => Math.floor(at / 60_000)).values()]
    .map((those) => ({
      at: those[0]?.at ?? 0,
      callees: those.reduce((sum, each) => sum + each.callees, 0),
    }))
    .sort((one, other) => one.at - other.at);
  const all = later.reduce((sum, each) => sum + each.callees, 0);
  return partedWords({ now: Math.max(0, counts.callees - all), later }, first.from, 'called now');
}
