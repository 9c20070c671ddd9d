import { z } from 'zod';
import { maskNumber } from '../callees/numbering-plan.ts';
import { parseCallees } from '../callees/parse.ts';
import { numberKey } from '../calls/request/last-reached.ts';
import type { Config } from '../config/types.ts';
import { withRosters } from '../rosters/people.ts';
import { type Finding, note, ok, skipped } from './doctor-check.ts';
import { type Learned, readLearned } from './learned-people.ts';
import { type DatabasePlace, readRows } from './read-rows.ts';

/** A longer list would not be read. */
const mostNamed = 20;

const rowsSchema = z.object({
  meta: z.array(z.object({ value: z.string() })),
  last_reached: z.array(z.object({ person: z.string() })),
  learned_people: z.array(z.object({ id: z.string(), body: z.string() })),
});

/** The people whom rules call and no call ever reached, because a wrong number is better found by day. */
export async function checkReached(config: Config, database: DatabasePlace): Promise<Finding[]> {
  if (config.rules.length === 0) return [];
  const read = await readRows(database, {
    meta: "select value from meta where name = 'token_secret'",
    last_reached: 'select person from last_reached',
    learned_people: 'select id, body from learned_people',
  }).catch(() => null);
  if (read === null) return [skipped('not checked: the database cannot be read; it has its own line')];
  const { meta, last_reached: rows, learned_people: learned } = rowsSchema.parse(read);
  const secret = meta[0]?.value;
  // The app has not run yet, so there is no key.
  if (secret === undefined) return [];
  const reached = new Set(rows.map(({ person }) => person));
  const slack = new Map(learned.map(({ id, body }) => [id, readLearned(body)]));
  const called = calleesOfRules(config, slack);
  const never = called.filter(({ callee }) => !reached.has(numberKey(secret, callee)));
  if (called.length === 0) return [];
  if (never.length === 0) return [ok(`everybody whom rules call was reached before (${called.length})`)];
  const names = never.slice(0, mostNamed).map(({ callee, name }) => labelOf(callee, name));
  const more = never.length > names.length ? ` and ${never.length - names.length} more` : '';
  return [
    note(
      `never reached by any call: ${names.join(', ')}${more}`,
      'Let them try it with /voicecall me, or call them with a test text.',
    ),
  ];
}

/** Each number once, with its name in a list or in Slack. */
function calleesOfRules(
  config: Config,
  slack: ReadonlyMap<string, Learned>,
): { callee: string; name: string | null }[] {
  const { rules, country } = config;
  const lists = withRosters(config);
  const calls = rules.flatMap(({ call, furtherSteps }) => [call, ...furtherSteps.map((step) => step.call)]);
  const listed = parseCallees(calls.flat().join('\n'), { country, lists });
  const members = listed.groups.flatMap((id) => slack.get(id)?.members ?? []);
  const people = [...new Set([...listed.people, ...members])].flatMap((id) => {
    const { name = id, phone = '' } = slack.get(id) ?? {};
    const [first] = parseCallees(phone.slice(0, 200), { country, lists: {} }).callees;
    return first === undefined ? [] : [{ callee: first.callee, name }];
  });
  return [...new Map([...people, ...listed.callees].map((each) => [each.callee, each])).values()];
}

/** Masks a name that could be a phone number. */
function labelOf(callee: string, name: string | null): string {
  const digits = (name ?? '').match(/\p{Nd}/gu) ?? [];
  const number = maskNumber(callee);
  return name === null || digits.length >= 7
    ? number
    : `${name.replace(/\p{Cc}/gu, ' ').slice(0, 80)} (${number})`;
}
