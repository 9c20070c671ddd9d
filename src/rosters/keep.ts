import type { Clock } from '../clock.ts';
import type { Config, Roster } from '../config/types.ts';
import type { Log } from '../log.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { TaskHandler } from '../queue/types.ts';
import type { RostersTable } from '../store/schema.ts';
import type { Store, Tx } from '../store/types.ts';
import { type Fetched, fetchFeed } from './fetch-feed.ts';
import { mailsToLookUp } from './people.ts';
import { readCalendar } from './read-calendar.ts';
import { aheadMs, type LookedUp, readMails, readShifts, sourceOf } from './stored.ts';
import type { Calendar, Span } from './types.ts';

/** How often the task runs, ms: the longest time until a new roster is read. */
const tickMs = 60_000;
/** How often a calendar is fetched, ms. */
export const fetchEveryMs = 3 * 60_000;
const dayMs = 24 * 3_600_000;
/** The part of a calendar that is expanded, around now. */
const span = { before: dayMs, after: aheadMs };
/** How often an unchanged copy is expanded again, ms, so that its expanded part never ends. */
const expandEveryMs = dayMs;
/** Slack allows about 50 such look-ups a minute. */
const mailsAtOnce = 40;
const mailKeptMs = dayMs;
const noMailKeptMs = 3_600_000;

/** Finds the Slack user of a mail address. `unclear`: Slack did not answer, or does not allow it. */
export type AskByMail = (mail: string) => Promise<{ id: string | null } | 'unclear'>;

export interface KeeperDeps {
  store: Store;
  clock: Clock;
  log: Log;
  config: () => Pick<Config, 'rosters'>;
}

/** Adds the first task. Call it at each start. */
export async function scheduleRosters(tx: Tx, now: number): Promise<void> {
  await enqueue(tx, { kind: 'rosters', key: 'all', runAt: now });
}

/** The handler of "rosters" tasks (key: all): fetches the calendars, and stores the last good copy of each. */
export function createRosterKeeper(
  deps: KeeperDeps,
  askByMail: AskByMail,
  fetch: (ical: string, etag: string | null) => Promise<Fetched> = fetchFeed,
): TaskHandler {
  return async () => {
    const { rosters } = deps.config();
    const names = Object.keys(rosters);
    await forgetOthers(deps, names);
    await Promise.all(
      Object.entries(rosters).map(([name, roster]) =>
        keep(deps, { name, roster, askByMail, fetch }).catch((error: unknown) =>
          deps.log.error({ err: error, roster: name }, 'a roster could not be updated'),
        ),
      ),
    );
    return { againAt: deps.clock.now() + tickMs };
  };
}

async function forgetOthers({ store }: KeeperDeps, names: readonly string[]): Promise<void> {
  const stored = await store.read.selectFrom('rosters').select('name').execute();
  const gone = stored.map(({ name }) => name).filter((name) => !names.includes(name));
  if (gone.length === 0) return;
  await store.transaction((tx) => tx.deleteFrom('rosters').where('name', 'in', gone).execute());
}

type Kept = Omit<RostersTable, 'name'>;

async function keep(
  deps: KeeperDeps,
  of: {
    name: string;
    roster: Roster;
    askByMail: AskByMail;
    fetch: (ical: string, etag: string | null) => Promise<Fetched>;
  },
): Promise<void> {
  const { name, roster } = of;
  const now = wall(deps);
  const stored = await deps.store.read
    .selectFrom('rosters')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst();
  const before = stored?.source === sourceOf(roster) ? stored : emptyCopy(roster);
  // If the clock was set back, fetch anyway.
  if (now - before.tried_at >= 0 && now - before.tried_at < fetchEveryMs - tickMs / 2) return;
  const fetched = await of.fetch(roster.ical, before.body === null ? null : before.etag);
  const after = await readFetched(before, fetched, now);
  after.mails = JSON.stringify(await lookUpMails(after, roster, of.askByMail, now));
  if (after.problem !== before.problem) logProblem(deps.log, name, after.problem);
  await store(deps, name, after);
}

/** The wall clock, which calendars use. */
function wall({ clock }: KeeperDeps): number {
  return clock.wallOf(clock.now());
}

function emptyCopy(roster: Roster): Kept {
  return {
    ...{ source: sourceOf(roster), etag: null, body: null, shifts: '[]', problems: '[]', mails: '{}' },
    ...{ read_at: null, expanded_at: null, tried_at: 0, problem: null },
  };
}

/** What to store after a try to fetch: the new copy if it is good, else the last good one. */
async function readFetched(before: Kept, fetched: Fetched, now: number): Promise<Kept> {
  const kept: Kept = { ...before, tried_at: now, problem: null };
  const isNew = fetched.kind === 'calendar' && fetched.text !== before.body;
  if (fetched.kind === 'fault') kept.problem = fetched.fault;
  else kept.read_at = now;
  if (fetched.kind === 'calendar') kept.etag = fetched.etag;
  const text = isNew ? fetched.text : before.body;
  const isStale = before.expanded_at === null || Math.abs(now - before.expanded_at) >= expandEveryMs;
  if (text === null || (!isNew && !isStale)) return kept;
  const read = await readCalendar(text, spanAround(now));
  if ('fault' in read) return { ...kept, etag: before.etag, read_at: before.read_at, problem: read.fault };
  return { ...kept, body: text, ...expanded(read.calendar), expanded_at: now };
}

export function spanAround(now: number): Span {
  return { fromAt: now - span.before, toAt: now + span.after };
}

function expanded({ shifts, problems }: Calendar): Pick<Kept, 'shifts' | 'problems'> {
  return { shifts: JSON.stringify(shifts), problems: JSON.stringify(problems) };
}

/** Looks up Slack ids for the mail addresses of the coming weeks. If Slack does not answer, the old ids stay. */
async function lookUpMails(kept: Kept, roster: Roster, ask: AskByMail, now: number): Promise<LookedUp> {
  const before = readMails(kept.mails);
  const mails: LookedUp = {};
  let asked = 0;
  for (const mail of mailsToLookUp(readShifts(kept.shifts), roster)) {
    const known = before[mail];
    if (known !== undefined) mails[mail] = known;
    const age = known === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - known.at);
    if (age < (known?.id == null ? noMailKeptMs : mailKeptMs) || asked >= mailsAtOnce) continue;
    asked += 1;
    const answer = await ask(mail);
    if (answer === 'unclear') asked = mailsAtOnce;
    else mails[mail] = { id: answer.id, at: now };
  }
  return mails;
}

function logProblem(log: Log, roster: string, problem: string | null): void {
  if (problem === null) log.info({ roster }, 'the calendar of a roster can be read again');
  else log.warn({ roster, problem }, 'the calendar of a roster cannot be read: the last good copy is used');
}

async function store({ store: database }: KeeperDeps, name: string, kept: Kept): Promise<void> {
  const row = {
    ...{ source: kept.source, etag: kept.etag, body: kept.body, shifts: kept.shifts },
    ...{ problems: kept.problems, mails: kept.mails, read_at: kept.read_at },
    ...{ expanded_at: kept.expanded_at, tried_at: kept.tried_at, problem: kept.problem },
  };
  await database.transaction((tx) =>
    tx
      .insertInto('rosters')
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute(),
  );
}
