import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite, test } from 'node:test';
import {
  moveCalls,
  moveRequest,
  moveSubmission,
  moveSubmissions,
  writeCalls,
} from '../../../src/calls/request/transitions.ts';
import type { Store, Tx } from '../../../src/store/types.ts';
import { callRow, requestRow, submissionRow } from '../../support/rows.ts';
import { forEachDatabase, withStore } from '../../support/store.ts';

const source = resolve(import.meta.dirname, '../../../src');

/** The statements in a source text that change the state of a request, a submission or a call. */
function stateWriters(text: string): string[] {
  const builders = /\b(?:updateTable|mergeInto)\(\s*'(?:requests|submissions|calls)'\s*\)/g;
  const found: string[] = [];
  for (const { index } of text.matchAll(builders)) {
    const rest = text.slice(index);
    const end = rest.search(/\.(?:execute\w*|where)\(/);
    const statement = rest.slice(0, end === -1 ? 1_000 : end);
    if (/\bstate\b/.test(statement)) found.push(statement);
  }
  const upserts = /\binsertInto\(\s*'(?:submissions|calls)'\s*\)[^;]*doUpdateSet/g;
  const raw = /\bupdate\s+"?(?:requests|submissions|calls)"?\s+set\b/gi;
  for (const [statement] of [...text.matchAll(upserts), ...text.matchAll(raw)]) found.push(statement);
  return found;
}

suite('changing states', () => {
  test('only one file changes the state of a request, a submission or a call', () => {
    const files = globSync('**/*.ts', { cwd: source }).map((path) => path.replaceAll('\\', '/'));
    const writers = files.filter(
      (path) =>
        !path.startsWith('store/migrations/') &&
        stateWriters(readFileSync(join(source, path), 'utf8')).length > 0,
    );
    assert.deepEqual(writers, ['calls/request/transitions.ts']);
    for (const wrong of [
      `await tx.updateTable('calls').set({ state: 'held' }).where('callee', '=', callee).execute();`,
      `await tx\n.updateTable('requests')\n.set((eb) => ({ tries: eb('tries', '+', 1), state: to }))\n.execute();`,
      `await tx.insertInto('calls').values(rows).onConflict((on) => on.column('x').doUpdateSet(all)).execute();`,
      'await sql`update submissions set state = 1`.execute(tx);',
    ]) {
      assert.equal(stateWriters(wrong).length, 1, wrong);
    }
    assert.deepEqual(
      stateWriters(`tx.updateTable('calls').set({ name: null }).where('state', '=', 'x').execute()`),
      [],
    );
  });

  forEachDatabase((kind) => {
    /** One request, one submission and three calls, all in one state. */
    async function fill(tx: Tx, state: 'ready' | 'sending' | 'unknown' | 'refused'): Promise<void> {
      await tx
        .insertInto('requests')
        .values(requestRow({ id: 'r', state: 'sending', callees: 3 }))
        .execute();
      await tx
        .insertInto('submissions')
        .values(submissionRow({ id: 's', request_id: 'r', state, callees: 3 }))
        .execute();
      const calls = [1, 2, 3].map((position) =>
        callRow({ request_id: 'r', submission_id: 's', position, callee: `659111000${position}`, state }),
      );
      await tx.insertInto('calls').values(calls).execute();
    }
    const statesOf = async (store: Store) =>
      (await store.read.selectFrom('calls').select('state').orderBy('position').execute()).map(
        ({ state }) => state,
      );
    const refused = { code: 'bad_transition' };

    test(`${kind}: only calls in the given states are changed`, () =>
      withStore(
        async (store) => {
          await store.transaction((tx) => fill(tx, 'ready'));
          const callees = ['6591110001', '6591110003'];
          const held = await store.transaction((tx) =>
            moveCalls(tx, { submissionId: 's', callees }, ['ready'], 'held', { cause: 'per_callee' }),
          );
          assert.equal(held, 2);
          assert.deepEqual(await statesOf(store), ['held', 'ready', 'held']);
          const rest = await store.transaction((tx) =>
            moveCalls(tx, { requestId: 'r' }, ['ready'], 'cancelled'),
          );
          assert.equal(rest, 1);
          assert.deepEqual(await statesOf(store), ['held', 'cancelled', 'held']);
          await assert.rejects(
            store.transaction((tx) => moveCalls(tx, { requestId: 'r' }, ['ready', 'held'], 'sending')),
            refused,
          );
        },
        { kind },
      ));

    test(`${kind}: calls with their own values: every row is checked, and one that was changed in between is found`, () =>
      withStore(
        async (store) => {
          await store.transaction((tx) => fill(tx, 'sending'));
          const rows = await store.read.selectFrom('calls').selectAll().orderBy('position').execute();
          const [first, second, third] = rows;
          assert.ok(first && second && third);
          const taken = { from: 'sending', call: { ...first, state: 'accepted' as const } } as const;
          const back = { from: 'sending', call: { ...second, state: 'held' as const } } as const;
          await assert.rejects(
            store.transaction((tx) => writeCalls(tx, [taken, back], ['state'])),
            refused,
          );
          const elsewhere = { from: 'unknown', call: { ...third, state: 'accepted' as const } } as const;
          await assert.rejects(
            store.transaction((tx) => writeCalls(tx, [taken, elsewhere], ['state'])),
            refused,
          );
          assert.deepEqual(await statesOf(store), ['sending', 'sending', 'sending'], 'all or nothing');
          const told = { from: 'sending', call: { ...second, state: 'unknown' as const } } as const;
          await store.transaction((tx) => writeCalls(tx, [taken, told], ['state']));
          assert.deepEqual(await statesOf(store), ['accepted', 'unknown', 'sending']);
        },
        { kind },
      ));

    test(`${kind}: a request or submission that is no longer in the expected state is not changed`, () =>
      withStore(
        async (store) => {
          await store.transaction((tx) => fill(tx, 'refused'));
          await assert.rejects(
            store.transaction((tx) => moveRequest(tx, { id: 'r', state: 'sent' }, 'done', 2)),
            refused,
          );
          await assert.rejects(
            store.transaction((tx) => moveRequest(tx, { id: 'r', state: 'sending' }, 'expired', 2)),
            refused,
          );
          await assert.rejects(
            store.transaction((tx) => moveSubmission(tx, { id: 's', state: 'refused' }, 'accepted')),
            refused,
          );
          await assert.rejects(
            store.transaction((tx) => moveSubmission(tx, { id: 's', state: 'unknown' }, 'accepted')),
            refused,
          );
          assert.equal(
            await store.transaction((tx) =>
              moveSubmissions(tx, { requestId: 'r' }, ['unknown', 'settled'], 'accepted'),
            ),
            0,
          );
        },
        { kind },
      ));
  });
});
