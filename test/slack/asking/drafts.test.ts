import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Draft, loadDraft, saveDraft } from '../../../src/slack/asking/drafts.ts';
import type { Tx } from '../../../src/store/types.ts';
import { databaseKinds, withStore } from '../../support/store.ts';

const draftOf = (callee: string): Draft => ({
  audio: { kind: 'recording', fileId: 'drill.mp3', name: null },
  options: {},
  note: '',
  plan: null,
  whenAt: null,
  lists: null,
  rosters: [],
  namedLists: [],
  callees: [{ callee, name: null }],
  duplicates: 0,
  channelId: 'C0OPS',
  askedIn: null,
  threadTs: null,
  previousId: null,
  again: false,
});
const keep = (tx: Tx, callee: string, now: number) =>
  saveDraft(tx, { rootViewId: 'V1', teamId: 'T0', userId: 'U0ASHA', data: draftOf(callee), now });

test('the confirmed request is what was shown, although the form was submitted twice at once', {
  skip: !databaseKinds.includes('postgres'),
}, async () => {
  await withStore(
    async (store, database) => {
      const other = await database.open();
      const ids: string[] = [];
      // The first Submit hangs; the person changes the number and submits again.
      await store.transaction(async (tx) => {
        ids.push(await keep(tx, '6591110001', 1));
        ids.push(await other.transaction((theirs) => keep(theirs, '6591110002', 2)));
      });
      const [first = '', second = ''] = ids;
      const shown = async (draftId: string) =>
        (await loadDraft(store.read, { draftId, rootViewId: 'V1', userId: 'U0ASHA' }))?.draft.callees[0]
          ?.callee;
      assert.equal(await shown(second), '6591110002');
      assert.equal(await shown(first), '6591110001');
      assert.equal(await loadDraft(store.read, { draftId: second, rootViewId: 'V1', userId: 'U0BEN' }), null);
    },
    { kind: 'postgres' },
  );
});

test('a draft is found by its own id if Slack names another root view, and its request keeps the first one', async () => {
  await withStore(async (store) => {
    const draftId = await store.transaction((tx) => keep(tx, '6591110003', 1));
    const load = (userId: string, id = draftId) =>
      loadDraft(store.read, { draftId: id, rootViewId: 'V2', userId });
    const found = await load('U0ASHA');
    assert.equal(found?.draft.callees[0]?.callee, '6591110003');
    assert.equal(found?.rootViewId, 'V1');
    assert.equal(await load('U0BEN'), null, 'nobody gets the draft of another person');
    assert.equal(await load('U0ASHA', ''), null, 'without an id the root view tells');
  });
});
