import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { sqlitePath } from '../store/sqlite.ts';
import { type Finding, note, ok, skipped } from './doctor-check.ts';

const rowSchema = z.object({ id: z.string(), body: z.string(), learned_at: z.coerce.number() });
const bodySchema = z.object({
  name: z.string().optional(),
  phone: z.string().optional(),
  members: z.array(z.string()).optional(),
});

interface Learned {
  name: string | undefined;
  hasNumber: boolean;
  members: string[] | undefined;
  learnedAt: number;
}

const select = 'select id, body, learned_at from learned_people';
const isId = (entry: string) => /^[USW][A-Z0-9]{2,}$/.test(entry);

/** Whom rules call while Slack is down: what was learnt last and how old it is, and the rules that would call nobody. */
export async function checkPeople(
  config: Config,
  database: { url: string | undefined; dataDir: string },
  clock: Clock,
): Promise<Finding[]> {
  const called = [...new Set(config.rules.flatMap((rule) => entriesOf(config, rule.call)))].filter(isId);
  if (called.length === 0) return [];
  const rows = await learnedRows(database).catch(() => null);
  if (rows === null) return [skipped('not checked: the database does not tell; it has its own line')];
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

function entriesOf({ lists }: Config, call: readonly string[]): string[] {
  return call.flatMap((entry) => lists[entry] ?? [entry]);
}

function canBeCalled(entry: string, known: ReadonlyMap<string, Learned>): boolean {
  if (!isId(entry)) return true;
  const learned = known.get(entry);
  if (learned?.members === undefined) return learned?.hasNumber === true;
  return learned.members.some((member) => known.get(member)?.hasNumber === true);
}

function learnedOf({ body, learned_at }: z.infer<typeof rowSchema>): Learned {
  const { name, phone = '', members } = bodySchema.parse(JSON.parse(body));
  return { name, hasNumber: /\d{5}/.test(phone.replace(/\D/g, '')), members, learnedAt: learned_at };
}

function inWords(id: string, { name, hasNumber, members, learnedAt }: Learned, now: number): string {
  const minutes = Math.max(0, Math.round((now - learnedAt) / 60_000));
  const age = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  if (members !== undefined) return `${id} (${members.length} members, ${age} old)`;
  return `${name ?? id} (${hasNumber ? 'with a number' : 'WITHOUT a number'}, ${age} old)`;
}

/** Reads, and makes nothing: no table yet is nobody learnt yet. */
async function learnedRows({ url, dataDir }: { url: string | undefined; dataDir: string }) {
  if (url === undefined) return sqliteRows(sqlitePath(dataDir));
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 4_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ known: string | null }>(
      "select to_regclass('learned_people')::text as known",
    );
    if (rows[0]?.known == null) return [];
    return z.array(rowSchema).parse((await client.query(select)).rows);
  } finally {
    await client.end().catch(() => {});
  }
}

function sqliteRows(path: string) {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { timeout: 2_000, readOnly: true });
  try {
    const table = database.prepare("select 1 from sqlite_master where name = 'learned_people'").get();
    return table === undefined ? [] : z.array(rowSchema).parse(database.prepare(select).all());
  } finally {
    database.close();
  }
}
