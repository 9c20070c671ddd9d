import type { WebClient } from '@slack/web-api';
import type { Clock } from '../clock.ts';
import type { Config, Roster } from '../config/types.ts';
import { maskNumbers } from '../mask-numbers.ts';
import { dutyAt } from '../rosters/duty.ts';
import { fetchFeed } from '../rosters/fetch-feed.ts';
import { spanAround } from '../rosters/keep.ts';
import { mailsToLookUp, peopleOf } from '../rosters/people.ts';
import { readCalendar } from '../rosters/read-calendar.ts';
import type { Shift } from '../rosters/types.ts';
import { slackFailure } from '../slack/client/errors.ts';
import { type Finding, note, ok, wrong } from './doctor-check.ts';

/** Inside a check's 10 s there is time to read what was fetched, and to ask Slack. */
const fetchWithinMs = 5_000;
const readWithinMs = 2_500;
const mailsAsked = 20;
const eventsNamed = 5;

/** Reads a roster's calendar as the app does, and names the events of the weeks to come in which nobody is recognised. */
export async function checkRoster(
  config: Config,
  name: string,
  { bot, clock }: { bot: WebClient | undefined; clock: Clock },
): Promise<Finding[]> {
  const roster = config.rosters[name];
  if (roster === undefined) return [];
  const fetched = await fetchFeed(roster.ical, null, undefined, fetchWithinMs);
  if (fetched.kind !== 'calendar') {
    const why = fetched.kind === 'fault' ? fetched.fault : 'it gave no calendar';
    return [wrong(`${name}: ${why}`, `Check rosters.${name}.ical.`)];
  }
  const now = clock.now();
  const read = await readCalendar(fetched.text, spanAround(now), readWithinMs);
  if ('fault' in read) return [wrong(`${name}: ${read.fault}`, `Check rosters.${name}.ical.`)];
  const { shifts, problems } = read.calendar;
  const mails = await lookUp(bot, mailsToLookUp(shifts, roster).slice(0, mailsAsked));
  const calendar = { shifts, mails: mails.known, readAt: now, problem: null };
  const duty = dutyAt(name, { roster, config, calendar }, now);
  const who = duty.why === null ? namesOf(duty.people) : 'nobody known, so that the fallback is called';
  return [
    ok(`${name}: ${shifts.length} events in the next weeks; on duty now: ${who}`),
    ...(mails.problem === null ? [] : [note(`${name}: ${mails.problem}`, mailRemedy)]),
    ...problems.map((problem) =>
      note(`${name}: ${maskNumbers(problem)}`, 'Change the event in the calendar.'),
    ),
    ...unrecognised(name, shifts, roster, mails.known),
  ];
}

const mailRemedy =
  'Name the people under `people`, or grant users:read.email ("OAuth & Permissions", Bot Token Scopes) and reinstall the app.';

function namesOf(people: readonly { name: string | null; entry: string }[]): string {
  return people.map(({ name, entry }) => name ?? entry).join(', ');
}

function unrecognised(
  name: string,
  shifts: readonly Shift[],
  roster: Roster,
  mails: Record<string, string | null>,
): Finding[] {
  const titles = shifts
    .filter((shift) => peopleOf(shift, roster, mails).length === 0)
    .map(({ title }) => title);
  const different = [...new Set(titles)];
  if (different.length === 0) return [];
  const named = different.slice(0, eventsNamed).map((title) => `"${maskNumbers(title)}"`);
  const more = different.length - named.length;
  return [
    note(
      `${name}: nobody is recognised in ${titles.length === 1 ? '1 event' : `${titles.length} events`}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
      `Add the names or mail addresses in them to rosters.${name}.people.`,
    ),
  ];
}

async function lookUp(
  bot: WebClient | undefined,
  mails: readonly string[],
): Promise<{ known: Record<string, string | null>; problem: string | null }> {
  const known: Record<string, string | null> = {};
  if (mails.length === 0) return { known, problem: null };
  if (bot === undefined)
    return { known, problem: 'mail addresses were not looked up: SLACK_BOT_TOKEN is not set' };
  for (const email of mails) {
    try {
      known[email] = (await bot.users.lookupByEmail({ email })).user?.id ?? null;
    } catch (error) {
      const failure = slackFailure(error);
      if (failure.kind === 'refused' && failure.error === 'users_not_found') known[email] = null;
      else {
        const why = failure.kind === 'limited' ? 'Slack was asked too often' : `Slack says ${failure.error}`;
        return { known, problem: `mail addresses cannot be looked up (${why})` };
      }
    }
  }
  return { known, problem: null };
}
