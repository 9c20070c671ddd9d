import { z } from 'zod';
import { planShape, rostersShape } from '../../calls/request/stored.ts';
import { newId } from '../../ids.ts';
import type { Queryable, Tx } from '../../store/types.ts';

const draftSchema = z.object({
  message: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('recording'), fileId: z.string(), name: z.string().nullable() }),
    z.object({ kind: z.literal('text'), text: z.string(), language: z.string() }),
  ]),
  options: z.object({
    displayNum: z.string().exactOptional(),
    maxDuration: z.number().exactOptional(),
    maxRingingTime: z.number().exactOptional(),
    loopCount: z.number().exactOptional(),
  }),
  note: z.string(),
  /** Absent in drafts of an earlier version. */
  plan: planShape.nullable().default(null),
  /** When to call, by the wall clock; null: at once. Absent in drafts of an earlier version, as the next. */
  whenAt: z.number().nullable().default(null),
  lists: z
    .object({ names: z.array(z.string()), only: z.array(z.string()) })
    .nullable()
    .default(null),
  rosters: rostersShape.default([]),
  callees: z.array(
    z.object({ callee: z.string(), name: z.string().nullable(), timeZone: z.string().exactOptional() }),
  ),
  duplicates: z.number(),
  channelId: z.string(),
  askedIn: z.string().nullable(),
  threadTs: z.string().nullable(),
  previousId: z.string().nullable(),
});

/** What somebody filled in, checked: between the modal's first view and its second it stays in the database, since
 * a view's private_metadata may hold no phone number. */
export type Draft = z.infer<typeof draftSchema>;

/** How long a filled-in modal can stay open before its button stops working, ms. */
export const draftKeptMs = 24 * 3_600_000;

/** Keeps a draft, for the second view that shows it; the same root view's earlier ones stay what theirs showed. Returns its id. */
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
 * The draft that a second view showed, if this person made it, with the root view that it was filled in under; null where
 * it is gone. It is looked up by its own id: Slack does not always name the same root view twice. An empty `draftId` (a
 * view of an older version): the latest of the root view.
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
