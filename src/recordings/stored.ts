import type { Selectable } from 'kysely';
import { z } from 'zod';
import { newId } from '../ids.ts';
import { enqueue } from '../queue/enqueue.ts';
import { lockName } from '../store/locks.ts';
import type { RecordingsTable } from '../store/schema.ts';
import type { Queryable, Tx } from '../store/types.ts';

export type AddedRecording = Selectable<RecordingsTable>;

/** For two people who add a recording at the same time. */
const recordingsLock = 'recordings';

/** How many requests are read to find the most used recordings. */
const requestsRead = 1_000;

/** All recordings that people added, also removed ones, oldest first. */
export async function addedRecordings(database: Queryable): Promise<AddedRecording[]> {
  return await database.selectFrom('recordings').selectAll().orderBy('added_at').orderBy('id').execute();
}

export async function findRecording(database: Queryable, id: string): Promise<AddedRecording | undefined> {
  return await database.selectFrom('recordings').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Stores a recording and adds the task that uploads it. If the view has added one already, adds no second one. */
export async function addRecording(
  tx: Tx,
  now: number,
  added: { viewId: string; name: string; slackFile: string; userId: string },
): Promise<void> {
  const id = newId('a');
  const inserted = await tx
    .insertInto('recordings')
    .values({
      id,
      view_id: added.viewId,
      name: added.name,
      state: 'uploading',
      slack_file: added.slackFile,
      added_by: added.userId,
      added_at: now,
      file_name: null,
      file_id: null,
      seconds: null,
      tried_at: null,
      problem: null,
      removed_by: null,
      removed_at: null,
    })
    .onConflict((conflict) => conflict.column('view_id').doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) === 0n) return;
  await enqueue(tx, { kind: 'recording', key: id, runAt: now });
}

/**
 * The recording with this name that can be chosen now or soon. Undefined: the name is free, and stays free until the
 * transaction ends.
 */
export async function nameTakenBy(tx: Tx, name: string): Promise<AddedRecording | undefined> {
  await lockName(tx, recordingsLock);
  const all = await active(tx);
  return all.find((each) => each.name.toLowerCase() === name.toLowerCase());
}

/**
 * Another recording with the same content that can be chosen now or soon. Undefined: there is none, and there will be
 * none until the transaction ends.
 */
export async function sameContent(
  tx: Tx,
  fileName: string,
  exceptId: string | null,
): Promise<AddedRecording | undefined> {
  await lockName(tx, recordingsLock);
  const all = await active(tx);
  return all.find((each) => each.file_name === fileName && each.id !== exceptId);
}

async function active(tx: Tx): Promise<AddedRecording[]> {
  return await tx
    .selectFrom('recordings')
    .selectAll()
    .where('removed_at', 'is', null)
    .where('state', '!=', 'failed')
    .execute();
}

/** Removes a recording from the choice. False: it was removed before. The platform keeps its file. */
export async function removeRecording(
  tx: Tx,
  id: string,
  removed: { by: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('recordings')
    .set({ removed_by: removed.by, removed_at: removed.at })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

const playedShape = z.object({ kind: z.literal('recording'), fileId: z.string() });

/** How often each recording was used in the latest requests, by fileId. */
export async function recordingUses(database: Queryable): Promise<Map<string, number>> {
  const rows = await database
    .selectFrom('requests')
    .select('audio')
    .orderBy('created_at', 'desc')
    .limit(requestsRead)
    .execute();
  const uses = new Map<string, number>();
  for (const { audio } of rows) {
    const { data } = playedShape.safeParse(JSON.parse(audio));
    if (data !== undefined) uses.set(data.fileId, (uses.get(data.fileId) ?? 0) + 1);
  }
  return uses;
}
