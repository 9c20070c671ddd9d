import { expandLists } from '../../callees/parse.ts';
import { lastReached } from '../../calls/request/last-reached.ts';
import { within } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import { dutiesNow } from '../../rosters/stored.ts';
import type { Duty } from '../../rosters/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { slackLimits } from '../kit/limits.ts';
import { count, listWords, people, utc } from '../kit/text.ts';
import { lastReachedWords } from '../words/last-reached-words.ts';
import type { NameOf } from '../words/request-words.ts';
import { calleeOptions } from './collect-callees.ts';

/** Lists with more entries get no hint: for that many people a last time says little. */
const mostEntries = 200;

/** Reading this many numbers takes about ten milliseconds. */
const mostNumbers = 1_000;

/** The trigger of a modal expires after 3 s. If the database does not answer in this time, there are no hints. */
const patienceMs = 300;

/** The numbers of each list; read once for each configuration. */
const numbersOf = new WeakMap<Config['lists'], Map<string, string[]>>();

/** What the form shows below the name of a list or a roster, by name. */
export async function listHints(deps: SlackDeps): Promise<Map<string, string>> {
  const [lists, rosters] = await Promise.all([reachedHints(deps), dutyHints(deps)]);
  return new Map([...lists, ...rosters]);
}

/** For lists: when their numbers were last reached. People of Slack in a list are not looked up. */
async function reachedHints(deps: SlackDeps): Promise<Map<string, string>> {
  const numbers = listedNumbers(deps.config());
  if (numbers.size === 0) return new Map();
  const asked = lastReached(deps.store.read, deps.tokenSecret, [...numbers.values()].flat()).catch(
    (error: unknown) => {
      deps.log.info({ err: error }, 'who was last reached could not be read');
      return null;
    },
  );
  const reached = await within(deps.clock, patienceMs, asked, null);
  if (reached === null) return new Map();
  const now = deps.clock.now();
  return new Map([...numbers].map(([name, callees]) => [name, hint(callees, reached, now)]));
}

/** For rosters: who is on duty, and until when. */
async function dutyHints(deps: SlackDeps): Promise<Map<string, string>> {
  if (Object.keys(deps.config().rosters).length === 0) return new Map();
  const reading = dutiesNow(deps).catch((error: unknown) => {
    deps.log.info({ err: error }, 'who is on duty could not be read');
    return [];
  });
  const duties = await within(deps.clock, patienceMs, reading, []);
  return new Map(duties.map((duty) => [duty.roster, dutyHint(duty, deps.people.knownName)]));
}

/** Returns "Ben and Cleo until 2026-07-01 08:00 UTC". Pure. */
export function dutyHint({ people: onDuty, untilAt, why }: Duty, nameOf: NameOf): string {
  const until = untilAt === null ? '' : ` until ${utc(untilAt)}`;
  if (why !== null) return `nobody known is on duty${until}: the fallback is called`;
  const names = onDuty.map(({ entry, name }) => name ?? nameOf(entry) ?? 'a person in Slack');
  return `${listWords(names, 3)}${until}`;
}

/**
 * Returns "12 people, longest ago: last reached 3 weeks ago". It shows the longest time, because that number is the
 * most doubtful. Pure.
 */
export function hint(callees: readonly string[], reached: ReadonlyMap<string, number>, now: number): string {
  const times = callees.map((callee) => reached.get(callee) ?? null);
  const never = times.filter((at) => at === null).length;
  const crowd = people(callees.length);
  if (never > 0)
    return callees.length === 1
      ? `${crowd}, never reached`
      : `${crowd}, ${count(never)} of them never reached`;
  const longest = Math.min(...times.filter((at) => at !== null));
  return callees.length === 1
    ? `${crowd}, ${lastReachedWords(longest, now)}`
    : `${crowd}, longest ago: ${lastReachedWords(longest, now)}`;
}

function listedNumbers(config: Config): Map<string, string[]> {
  const known = numbersOf.get(config.lists);
  if (known !== undefined) return known;
  const numbers = new Map<string, string[]>();
  let read = 0;
  for (const [name, entries] of Object.entries(config.lists).slice(0, slackLimits.options)) {
    if (entries.length > mostEntries || read + entries.length > mostNumbers) continue;
    read += entries.length;
    const { callees } = expandLists([name], calleeOptions(config));
    if (callees.length > 0)
      numbers.set(
        name,
        callees.map(({ callee }) => callee),
      );
  }
  numbersOf.set(config.lists, numbers);
  return numbers;
}
