import type { Insertable } from 'kysely';
import { inChunks } from '../../store/chunks.ts';
import type { CallsTable } from '../../store/schema.ts';
import type { Tx } from '../../store/types.ts';

export type NewCall = Pick<
  Insertable<CallsTable>,
  'callee' | 'name' | 'earlier' | 'step' | 'list_only' | 'time_zone'
>;

/** Adds ready calls, which are in no submission yet, after the call at position `last`. */
export async function insertCalls(
  tx: Tx,
  requestId: string,
  last: number,
  calls: readonly NewCall[],
): Promise<void> {
  await inChunks(calls, async (some, start) => {
    const rows = some.map((call, index) => ({
      ...call,
      request_id: requestId,
      position: last + start + index + 1,
      submission_id: null,
      state: 'ready' as const,
    }));
    await tx.insertInto('calls').values(rows).execute();
  });
}
