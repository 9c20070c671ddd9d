import type { Tx } from '../../store/types.ts';
import type { RequestRow } from '../request/rows.ts';
import { readMessage } from '../request/stored.ts';
import type { Message } from '../request/types.ts';

/** What the callees of a step of a request hear: a further step may say or play something else than the first. */
export async function messageOfStep(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'message'>,
  step: number,
): Promise<Message> {
  if (step === 1) return readMessage(request.message);
  const row = await tx
    .selectFrom('steps')
    .select('message')
    .where('request_id', '=', request.id)
    .where('step', '=', step)
    .executeTakeFirst();
  return readMessage(row?.message ?? request.message);
}
