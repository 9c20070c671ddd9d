import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { moveStore } from '../../src/cli/move-tables.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import { tokenSecret } from '../../src/store/meta.ts';
import type { Store } from '../../src/store/types.ts';
import { callRow, requestRow, submissionRow } from '../support/rows.ts';
import { createTestDatabase, databaseKinds, silentLog, type TestDatabase } from '../support/store.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
/** Nothing listens there: a test that connects fails with another error. */
const nowhere = 'postgres://x@127.0.0.1:1/none';

async function fill(store: Store, calls = 1_234): Promise<void> {
  await tokenSecret(store);
  await store.transaction(async (tx) => {
    await addTask(tx, {
      kind: 'dispatch',
      key: '0',
      runAt: 1_700_000_000_123,
      payload: { text: 'Zoë "§" \\ 東京' },
    });
    await tx
      .insertInto('requests')
      .values(requestRow({ id: 'r1', callees: calls }))
      .execute();
    await tx
      .insertInto('submissions')
      .values(submissionRow({ id: 's1', request_id: 'r1', callees: calls }))
      .execute();
    for (let position = 0; position < calls; position++) {
      await tx
        .insertInto('calls')
        .values(
          callRow({
            ...{ request_id: 'r1', position, submission_id: 's1', callee: String(6_500_000_000 + position) },
            ...{ name: position % 2 === 0 ? null : "O'Brien\n", submit_reason: '' },
            dialled_at: 1_767_576_611_000 + position,
          }),
        )
        .execute();
    }
  });
}

/** Every row of every table, in an order that is the same on both databases. */
async function contents(store: Store): Promise<Record<string, string[]>> {
  const tables = ['calls', 'tasks', 'meta', 'requests', 'posts'] as const;
  const all: Record<string, string[]> = {};
  for (const table of tables) {
    const rows = await store.read.selectFrom(table).selectAll().execute();
    all[table] = rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
  }
  return all;
}

async function withSource(use: (source: TestDatabase) => Promise<void>): Promise<void> {
  const source = await createTestDatabase('sqlite');
  try {
    await use(source);
  } finally {
    await source.remove();
  }
}

/** The work of an instance that has ended. */
async function used(source: TestDatabase, work: (store: Store) => Promise<void> = fill): Promise<void> {
  const store = await source.open();
  await work(store);
  await store.close();
}

const move = (source: TestDatabase, databaseUrl = nowhere) =>
  moveStore({ dataDir: source.dataDir, databaseUrl, log: silentLog });
const saying = (pattern: RegExp) => ({ name: 'VoicecallError', code: 'config', message: pattern });

suite('moving is refused', () => {
  test('while an instance runs, even one that does nothing', async () => {
    await withSource(async (source) => {
      const store = await source.open();
      await fill(store, 3);
      await assert.rejects(move(source), saying(/in use: stop every running instance/));
      assert.equal((await contents(store)).calls?.length, 3);
    });
  });

  test('if there is no database, or one of another version', async () => {
    await withSource(async (source) => {
      await assert.rejects(move(source), saying(/There is no database at .*Set DATA_DIR/));
      await used(source, (store) => fill(store, 1));
      for (const [version, sentence] of [
        [999, /of version 999, this program knows \d+: move with the newer program/],
        [0, /start this program once with it/],
      ] as const) {
        const file = new DatabaseSync(join(source.dataDir, 'voicecall.db'));
        file.prepare("update meta set value = ? where name = 'store_version'").run(String(version));
        file.close();
        await assert.rejects(move(source), saying(sentence));
      }
    });
  });

  test('if the target is no address of PostgreSQL, in words and with exit code 1', async () => {
    for (const parameters of [[], ['--to', 'mysql://x'], ['--form', 'x']]) {
      const program = [join(root, 'src/run.mjs'), join(root, 'src/cli/move.ts'), ...parameters];
      await assert.rejects(
        run(process.execPath, program, { cwd: root }),
        (error: { code: number; stderr: string }) => {
          assert.equal(error.code, 1);
          assert.match(error.stderr, /^Usage: npm run move -- --to postgres:/);
          return true;
        },
      );
    }
  });

  test('an address that cannot be reached: the words name the place where it was given', async () => {
    const program = [join(root, 'src/run.mjs'), join(root, 'src/cli/move.ts')];
    for (const [parameters, fromEnv, place] of [
      [['--to', nowhere], '', '--to'],
      [[], nowhere, 'DATABASE_URL'],
    ] as const) {
      await withSource(async (source) => {
        await used(source);
        const env = { ...process.env, DATA_DIR: source.dataDir, DATABASE_URL: fromEnv };
        await assert.rejects(
          run(process.execPath, [...program, ...parameters], { cwd: source.dataDir, env }),
          (error: { stderr: string }) => {
            assert.match(error.stderr, new RegExp(`^Not moved\\..* ${place} names 127\\.0\\.0\\.1:1/none: `));
            assert.match(error.stderr, new RegExp(`that ${place} has the right user and password`));
            return true;
          },
        );
      });
    }
  });

  test('if the environment’s address is not PostgreSQL, as for the command line', async () => {
    const program = [join(root, 'src/run.mjs'), join(root, 'src/cli/move.ts')];
    for (const [DATABASE_URL, words] of [
      ['mysql://x', /^Usage: /],
      [nowhere, /^Not moved\./],
    ] as const) {
      await withSource(async (source) => {
        const env = { ...process.env, DATA_DIR: source.dataDir, DATABASE_URL };
        await assert.rejects(
          run(process.execPath, program, { cwd: source.dataDir, env }),
          (error: { code: number; stderr: string }) => {
            assert.equal(error.code, 1);
            assert.match(error.stderr, words);
            return true;
          },
        );
      });
    }
  });

  test('if the target cannot be reached; the source can be used at once again', async () => {
    await withSource(async (source) => {
      await used(source, (store) => fill(store, 2));
      await assert.rejects(move(source), { code: 'store_unavailable' });
      const store = await source.open();
      assert.equal((await contents(store)).calls?.length, 2);
    });
  });
});

