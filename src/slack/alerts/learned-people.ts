import { z } from 'zod';
import { within } from '../../clock.ts';
import type { Config } from '../../config/types.ts';
import { enqueue } from '../../queue/enqueue.ts';
import type { TaskHandler } from '../../queue/types.ts';
import { withRosters } from '../../rosters/people.ts';
import { knownCalendar } from '../../rosters/stored.ts';
import { isGroupId, isMemberId } from '../../slack-ids.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import type { People, Person } from '../context/people.ts';

const hourMs = 3_600_000;
/** If Slack did not answer for somebody, it is asked again after this time. */
const retryMs = 5 * 60_000;
/** How long a rule's call waits for Slack before it uses what is stored. */
const patienceMs = 1_000;
/** If Slack did not answer in time, other look-ups do not wait for it during this time. */
const doubtMs = 30_000;

const personSchema = z.object({
  name: z.string(),
  phone: z.string(),
  standing: z.enum(['member', 'guest', 'bot', 'deactivated', 'foreign']),
});
const membersSchema = z.object({ members: z.array(z.string()) });

/** The people and user groups of Slack that rules call, by id, through a list or through a roster. */
export function calledInSlack(config: Pick<Config, 'rules' | 'lists' | 'rosters'>): string[] {
  const lists = withRosters(config);
  const entries = calledNames(config).flatMap((entry) => lists[entry] ?? [entry]);
  return [...new Set(entries.filter(isMemberId))];
}

/** The entries of `call` in the rules and their steps. */
function calledNames({ rules }: Pick<Config, 'rules'>): string[] {
  return rules.flatMap(({ call, furtherSteps }) => [...call, ...furtherSteps.flatMap((step) => step.call)]);
}

/** The people whom rosters' calendars name by mail address, if a rule calls the roster. */
async function namedByMail(from: Queryable, config: Config): Promise<string[]> {
  const names = calledNames(config).filter((entry) => Object.hasOwn(config.rosters, entry));
  const calendars = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const roster = config.rosters[name];
      return roster === undefined ? null : await knownCalendar(from, name, roster);
    }),
  );
  return calendars.flatMap((each) => Object.values(each?.mails ?? {})).filter((id) => id !== null);
}

/** Adds the hourly task. Called at each start. */
export async function scheduleLearning(tx: Tx, now: number): Promise<void> {
  await enqueue(tx, { kind: 'people', key: 'hourly', runAt: now });
}

/**
 * The handler of "people" tasks (key: hourly). Stores the names and numbers of people whom rules call, as Slack
 * returns them now. Deletes people whom no rule calls.
 */
export function createPeopleLearner(deps: SlackDeps): TaskHandler {
  return async () => {
    const now = deps.clock.now();
    const byMail = await namedByMail(deps.store.read, deps.config());
    const called = [...new Set([...calledInSlack(deps.config()), ...byMail])];
    const learned = new Map<string, unknown>();
    const people = new Set(called.filter((id) => !isGroupId(id)));
    let missing = 0;
    for (const id of called.filter(isGroupId)) {
      const members = await deps.people.groupMembers(id);
      if (members === null) {
        missing++;
        for (const member of (await storedMembers(deps.store.read, id)) ?? []) people.add(member);
        continue;
      }
      learned.set(id, { members });
      for (const member of members) people.add(member);
    }
    for (const id of people) {
      const person = await deps.people.person(id);
      if (person === null) missing++;
      else learned.set(id, personSchema.parse(person));
    }
    await deps.store.transaction(async (tx) => {
      for (const [id, value] of learned) {
        const row = { body: JSON.stringify(value), learned_at: now };
        await tx
          .insertInto('learned_people')
          .values({ id, ...row })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
          .execute();
      }
      const named = [...called, ...people];
      const others = tx.deleteFrom('learned_people');
      await (named.length === 0 ? others : others.where('id', 'not in', named)).execute();
    });
    return { againAt: now + (missing === 0 ? hourMs : retryMs) };
  };
}

type LookUpDeps = Pick<SlackDeps, 'people' | 'store' | 'clock'>;

/**
 * Looks people up in Slack. If Slack does not answer, returns what is stored. Only for the calls of rules:
 * permissions are always checked in Slack.
 */
export function withLearned(deps: LookUpDeps): People {
  const { people, store } = deps;
  return {
    ...people,
    async person(id) {
      return await fromSlack(deps, people.person(id), () => storedPerson(store.read, id));
    },
    async groupMembers(id) {
      return await fromSlack(deps, people.groupMembers(id), () => storedMembers(store.read, id));
    },
  };
}

const doubts = new WeakMap<People, number>();

async function fromSlack<Value>(
  deps: LookUpDeps,
  asked: Promise<Value | null>,
  stored: () => Promise<Value | null>,
): Promise<Value | null> {
  const { clock, people } = deps;
  const inDoubt = (doubts.get(people) ?? 0) > clock.monotonic();
  const answer = await within(clock, inDoubt ? 0 : patienceMs, asked, null);
  if (answer !== null) return answer;
  doubts.set(people, clock.monotonic() + doubtMs);
  // If nothing is stored, only Slack's answer can help.
  return (await stored()) ?? (await asked);
}

async function storedPerson(from: Queryable, id: string): Promise<Person | null> {
  const row = await storedRow(from, id);
  const read = row === undefined ? undefined : personSchema.safeParse(JSON.parse(row.body));
  return read?.success ? { id, ...read.data } : null;
}

async function storedMembers(from: Queryable, id: string): Promise<string[] | null> {
  const row = await storedRow(from, id);
  const read = row === undefined ? undefined : membersSchema.safeParse(JSON.parse(row.body));
  // An empty group is nobody to call, so Slack's answer is worth the wait: somebody may have joined since.
  return read?.success && read.data.members.length > 0 ? read.data.members : null;
}

async function storedRow(from: Queryable, id: string) {
  return await from.selectFrom('learned_people').selectAll().where('id', '=', id).executeTakeFirst();
}
