// Every text column of every table is kept, erased or deleted with its row. A new column must be added to this list.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { sql } from 'kysely';
import { defaultConfig } from '../src/config/file.ts';
import { createLog } from '../src/log.ts';
import type { Lease } from '../src/queue/types.ts';
import { createRetention } from '../src/retention.ts';
import { sqlitePath } from '../src/store/sqlite.ts';
import type { Store } from '../src/store/types.ts';
import { createFakeClock } from './support/clock.ts';
import { isQuick, longestBlock } from './support/quick.ts';
import { forEachDatabase, type TestDatabase, withStore } from './support/store.ts';

/**
 * `kept`: ids, states, codes and names from the configuration, and nothing that a person, a tool or the platform
 * wrote freely. `erased`: emptied after the retention time. `deleted`: deleted with its row.
 */
const columns: Record<string, { kept?: string; erased?: string; deleted?: string }> = {
  requests: {
    kept: 'id team_id origin state requested_by rule_name alert_id previous_id root_view_id channel_id asked_in thread_ts thread_post countries hash approval on_unknown plan reach_ended_by lists named_lists',
    erased: 'alert_title ladder audio options note cancelled_by acked_by outcome rosters',
  },
  steps: { kept: 'request_id', erased: 'audio problem' },
  submissions: {
    kept: 'id request_id state token again_of code sender settled_by',
    erased: 'reason',
  },
  calls: {
    kept: 'request_id submission_id state voice_id submit_code cause earlier ending',
    erased:
      'callee name time_zone submit_reason termination_code termination_reason sip_code call_status feedback_value',
  },
  reports: { deleted: 'id digest voice_id token callee body' },
  tasks: { kept: 'kind key payload lease_owner', erased: 'last_error' },
  posts: {
    kept: 'id request_id kind slot channel_id parent_id thread_ts user_id state ts shown',
    erased: 'body',
  },
  decisions: { kept: 'request_id user_id decision hash', erased: 'reason' },
  audit: { kept: 'id request_id action', erased: 'actor detail' },
  drafts: { deleted: 'id root_view_id team_id user_id data' },
  alert_events: { deleted: 'event_id team_id channel_id body' },
  alerts: {
    deleted:
      'id key channel_id bot_id app_id identity status severity title link thread_ts last_ts acked_by details',
  },
  alert_messages: { deleted: 'channel_id ts alert_id status edited_ts' },
  channel_reads: { kept: 'channel_id read_until' },
  learned_people: { deleted: 'id body' },
  last_reached: { deleted: 'person' },
  // Only recordings that nobody can choose any more. The others are like names in the configuration.
  recordings: {
    kept: 'state',
    deleted: 'id view_id name slack_file added_by file_name file_id problem removed_by',
  },
  rosters: { deleted: 'name source etag body shifts problems mails problem' },
  silences: { kept: 'rule_name team_id channel_id thread_ts source alert_id' },
  rule_calls: { deleted: 'rule_name alert_id request_id' },
  rule_matches: { kept: 'rule_name' },
  pacing: { kept: 'name' },
  meta: { kept: 'name value' },
};

/** The value of a column whose words the database checks. */
const words: Record<string, string> = {
  'requests.origin': 'person',
  'requests.state': 'done',
  'requests.on_unknown': 'hold',
  'requests.countries': '[]',
  'requests.approval': '',
  'requests.previous_id': '',
  'submissions.state': 'accepted',
  'submissions.again_of': '',
  'calls.state': 'answered',
  'calls.cause': '',
  'calls.earlier': '',
  'calls.ending': '',
  'requests.reach_ended_by': '',
  'requests.plan': '',
  'requests.lists': '',
  'requests.named_lists': '',
  'decisions.decision': 'reject',
  'posts.state': 'posted',
  'posts.kind': 'reply',
  'recordings.state': 'ready',
  'alerts.status': 'firing',
  'alerts.severity': 'critical',
  'alert_messages.status': 'firing',
};
const dayMs = 24 * 3_600_000;
const held: Lease = { valid: () => true, signal: new AbortController().signal };
const list = (names: string | undefined) => names?.split(' ') ?? [];

