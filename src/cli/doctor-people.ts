import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { withRosters } from '../rosters/people.ts';
import { isMemberId } from '../slack-ids.ts';
import { type Finding, note, ok, skipped } from './doctor-check.ts';
import { readLearned } from './learned-people.ts';
import { type DatabasePlace, readRows } from './read-rows.ts';

const rowSchema = z.object({ id: z.string(), body: z.string(), learned_at: z.coerce.number() });

/** A person or a user group that the app learned from Slack. */
interface Known {
  name: string | undefined;
  hasNumber: boolean;
  members: string[] | undefined;
  learnedAt: number;
}

const select = 'select id, body, learned_at from learned_people';

/**
 * The people whom rules can call while Slack is down: what we last learned and when, and the rules that would call
 * nobody.
 */
export async function checkPeople(config: Config, database: DatabasePlace, clock: Clock): Promise<Finding[]> {
  const called = [...new Set(config.rules.flatMap((rule) => entriesOf(config, rule.call)))].filter(
    isMemberId,
  );
  if (called.length === 0) return [];
  const read = await readRows(database, { learned_people: select }).catch(() => null);
  if (read === null) return [skipped('not checked: the database cannot be read; it has its own line')];
  const rows = z.array(rowSchema).parse(read.learned_people);
  const known = new Map(rows.map((row) => [row.id, learnedOf(row)]));
  const listed = [...known].map(([id, each]) => inWords(id, each, clock.now()));
  const missing = called.filter((id) => !known.has(id));
  return [
    ...(listed.length === 0 ? [] : [ok(`known without Slack: ${listed.join(', ')}`)]),
    ...(missing.length === 0
      ? []
      : [
          note(
            `not learnt yet: ${missing.join(', ')}`,
            'Start the app while Slack answers: it asks for them at once and every hour.',
          ),
        ]),
    ...config.rules
      .filter((rule) => !entriesOf(config, rule.call).some((entry) => canBeCalled(entry, known)))
      .map((rule) =>
        note(
          `rule ${rule.name} would call nobody while Slack is down`,
          'Add a number to its list, or give its people a number in their Slack profile.',
        ),
      ),
  ];
}

function entriesOf(config: Config, call: readonly string[]): string[] {
  const lists = withRosters(config);
  return call.flatMap((entry) => lists[entry] ?? [entry]);
}

function canBeCalled(entry: string, known: ReadonlyMap<string, Known>): boolean {
  if (!isMemberId(entry)) return true;
  const learned = known.get(entry);
  if (learned?.members === undefined) return learned?.hasNumber === true;
  return learned.members.some((member) => known.get(member)?.hasNumber === true);
}

function learnedOf({ body, learned_at }: z.infer<typeof rowSchema>): Known {
  const { name, phone = '', members } = readLearned(body);
  return { name, hasNumber: /\d{5}/.test(phone.replace(/\D/g, '')), members, learnedAt: learned_at };
}

function inWords(id: string, { name, hasNumber, members, learnedAt }: Known, now: number): string {
  const minutes = Math.max(0, Math.round((now - learnedAt) / 60_000));
  const age = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  if (members !== undefined) return `${id} (${members.length} members, ${age} old)`;
  return `${name ?? id} (${hasNumber ? 'with a number' : 'WITHOUT a number'}, ${age} old)`;
}