if (databaseKinds.includes('postgres')) {
  suite('moving to PostgreSQL', () => {
    async function withBoth(use: (source: TestDatabase, target: TestDatabase, url: string) => Promise<void>) {
      const target = await createTestDatabase('postgres');
      try {
        await withSource((source) => use(source, target, target.databaseUrl ?? ''));
      } finally {
        await target.remove();
      }
    }

    test('every row arrives unchanged, the source keeps all, a second move is refused', async () => {
      await withBoth(async (source, target, url) => {
        await used(source);
        const counts = await move(source, url);
        assert.deepEqual(
          counts.filter(({ rows }) => rows > 0),
          [
            { table: 'requests', rows: 1 },
            { table: 'submissions', rows: 1 },
            { table: 'calls', rows: 1_234 },
            { table: 'meta', rows: 2 },
            { table: 'tasks', rows: 1 },
          ],
        );
        const before = await source.open();
        const after = await target.open();
        assert.deepEqual(await contents(after), await contents(before));
        assert.equal((await contents(before)).calls?.length, 1_234);
        assert.equal(await tokenSecret(after), await tokenSecret(before));
        await before.close();
        await assert.rejects(
          move(source, url),
          saying(/not empty \(requests, submissions, calls, tasks, meta\)/),
        );
      });
    });

    test('characters that PostgreSQL does not accept are cleaned', async () => {
      await withBoth(async (source, target, url) => {
        await used(source, async (store) => {
          await fill(store, 1);
          await store.transaction((tx) =>
            tx.updateTable('calls').set({ name: 'Di\u0000a', submit_reason: 'x\ud800' }).execute(),
          );
        });
        await move(source, url);
        const row = await (await target.open()).read
          .selectFrom('calls')
          .select(['name', 'submit_reason'])
          .executeTakeFirst();
        assert.deepEqual(row, { name: 'Dia', submit_reason: 'x\ufffd' });
      });
    });

    test('a target where an instance has only been started is not empty', async () => {
      await withBoth(async (source, target, url) => {
        await used(source, (store) => fill(store, 1));
        const started = await target.open();
        await tokenSecret(started);
        await assert.rejects(move(source, url), saying(/not empty \(meta\)/));
      });
    });

    test('a row that PostgreSQL refuses leaves the target empty', async () => {
      await withBoth(async (source, target, url) => {
        await used(source, async (store) => {
          await fill(store, 700);
          // SQLite keeps a text in a column of numbers.
          await store.transaction((tx) => sql`update tasks set attempts = 'many'`.execute(tx));
        });
        await assert.rejects(move(source, url));
        const store = await target.open();
        const left = await contents(store);
        assert.deepEqual([left.calls, left.tasks, left.meta?.length], [[], [], 1]);
        await store.close();
        await used(source, async (again) => {
          await again.transaction((tx) => sql`update tasks set attempts = 0`.execute(tx));
        });
        assert.equal((await move(source, url)).find(({ table }) => table === 'calls')?.rows, 700);
      });
    });

    test('the command prints the counts, and nothing of the address', async () => {
      await withBoth(async (source, _target, url) => {
        await used(source, (store) => fill(store, 5));
        const secret = new URL(url);
        secret.password = 'hush-hush';
        // From the environment, because every user of the machine can read a command line.
        const program = [join(root, 'src/run.mjs'), join(root, 'src/cli/move.ts')];
        const { stdout, stderr } = await run(process.execPath, program, {
          cwd: source.dataDir,
          env: { ...process.env, DATA_DIR: source.dataDir, DATABASE_URL: secret.href },
        });
        assert.match(stdout, /^calls +5$/m);
        assert.match(stdout, /^Moved: 10 rows, counted on both sides/m);
        assert.doesNotMatch(stdout + stderr, /hush-hush/);
      });
    });
  });
}

test('a missing directory is named', async () => {
  const source = await createTestDatabase('sqlite');
  rmSync(source.dataDir, { recursive: true });
  await assert.rejects(move(source), saying(/There is no database/));
  await source.remove();
});