async function textColumns(
  store: Store,
): Promise<{ table: string; name: string; text: boolean; needed: boolean }[]> {
  const tables = await store.read.introspection.getTables();
  return tables.flatMap((table) =>
    table.columns.map((column) => ({
      table: table.name,
      name: column.name,
      text: column.dataType.toLowerCase() === 'text',
      needed: !column.isNullable,
    })),
  );
}

/** Inserts a row in each table, with a unique value in every text column. */
async function plant(store: Store, row: number, at: number): Promise<string[]> {
  const planted: string[] = [];
  const all = await textColumns(store);
  for (const table of Object.keys(columns)) {
    const { erased, deleted } = columns[table] ?? {};
    const values: [string, string | number | null][] = [];
    for (const { name, text } of all.filter((each) => each.table === table)) {
      if (table === 'posts' && name === 'request_id' && row % 2 === 0) continue;
      if (!text) values.push([name, name.endsWith('_at') || name === 'at' ? at : 1]);
      else if (words[`${table}.${name}`] !== undefined)
        values.push([name, words[`${table}.${name}`] || null]);
      else if ([...list(erased), ...list(deleted)].includes(name)) {
        const mark = `PLANTED-${row}-${table}-${name}-6591110001`;
        planted.push(mark);
        values.push([name, asColumn(table, name, mark)]);
      } else values.push([name, `${name}-${row}`.replace(/^request_id/, 'id').replace(/^alert_id/, 'alert')]);
    }
    if (
      table === 'meta' ||
      table === 'channel_reads' ||
      table === 'silences' ||
      table === 'rule_matches' ||
      table === 'pacing'
    )
      continue;
    const used = values.filter(([name]) => !['erased_at', 'next_run_at', 'lease_until'].includes(name));
    const put = used.map(([name, value]): [string, string | number | null] => [
      name,
      table === 'tasks' && (name === 'lease_owner' || name === 'kind')
        ? name === 'kind'
          ? 'other'
          : null
        : value,
    ]);
    await store.transaction(async (tx) => {
      await sql`insert into ${sql.table(table)} (${sql.join(put.map(([name]) => sql.ref(name)))})
        values (${sql.join(put.map(([, value]) => sql`${value}`))})`.execute(tx);
    });
  }
  return planted.filter((mark) => !isKey(mark));
}

/** True for a key that rows of other tables contain; with a planted value they would not match. */
function isKey(mark: string): boolean {
  return /-(alerts-id|alert_messages-alert_id|rule_calls-alert_id)-/.test(mark);
}

function asColumn(table: string, name: string, mark: string): string {
  switch (`${table}.${name}`) {
    case 'requests.audio':
      return JSON.stringify({ kind: 'text', text: mark, language: 'EN' });
    case 'requests.options':
      return JSON.stringify({ displayNum: mark });
    case 'audit.detail':
      return JSON.stringify({ reason: mark, calls: 3 });
    case 'requests.acked_by':
    case 'requests.cancelled_by':
    case 'audit.actor':
      return `tool:${mark}`;
    case 'alert_messages.ts':
      return `1000000000.${mark}`;
    default:
      return isKey(mark) ? `alert-${mark.split('-')[1]}` : mark;
  }
}

/** Everything on SQLite's disk, or in PostgreSQL's rows. */
async function everything(store: Store, database: TestDatabase): Promise<string> {
  if (store.dialect === 'sqlite') {
    const path = sqlitePath(database.dataDir);
    return [path, `${path}-wal`]
      .filter((each) => existsSync(each))
      .map((each) => readFileSync(each, 'latin1'))
      .join('\n');
  }
  let text = '';
  for (const table of Object.keys(columns))
    text += JSON.stringify((await sql`select * from ${sql.table(table)}`.execute(store.read)).rows);
  return text;
}

