import type { Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import { moveSubmissions } from '../request/transitions.ts';

/**
 * A report of one call proves that the platform accepted its submission: an unknown or settled one becomes accepted.
 */
export async function markTaken(tx: Tx, deps: CallsDeps, submissionId: string): Promise<void> {
  const known = await tx
    .selectFrom('calls')
    .select('position')
    .where('submission_id', '=', submissionId)
    .where('state', 'in', ['accepted', 'answered', 'not_answered'])
    .limit(1)
    .executeTakeFirst();
  if (known === undefined) return;
  await moveSubmissions(tx, { id: submissionId }, ['unknown', 'settled'], 'accepted', {
    answered_at: deps.clock.now(),
  });
}
