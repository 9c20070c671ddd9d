import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Draft, loadDraft, saveDraft } from '../../../src/slack/asking/drafts.ts';
import type { Tx } from '../../../src/store/types.ts';
import { databaseKinds, withStore } from '../../support/store.ts';

const draftOf = (callee: string): Draft => ({
  message: { kind: 'recording', fileId: 'drill.mp3', name: null },
  options: {},
  note: '',
  callees: [{ callee, name: null }],
  duplicates: 0,
  channelId: 'C0OPS',
  askedIn: null,
  threadTs: null,
  previousId: null,
});
const keep = (tx: Tx, callee: string, now: number) =>
  saveDraft(tx, { rootViewId: 'V1', teamId: 'T0', userId: 'U0ASHA', data: draftOf(callee), now });

test('what is confirmed is what was shown, though the form was submitted twice at once', {
  skip: !databaseKinds.includes('postgres'),
}, async () => {
  await withStore(
    async (store, database) => {
      const other = await database.open();
      const ids: string[] = [];
      // The first Submit hangs; the person changes the number and presses again.
      await store.transaction(async (tx) => {
        ids.push(await keep(tx, '6591110001', 1));
        ids.push(await other.transaction((theirs) => keep(theirs, '6591110002', 2)));
      });
      const [first = '', second = ''] = ids;
      const shown = async (draftId: string) =>
        (await loadDraft(store.read, { draftId, rootViewId: 'V1', userId: 'U0ASHA' }))?.callees[0]?.callee;
      assert.equal(await shown(second), '6591110002');
      assert.equal(await shown(first), '6591110001');
      assert.equal(
        await loadDraft(store.read, { draftId: second, rootViewId: 'V2', userId: 'U0ASHA' }),
        null,
      );
      assert.equal(await loadDraft(store.read, { draftId: second, rootViewId: 'V1', userId: 'U0BEN' }), null);
    },
    { kind: 'postgres' },
  );
});