forEachDatabase((kind) => {
  suite(`what is erased, on ${kind}`, () => {
    test('every text column is in the list', () =>
      withStore(
        async (store) => {
          const found = (await textColumns(store)).filter(({ text }) => text);
          const listed = Object.entries(columns).flatMap(([table, { kept, erased, deleted }]) =>
            [...list(kept), ...list(erased), ...list(deleted)].map((name) => `${table}.${name}`),
          );
          assert.deepEqual(
            found
              .map(({ table, name }) => `${table}.${name}`)
              .filter((name) => !/^kysely_|^sqlite_|^schema/.test(name))
              .sort(),
            listed.sort(),
          );
        },
        { kind },
      ));

    test('nothing that was planted in any column is left, also in the file', () =>
      withStore(
        async (store, database) => {
          const clock = createFakeClock();
          const old = clock.now() - 40 * dayMs;
          const planted: string[] = [];
          // So many rows that pages are split and filled again.
          for (let row = 0; row < 60; row++) planted.push(...(await plant(store, (row * 37) % 60, old)));
          assert.ok(planted.length > 1_000);
          const before = await everything(store, database);
          assert.deepEqual(
            planted.filter((mark) => !before.includes(mark)),
            [],
          );
          const config = () => ({ ...defaultConfig(), retentionMs: 30 * dayMs });
          await createRetention({ clock, log: createLog('silent'), store, config })(
            { kind: 'retention', key: 'daily', payload: null, attempts: 0 },
            held,
          );
          const after = await everything(store, database);
          assert.deepEqual(
            planted.filter((mark) => after.includes(mark)),
            [],
          );
          assert.ok(!after.includes('PLANTED'));
          const kept = await store.read.selectFrom('requests').select('state').execute();
          assert.equal(kept.length, 60);
        },
        { kind },
      ));

    test('thousands of requests are erased in seconds, and delay nothing else', async (t) => {
      await isQuick(
        'one step',
        100,
        async () => {
          const { tookMs, longestMs } = await withStore(eraseThousands, { kind });
          t.diagnostic(`${tookMs} ms, at most ${longestMs} ms without a pause`);
          assert.ok(tookMs < 15_000, `${tookMs} ms`);
          return longestMs;
        },
        3,
      );
    });
  });
});

/**
 * Erases 3,000 old requests. Returns how much CPU time that takes, and the most that one turn of the event loop takes.
 * CPU time, because the machine's other load makes real time longer.
 */
async function eraseThousands(store: Store): Promise<{ tookMs: number; longestMs: number }> {
  const clock = createFakeClock();
  const old = clock.now() - 40 * dayMs;
  const all = await textColumns(store);
  for (const table of ['requests', 'calls', 'audit', 'posts']) {
    const put = all
      .filter((each) => each.table === table && !/^(erased_at|alert_id|root_view_id|slot)$/.test(each.name))
      .map(({ name, text }) => [name, planting(table, name, text, old)] as const);
    // The database numbers them, because one insert for each is slow.
    await store.transaction((tx) =>
      sql`insert into ${sql.table(table)} (${sql.join(put.map(([name]) => sql.ref(name)))})
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000)
        select ${sql.join(put.map(([, value]) => value))} from n`.execute(tx),
    );
  }
  const began = cpuMs();
  const config = () => ({ ...defaultConfig(), retentionMs: 30 * dayMs });
  const erase = createRetention({ clock, log: createLog('silent'), store, config });
  const task = { kind: 'retention', key: 'daily', payload: null, attempts: 0 };
  const longestMs = await longestBlock(() => erase(task, held));
  const left = await store.read.selectFrom('requests').select('id').where('erased_at', 'is', null).execute();
  assert.equal(left.length, 0);
  return { tookMs: Math.round(cpuMs() - began), longestMs: Math.round(longestMs) };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function planting(table: string, name: string, text: boolean, at: number) {
  if (!text) return name.endsWith('_at') || name === 'at' ? sql`cast(${at} as bigint)` : sql`1`;
  if (name === 'id' && table === 'requests') return sql`'r' || cast(i as text)`;
  if (name === 'request_id') return sql`'r' || cast(i as text)`;
  const known = words[`${table}.${name}`];
  if (known !== undefined) return known === '' ? sql`null` : sql`cast(${known} as text)`;
  if (table === 'requests' && (name === 'audio' || name === 'options'))
    return sql`cast(${asColumn(table, name, 'x')} as text)`;
  if (name === 'detail') return sql`cast(${asColumn('audit', name, 'x')} as text)`;
  return sql`cast(${`${name}-`} as text) || cast(i as text)`;
}
