import type { Tx } from '../../store/types.ts';
import type { RequestRow } from '../request/rows.ts';
import { readAudio } from '../request/stored.ts';
import type { Audio } from '../request/types.ts';

/** The audio for the callees of a step: a further step may have other audio than the first. */
export async function audioOfStep(
  tx: Tx,
  request: Pick<RequestRow, 'id' | 'audio'>,
  step: number,
): Promise<Audio> {
  if (step === 1) return readAudio(request.audio);
  const row = await tx
    .selectFrom('steps')
    .select('audio')
    .where('request_id', '=', request.id)
    .where('step', '=', step)
    .executeTakeFirst();
  return readAudio(row?.audio ?? request.audio);
}
