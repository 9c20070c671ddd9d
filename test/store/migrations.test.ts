// A database of the first version, with rows in every state, and what the current program makes of it.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sql } from 'kysely';
import { migrations } from '../../src/store/migrations/index.ts';
import { plainNames } from '../../src/store/migrations/plain-names.ts';
import { fillOld, type Row } from '../support/old-database.ts';
import { createTestDatabase, forEachDatabase, type TestDatabase } from '../support/store.ts';

const none = (...columns: string[]): Row => Object.fromEntries(columns.map((column) => [column, null]));

function oldRequest(id: string, state: string, more: Row = {}): Row {
  return {
    ...{ id, team_id: 'T1', origin: 'alert', state, channel_id: 'C1', note: '', callees: 1, duplicates: 0 },
    ...{ message: '{"kind":"recording","fileId":"f.mp3","name":null}', options: '{}', countries: '[]' },
    ...{ hash: 'h', on_unknown: 'again', priority: 5, created_at: 1, changed_at: 1 },
    ...none(
      'requested_by',
      'rule_name',
      'alert_id',
      'alert_title',
      'previous_id',
      'root_view_id',
      'asked_in',
    ),
    ...none('thread_ts', 'approval', 'expires_at', 'cancelled_by', 'acked_by', 'outcome', 'finished_at'),
    ...none('erased_at'),
    ...more,
  };
}

function oldSubmission(id: string, request_id: string, state: string, more: Row = {}): Row {
  return {
    ...{ id, request_id, ordinal: 1, priority: 5, state, token: id, callees: 1, ready_at: 1, next_try_at: 1 },
    ...{ tries: 1, ...none('again_of', 'code', 'reason', 'first_try_at', 'sending_at', 'sender') },
    ...none('answered_at', 'checked_at', 'settled_by', 'settled_at'),
    ...more,
  };
}

function oldCall(position: number, submission_id: string, state: string, more: Row = {}): Row {
  return {
    ...{ request_id: 'r', position, submission_id, callee: `659111${1000 + position}`, state },
    ...none('name', 'voice_id', 'submit_code', 'submit_reason', 'dialled_at'),
    ...more,
  };
}

