import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import { sqlitePath } from '../../../src/store/sqlite.ts';
import { lockSqlite } from '../../support/store.ts';
import { fillModal } from '../../support/world.ts';
import { ask, becomes, boards, type Flow, soon, startFlow } from '../flow.ts';

describe('problems of the database at Submit', () => {
  let flow: Flow;
  /** The app's own connection for writing, because limits such as max_page_count belong to a connection. */
  let writer: DatabaseSync;
  before(async () => {
    const opened = mock.method(DatabaseSync.prototype, 'exec');
    flow = await startFlow();
    // An earlier connection made the tables and is closed.
    const found = opened.mock.calls
      .filter((call) => String(call.arguments[0]).includes('journal_mode'))
      .map((call) => call.this)
      .find((each) => each instanceof DatabaseSync && each.isOpen);
    opened.mock.restore();
    assert.ok(found instanceof DatabaseSync);
    writer = found;
  });
  afterEach(async () => {
    const [view] = flow.slack.state.views.get('U0ASHA') ?? [];
    if (view !== undefined) await flow.slack.closeView('U0ASHA', view.id, true);
  });
  after(() => flow.end());

  const open = () => new DatabaseSync(sqlitePath(flow.database.dataDir));
  const stored = () => {
    const database = open();
    const tables = ['requests', 'calls', 'submissions', 'posts'];
    const counts = tables.map((table) => database.prepare(`select count(*) as n from ${table}`).get()?.n);
    database.close();
    return counts;
  };
  const lock = () => lockSqlite(flow.database.dataDir);

  const troubles: { what: string; words: RegExp; begin: () => (() => void) | Promise<() => void> }[] = [
    { what: 'locked', words: /could not be saved.*locked by another process/, begin: lock },
    {
      what: 'read-only',
      words: /could not be saved.*cannot be written to/,
      begin() {
        writer.exec('pragma query_only = on');
        return () => writer.exec('pragma query_only = off');
      },
    },
    {
      what: 'full',
      words: /could not be saved.*disk of the database is full/,
      begin() {
        writer.exec('pragma max_page_count = 1');
        return () => writer.exec('pragma max_page_count = 1000000');
      },
    },
  ];

  for (const [index, { what, words, begin }] of troubles.entries()) {
    test(`${what}: a message in time, nothing half-stored, and later everything works`, async () => {
      // So many callees that they do not fit into the existing pages.
      const file = flow.slack.uploadFile(
        'U0ASHA',
        'callees.csv',
        Array.from({ length: 150 }, (_, at) => `+65918${index}0${100 + at}`).join('\n'),
      );
      const first = await fillModal(flow, { file: [file.id] });
      const before = stored();
      const end = await begin();
      const result = await flow.slack.submitView('U0ASHA', first.view?.id ?? '');
      end();
      assert.equal(result.outcome, 'ok', 'answered within 3 s');
      assert.match(JSON.stringify(result.view?.blocks), words);
      assert.match(JSON.stringify(result.view?.blocks), /Nobody was called/);
      assert.deepEqual(stored(), before);
      await flow.slack.closeView('U0ASHA', result.view?.id ?? '', true);
      const calls = flow.voice.calls.length;
      const board = await ask(flow, { callee: `+659180001${index}` });
      await becomes(flow, board, 'done', { answered: 1 });
      assert.equal(flow.voice.calls.length, calls + 1);
    });
  }

  test('locked when the first view is submitted: a message', async () => {
    await flow.slack.command('U0ASHA', 'C0OPS', '+6591800021 fire-drill');
    const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
    const end = await lock();
    const result = await flow.slack.submitView('U0ASHA', view.id);
    end();
    assert.equal(result.outcome, 'ok');
    assert.match(JSON.stringify(result.view?.blocks), /could not be saved/);
  });

  test('locked for a moment: it succeeds without a person', async () => {
    const first = await fillModal(flow, { callee: '+6591800031' });
    const before = boards(flow).length;
    const end = await lock();
    const submitted = flow.slack.submitView('U0ASHA', first.view?.id ?? '');
    await new Promise((resolve) => setTimeout(resolve, 150));
    end();
    assert.equal((await submitted).action, 'cleared');
    await becomes(flow, await soon(flow, 'the board', () => boards(flow)[before]), 'done', { answered: 1 });
  });

  test('locked while the platform answers: the result is stored when there is room', async () => {
    flow.voice.faults.next({ delayMs: 100 });
    const before = flow.voice.requests.length;
    const board = await ask(flow, { callee: '+6591800041' });
    await soon(flow, 'it is being sent', () => flow.voice.requests.length > before, { stepMs: 0 });
    const end = await lock();
    await new Promise((resolve) => setTimeout(resolve, 400));
    end();
    await becomes(flow, board, 'done', { answered: 1, unknown: 0 });
  });
});
