import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Config, Roster } from '../config/types.ts';
import type { Queryable, Store } from '../store/types.ts';
import { dutyAt, type KnownCalendar, neverRead } from './duty.ts';
import type { Duty, Shift } from './types.ts';

const shiftsShape: z.ZodType<Shift[]> = z.array(
  z.object({ fromAt: z.number(), toAt: z.number(), title: z.string(), mails: z.array(z.string()) }),
);

/** How far ahead a calendar is expanded, ms. */
export const aheadMs = 35 * 24 * 3_600_000;

/** A looked-up mail address: its Slack user, and when it was looked up, ms. */
export type LookedUp = Record<string, { id: string | null; at: number }>;

const mailsShape: z.ZodType<LookedUp> = z.record(
  z.string(),
  z.object({ id: z.string().nullable(), at: z.number() }),
);

export function readShifts(json: string): Shift[] {
  return shiftsShape.parse(JSON.parse(json));
}

export function readMails(json: string): LookedUp {
  return mailsShape.parse(JSON.parse(json));
}

/** Distinguishes addresses without containing one, because a calendar's address is a secret. */
export function sourceOf({ ical }: Pick<Roster, 'ical'>): string {
  return createHash('sha256').update(`roster:${ical}`).digest('hex').slice(0, 32);
}

/** The stored calendar of a roster. A copy from another address does not count. */
export async function knownCalendar(from: Queryable, name: string, roster: Roster): Promise<KnownCalendar> {
  const row = await from
    .selectFrom('rosters')
    .select(['source', 'shifts', 'mails', 'read_at', 'expanded_at', 'problem'])
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined || row.source !== sourceOf(roster)) return neverRead;
  const mails = Object.entries(readMails(row.mails)).map(([mail, { id }]): [string, string | null] => [
    mail,
    id,
  ]);
  return {
    shifts: readShifts(row.shifts),
    mails: Object.fromEntries(mails),
    readAt: row.read_at,
    problem: row.problem,
    ...(row.expanded_at === null ? {} : { knownUntilAt: row.expanded_at + aheadMs }),
  };
}

type Deps = { store: Pick<Store, 'read'>; clock: Clock; config: () => Pick<Config, 'lists' | 'rosters'> };

/** Who is on duty now by a roster of the configuration. */
export async function dutyNow(deps: Deps, name: string): Promise<Duty | null> {
  const config = deps.config();
  const roster = config.rosters[name];
  if (roster === undefined) return null;
  const calendar = await knownCalendar(deps.store.read, name, roster);
  return dutyAt(name, { roster, config, calendar }, deps.clock.wallOf(deps.clock.now()));
}

/** The same for all rosters, in the order of the configuration. */
export async function dutiesNow(deps: Deps): Promise<Duty[]> {
  const duties = await Promise.all(Object.keys(deps.config().rosters).map((name) => dutyNow(deps, name)));
  return duties.filter((duty): duty is Duty => duty !== null);
}