forEachDatabase((kind) => {
  suite(`a database of the first version, on ${kind}`, () => {
    test('its columns with two meanings are split, and its tasks continue', async () => {
      const database = await createTestDatabase(kind);
      try {
        const task = { payload: '1700000060000', run_at: 1_700_000_060_000, priority: 0, revision: 1 };
        const rest = { attempts: 0, created_at: 1, ...none('next_run_at', 'lease_owner', 'lease_until') };
        await fillOld(database, [
          ['requests', [oldRequest('r', 'sending')]],
          [
            'submissions',
            [
              oldSubmission('s1', 'r', 'sending', { sender: '12:abc:i1' }),
              oldSubmission('s2', 'r', 'sending', { sender: 'restored:' }),
              oldSubmission('s3', 'r', 'unknown', { sender: '0:x:i1', code: 'timeout' }),
              oldSubmission('s4', 'r', 'unknown', { again_of: 's3' }),
              oldSubmission('s5', 'r', 'accepted'),
            ],
          ],
          [
            'calls',
            [
              oldCall(1, 's5', 'held', { submit_code: 'per_callee', submit_reason: '1767605411000' }),
              oldCall(2, 's5', 'held', { submit_code: 'calls_per_hour' }),
              oldCall(3, 's5', 'accepted', { submit_code: '0', submit_reason: 'success' }),
              oldCall(4, 's5', 'accepted', { submit_code: 'settled_rang' }),
              oldCall(5, 's3', 'unknown', { submit_code: 'timeout' }),
              oldCall(6, 's5', 'refused', { submit_code: '-26', submit_reason: '17' }),
              oldCall(7, 's5', 'unknown', { submit_code: '-18' }),
            ],
          ],
          [
            'tasks',
            [
              { kind: 'again', key: 's3', ...task, ...rest, last_error: null },
              { kind: 'again', key: 's4', ...task, ...rest, last_error: null },
            ],
          ],
        ]);
        const store = await database.open();
        const calls = await store.read
          .selectFrom('calls')
          .select(['state', 'submit_code', 'submit_reason', 'cause', 'held_until'])
          .orderBy('position')
          .execute();
        assert.deepEqual(
          calls.map((each) => Object.values(each)),
          [
            ['held', null, null, 'per_callee', 1_767_605_411_000],
            ['held', null, null, 'calls_per_hour', null],
            ['accepted', '0', 'success', null, null],
            ['accepted', null, null, 'settled_called', null],
            ['unknown', null, null, 'timeout', null],
            ['refused', '-26', '17', null, null],
            ['unknown', '-18', null, null, null],
          ],
        );
        const submissions = await store.read
          .selectFrom('submissions')
          .select(['id', 'lane', 'resend_at'])
          .orderBy('id')
          .execute();
        assert.deepEqual(
          submissions.map((each) => Object.values(each)),
          [
            ['s1', 12, null],
            ['s2', null, null],
            ['s3', null, 1_700_000_060_000],
            ['s4', null, null],
            ['s5', null, null],
          ],
        );
        const tasks = await store.read.selectFrom('tasks').select(['kind', 'key']).orderBy('key').execute();
        assert.deepEqual(tasks, [
          { kind: 'resend', key: 's3' },
          { kind: 'resend', key: 's4' },
        ]);
      } finally {
        await database.remove();
      }
    });

    test('every state is kept, and then the database refuses invalid states and rows without an owner', async () => {
      const database = await createTestDatabase(kind);
      try {
        const requests = 'awaiting_approval approved rejected expired cancelled sending sent done failed';
        const submissions = 'ready sending accepted refused unknown settled held cancelled failed';
        const calls = 'ready sending accepted refused unknown held cancelled failed answered not_answered';
        const each = (states: string, row: (state: string, index: number) => Row) =>
          states.split(' ').map(row);
        await fillOld(database, [
          ['requests', [oldRequest('r', 'sending'), ...each(requests, (state) => oldRequest(state, state))]],
          ['submissions', each(submissions, (state) => oldSubmission(state, 'r', state))],
          ['calls', each(calls, (state, index) => oldCall(index + 1, 'accepted', state))],
          [
            'decisions',
            [{ request_id: 'r', user_id: 'U1', decision: 'approve', reason: null, hash: 'h', at: 1 }],
          ],
          ['events', [{ id: 'e1', request_id: 'r', at: 1, actor: 'U1', action: 'asked', detail: '{}' }]],
        ]);
        const store = await database.open();
        const statesOf = async (table: 'requests' | 'submissions' | 'calls') =>
          (await store.read.selectFrom(table).select('state').execute()).map(({ state }) => state);
        assert.deepEqual((await statesOf('requests')).sort(), [...requests.split(' '), 'sending'].sort());
        assert.deepEqual((await statesOf('submissions')).sort(), submissions.split(' ').sort());
        assert.deepEqual((await statesOf('calls')).sort(), calls.split(' ').sort());
        const kept = await store.read.selectFrom('decisions').select('decision').execute();
        assert.deepEqual(kept, [{ decision: 'approve' }]);

        const refuses = async (statement: string) => {
          const write = store.transaction((tx) => sql.raw(statement).execute(tx));
          await assert.rejects(write, /constraint/i, statement);
        };
        for (const table of ['requests', 'submissions', 'calls']) {
          await refuses(`update ${table} set state = 'ringing'`);
        }
        await refuses(`update requests set origin = 'nobody'`);
        await refuses(`update decisions set decision = 'maybe'`);
        await refuses(`update submissions set request_id = 'none'`);
        await refuses(`update submissions set again_of = 'none'`);
        await refuses(`update calls set request_id = 'none'`);
        await refuses(`update audit set request_id = 'none'`);
        await refuses(`delete from requests where id = 'r'`);
      } finally {
        await database.remove();
      }
    });

    test('before tables were renamed: its rows are found under the new names, and its tasks can be read', async () => {
      const database = await createTestDatabase(kind);
      try {
        const spoken = '{"kind":"text","text":"Say \\"message\\":{","language":"EN"}';
        await fillOld(
          database,
          [
            ['requests', [oldRequest('r', 'sent', { message: spoken })]],
            ['steps', [{ request_id: 'r', step: 2, started_at: 1, callees: 1, message: spoken }]],
            ['submissions', [oldSubmission('s', 'r', 'settled')]],
            [
              'calls',
              ['settled_rang', 'settled_silent', 'timeout', null].map((cause, index) =>
                oldCall(index + 1, 's', 'accepted', { cause }),
              ),
            ],
            ['events', [{ id: 'e', request_id: 'r', at: 1, actor: 'U1', action: 'asked', detail: '{}' }]],
            [
              'messages',
              [
                {
                  ...{
                    id: 'm',
                    request_id: 'r',
                    kind: 'board',
                    slot: 'board:r',
                    channel_id: 'C1',
                    sequence: 1,
                  },
                  ...{ state: 'posted', tries: 0, created_at: 1, ts: '1.1' },
                },
              ],
            ],
            ['rule_rings', [{ rule_name: 'db', alert_id: 'a', rang_at: 7, request_id: 'r' }]],
            [
              'tasks',
              [
                {
                  ...{
                    kind: 'alerts.cooldown',
                    key: 'a:db',
                    run_at: 9,
                    priority: 0,
                    revision: 1,
                    attempts: 0,
                  },
                  ...{ payload: '{"rangAt":7,"source":null,"status":"firing"}', created_at: 1 },
                },
              ],
            ],
            [
              'drafts',
              [
                {
                  ...{ id: 'd', root_view_id: 'V', team_id: 'T1', user_id: 'U1', created_at: 1 },
                  data: `{"note":"x","message":${spoken}}`,
                },
              ],
            ],
          ],
          migrations.slice(0, migrations.indexOf(plainNames)),
        );
        const store = await database.open();
        const { read } = store;
        for (const table of ['requests', 'steps'] as const) {
          assert.deepEqual(await read.selectFrom(table).select('audio').execute(), [{ audio: spoken }]);
        }
        const calls = await read.selectFrom('calls').select('cause').orderBy('position').execute();
        assert.deepEqual(
          calls.map(({ cause }) => cause),
          ['settled_called', 'settled_not_called', 'timeout', null],
        );
        assert.deepEqual(await read.selectFrom('audit').select('action').execute(), [{ action: 'asked' }]);
        assert.deepEqual(await read.selectFrom('posts').select('slot').execute(), [{ slot: 'board:r' }]);
        const ruleCalls = await read.selectFrom('rule_calls').select(['rule_name', 'called_at']).execute();
        assert.deepEqual(ruleCalls, [{ rule_name: 'db', called_at: 7 }]);
        const tasks = await read.selectFrom('tasks').select('payload').execute();
        assert.deepEqual(
          tasks.map(({ payload }) => JSON.parse(payload)),
          [{ calledAt: 7, source: null, status: 'firing' }],
        );
        const [draft] = await read.selectFrom('drafts').select('data').execute();
        assert.deepEqual(JSON.parse(draft?.data ?? ''), { note: 'x', audio: JSON.parse(spoken) });
      } finally {
        await database.remove();
      }
    });

    test('it gets the same indexes as a new database', async () => {
      const old = await createTestDatabase(kind);
      const fresh = await createTestDatabase(kind);
      try {
        await fillOld(old, []);
        const indexesOf = async (database: TestDatabase) => {
          const { read } = await database.open();
          const { rows } =
            kind === 'sqlite'
              ? await sql<{ name: string }>`select tbl_name || ' ' || name as name from sqlite_master
                  where type = 'index' order by 1`.execute(read)
              : await sql<{ name: string }>`select tablename || ' ' || indexname as name from pg_indexes
                  where schemaname = 'public' order by 1`.execute(read);
          return rows.map(({ name }) => name);
        };
        const all = await indexesOf(fresh);
        assert.deepEqual(await indexesOf(old), all);
        for (const index of [
          'calls calls_submission_id_callee_unique',
          'calls calls_voice_id',
          'posts posts_slot_unique',
          'audit audit_at',
        ]) {
          assert.ok(all.includes(index), `${index} of ${all}`);
        }
      } finally {
        await old.remove();
        await fresh.remove();
      }
    });

    test('no index of calls makes SQLite plan queries by state again each time', async () => {
      if (kind !== 'sqlite') return;
      const database = await createTestDatabase(kind);
      try {
        const { read } = await database.open();
        const { rows } = await sql<{ sql: string }>`select sql from sqlite_master
          where type = 'index' and tbl_name = 'calls' and sql like '% where %'`.execute(read);
        assert.ok(rows.length > 0);
        for (const { sql: index } of rows) assert.doesNotMatch(index, /where \w+ = /);
        const plan = await sql<{ detail: string }>`explain query plan select submission_id from calls
          where (calls.state = 'unknown') is true and calls.dialled_at > 5`.execute(read);
        assert.match(plan.rows.map(({ detail }) => detail).join(), /INDEX calls_unknown/);
      } finally {
        await database.remove();
      }
    });
  });
});
