import { z } from 'zod';
import { audioShape, optionsShape, planShape, rostersShape } from '../../calls/request/stored.ts';
import { newId } from '../../ids.ts';
import type { Queryable, Tx } from '../../store/types.ts';

const draftSchema = z.object({
  audio: audioShape,
  options: optionsShape,
  note: z.string(),
  /** Absent in drafts of an earlier version. */
  plan: planShape.nullable().default(null),
  /**
   * When to call, by the wall clock (ms); null: at once. Absent in drafts of an earlier version, like `lists` and
   * `rosters`.
   */
  whenAt: z.number().nullable().default(null),
  lists: z
    .object({ names: z.array(z.string()), only: z.array(z.string()) })
    .nullable()
    .default(null),
  rosters: rostersShape.default([]),
  /** Names of lists, to be shown. Absent in drafts of an earlier version. */
  namedLists: z.array(z.string()).default([]),
  callees: z.array(
    z.object({ callee: z.string(), name: z.string().nullable(), timeZone: z.string().exactOptional() }),
  ),
  duplicates: z.number(),
  channelId: z.string(),
  askedIn: z.string().nullable(),
  threadTs: z.string().nullable(),
  previousId: z.string().nullable(),
  /** The callees are those whom the repeated request did not reach. Absent in drafts of an earlier version. */
  again: z.boolean().default(false),
});

/**
 * A checked form. It is stored in the database between the modal's first and second view, because a view's
 * private_metadata must not hold phone numbers.
 */
export type Draft = z.infer<typeof draftSchema>;

/** How long a draft is kept, in ms. A form that is open for longer can no longer be submitted. */
export const draftKeptMs = 24 * 3_600_000;

/**
 * Stores a draft and returns its id. Earlier drafts of the same root view are not changed, because their views may
 * still be submitted.
 */
export async function saveDraft(
  tx: Tx,
  draft: { rootViewId: string; teamId: string; userId: string; data: Draft; now: number },
): Promise<string> {
  const id = newId('d');
  await tx
    .deleteFrom('drafts')
    .where('created_at', '<', draft.now - draftKeptMs)
    .execute();
  await tx
    .insertInto('drafts')
    .values({
      id,
      root_view_id: draft.rootViewId,
      team_id: draft.teamId,
      user_id: draft.userId,
      data: JSON.stringify(draft.data),
      created_at: draft.now,
    })
    .execute();
  return id;
}

/**
 * The draft of a second view, if this person made it, and the root view of its form. Null if it is gone. It is found
 * by its id, because Slack does not always send the same root view id twice. An empty `draftId` comes from a view of
 * an older version: then the latest draft of the root view is returned.
 */
export async function loadDraft(
  from: Queryable,
  shown: { draftId: string; rootViewId: string; userId: string },
): Promise<{ draft: Draft; rootViewId: string } | null> {
  const query = from
    .selectFrom('drafts')
    .select(['data', 'root_view_id'])
    .where('user_id', '=', shown.userId);
  const row = await (shown.draftId === ''
    ? query.where('root_view_id', '=', shown.rootViewId)
    : query.where('id', '=', shown.draftId)
  )
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { draft: draftSchema.parse(JSON.parse(row.data)), rootViewId: row.root_view_id };
}
