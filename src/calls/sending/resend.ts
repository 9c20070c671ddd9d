import { cancelTask } from '../../queue/enqueue.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { Tx } from '../../store/types.ts';
import { advance } from '../request/advance.ts';
import { record } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest, type RequestRow } from '../request/rows.ts';
import { wakeLanes } from './lanes.ts';
import { addSubmission } from './submissions.ts';

/** A look into the platform's records that is slow may take so much longer, ms: then the call goes out all the same. */
const lookPatienceMs = 30_000;
const lookAgainMs = 2_000;

/**
 * The handler of "again" tasks (key: submission), for rules that say `onUnknown: again`: at three in the morning a lost
 * call is worse than one too many. What is still unknown after a minute of looking for it, of a request that nobody has
 * taken or stopped, goes out once more as a new submission, shown as such; that one is not repeated.
 */
export function createAgainSender(deps: CallsDeps): TaskHandler {
  return async (task) =>
    await deps.store.transaction(async (tx) => {
      const submission = await tx
        .selectFrom('submissions')
        .select(['id', 'request_id', 'again_of', 'checked_at'])
        .where('id', '=', task.key)
        .executeTakeFirst();
      if (submission === undefined) return undefined;
      const now = deps.clock.now();
      const patient = typeof task.payload === 'number' && now < task.payload + lookPatienceMs;
      if (patient && (submission.checked_at === null || (await reportsWait(tx)))) {
        return { againAt: now + lookAgainMs };
      }
      const request = await lockRequest(tx, submission.request_id);
      // This task counts as "will be sent again" until it is gone: it goes before the request moves on.
      await cancelTask(tx, 'again', task.key);
      if (request !== null && submission.again_of === null && isWanted(request)) {
        await sendAgain(tx, deps, request, submission.id);
      }
      await advance(tx, deps, submission.request_id);
      return undefined;
    });
}

/** What was found in the records may not be applied yet. */
async function reportsWait(tx: Tx): Promise<boolean> {
  const waiting = await tx
    .selectFrom('tasks')
    .select('key')
    .where('kind', '=', 'reports')
    .limit(1)
    .executeTakeFirst();
  return waiting !== undefined;
}

function isWanted(request: RequestRow): boolean {
  return (
    request.on_unknown === 'again' &&
    request.state === 'sending' &&
    request.acked_by === null &&
    request.cancelled_by === null
  );
}

async function sendAgain(tx: Tx, deps: CallsDeps, request: RequestRow, submissionId: string): Promise<void> {
  const unknown = await tx
    .selectFrom('calls')
    .select(['position', 'callee', 'name'])
    .where('submission_id', '=', submissionId)
    .where('state', '=', 'unknown')
    // This task may run twice: what went out once more already stays unknown for ever.
    .where('superseded', '=', 0)
    .orderBy('position')
    .execute();
  if (unknown.length === 0) return;
  const [last, ordinal] = await Promise.all([maximum(tx, request.id), nextOrdinal(tx, request.id)]);
  await tx
    .updateTable('calls')
    .set({ superseded: 1 })
    .where('submission_id', '=', submissionId)
    .where('state', '=', 'unknown')
    .execute();
  await tx
    .insertInto('calls')
    .values(
      unknown.map((call, index) => ({
        request_id: request.id,
        position: last + index + 1,
        submission_id: null,
        callee: call.callee,
        name: call.name,
        state: 'ready' as const,
      })),
    )
    .execute();
  await addSubmission(tx, deps, {
    requestId: request.id,
    ordinal,
    priority: request.priority,
    first: last + 1,
    last: last + unknown.length,
    againOf: submissionId,
  });
  await record(tx, request.id, {
    at: deps.clock.now(),
    actor: 'voicecall',
    action: 'sent again',
    detail: { submission: submissionId, calls: unknown.length },
  });
  await wakeLanes(tx, deps, deps.clock.now());
}

async function maximum(tx: Tx, requestId: string): Promise<number> {
  const row = await tx
    .selectFrom('calls')
    .select((eb) => eb.fn.max('position').as('position'))
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  return Number(row?.position ?? 0);
}

async function nextOrdinal(tx: Tx, requestId: string): Promise<number> {
  const row = await tx
    .selectFrom('submissions')
    .select((eb) => eb.fn.max('ordinal').as('ordinal'))
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  return Number(row?.ordinal ?? 0) + 1;
}
