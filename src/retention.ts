import { sql } from 'kysely';
import type { CallsDeps } from './calls/request/deps.ts';
import { erasedPrefix } from './calls/request/erased.ts';
import { finishedRequestStates } from './calls/request/states.ts';
import { readMessage } from './calls/request/stored.ts';
import type { Message } from './calls/request/types.ts';
import { enqueue } from './queue/enqueue.ts';
import type { Lease, TaskHandler } from './queue/types.ts';
import type { Tx } from './store/types.ts';
import { type Json, toJson } from './store/values.ts';

const dayMs = 24 * 3_600_000;
/** A filled-in modal is of no use longer than this. */
const draftsKeptMs = dayMs;
/** Reports that fit no call, and alert events that were dealt with: Slack sends an event again for minutes, not days. */
const leftoversKeptMs = 7 * dayMs;
/** Rows of one transaction: other writers get their turn in between. */
const rowsAtOnce = 1_000;
const requestsAtOnce = 100;

/** Asks for the daily run; to be called at each start. Several instances ask for one and the same. */
export async function scheduleRetention(tx: Tx, now: number): Promise<void> {
  await enqueue(tx, { kind: 'retention', key: 'daily', runAt: now });
}

/**
 * The handler of "retention" tasks (key: daily). What nobody needs any more goes in any case: drafts after a day,
 * reports that fit no call and processed alert events after a week. Where `retention` is configured, what is older
 * loses its numbers, names, notes and spoken texts (after a day at the earliest); counts, states, decisions and the audit trail stay. Works in small
 * transactions and goes on where it was interrupted. Runs again after a day.
 */
export function createRetention(deps: Pick<CallsDeps, 'clock' | 'log' | 'store' | 'config'>): TaskHandler {
  return async (_task, lease) => {
    const now = deps.clock.now();
    const deleted = await deleteLeftovers(deps, lease, now);
    const { retentionMs, limits } = deps.config();
    let erased = 0;
    if (retentionMs !== undefined) {
      // A limit on how often one number is rung can only hold while the number is known, and reports come for a day.
      const before = now - Math.max(retentionMs, limits.perCallee?.perMs ?? 0, dayMs);
      erased = await eraseRequests(deps, lease, before, now);
      await eraseBodies(deps, lease, before);
      await forgetPeople(deps, now - retentionMs);
    }
    if (deleted + erased > 0) deps.log.info({ deleted, erased }, 'old data was erased');
    return { againAt: lease.valid() ? now + dayMs : now };
  };
}

type Deps = Pick<CallsDeps, 'store'>;

/** Names and numbers that Slack has not told again for so long. */
async function forgetPeople(deps: Deps, before: number): Promise<void> {
  await deps.store.transaction(
    async (tx) => await tx.deleteFrom('learned_people').where('learned_at', '<', before).execute(),
  );
}

/** Repeats a write of at most `rowsAtOnce` rows, each in a transaction of its own, until nothing is left. */
async function inBatches(deps: Deps, lease: Lease, write: (tx: Tx) => Promise<number>): Promise<number> {
  let total = 0;
  while (lease.valid()) {
    const rows = await deps.store.transaction(write);
    total += rows;
    if (rows < rowsAtOnce) break;
  }
  return total;
}

async function deleteLeftovers(deps: Deps, lease: Lease, now: number): Promise<number> {
  const drafts = await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('drafts')
      .select('id')
      .where('created_at', '<', now - draftsKeptMs)
      .limit(rowsAtOnce);
    return rowsOf(await tx.deleteFrom('drafts').where('id', 'in', old).executeTakeFirst());
  });
  const reports = await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('reports')
      .select('id')
      .where('applied_at', 'is', null)
      .where('received_at', '<', now - leftoversKeptMs)
      .limit(rowsAtOnce);
    return rowsOf(await tx.deleteFrom('reports').where('id', 'in', old).executeTakeFirst());
  });
  return drafts + reports + (await deleteAlertEvents(deps, lease, now - leftoversKeptMs));
}

async function deleteAlertEvents(deps: Deps, lease: Lease, before: number): Promise<number> {
  return await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('alert_events')
      .select('event_id')
      .where((eb) => eb.or([eb('processed_at', '<', before), eb('set_aside_at', '<', before)]))
      .limit(rowsAtOnce);
    return rowsOf(await tx.deleteFrom('alert_events').where('event_id', 'in', old).executeTakeFirst());
  });
}

function rowsOf(result: { numDeletedRows: bigint } | { numUpdatedRows: bigint }): number {
  return Number('numDeletedRows' in result ? result.numDeletedRows : result.numUpdatedRows);
}

/** Erases requests that ended before `before`, oldest first; returns how many. */
async function eraseRequests(deps: Deps, lease: Lease, before: number, now: number): Promise<number> {
  let erased = 0;
  while (lease.valid()) {
    const due = await deps.store.read
      .selectFrom('requests')
      .select(['id', 'message', 'callees'])
      .where('erased_at', 'is', null)
      .where('created_at', '<', before)
      .where((eb) =>
        eb.or([
          eb.and([eb('state', 'in', [...finishedRequestStates]), eb('finished_at', '<', before)]),
          // Sent, with calls that nobody ever told the end of, or that nobody settled.
          eb.and([eb('state', '=', 'sent'), eb('changed_at', '<', before)]),
        ]),
      )
      .orderBy('created_at')
      .limit(requestsAtOnce)
      .execute();
    for (const request of due) {
      for (let from = 0; from < request.callees && lease.valid(); from += rowsAtOnce) {
        await deps.store.transaction((tx) => eraseCalls(tx, request.id, from));
      }
      if (!lease.valid()) return erased;
      await deps.store.transaction((tx) => finishErasing(tx, request, now));
      erased++;
    }
    if (due.length < requestsAtOnce) break;
  }
  return erased;
}

/** No two callees of one submission may be the same, so each gets an empty number of its own. */
async function eraseCalls(tx: Tx, requestId: string, from: number): Promise<void> {
  await tx
    .updateTable('calls')
    .set({ callee: sql<string>`${erasedPrefix} || cast(position as text)`, name: null })
    .where('request_id', '=', requestId)
    .where('position', '>=', from)
    .where('position', '<', from + rowsAtOnce)
    .execute();
}

async function finishErasing(
  tx: Tx,
  request: { id: string; message: Json<Message> },
  now: number,
): Promise<void> {
  // Positions may begin anywhere: whatever the loop did not meet is erased here.
  await tx
    .updateTable('calls')
    .set({ callee: sql<string>`${erasedPrefix} || cast(position as text)`, name: null })
    .where('request_id', '=', request.id)
    .where('callee', 'not like', `${erasedPrefix}%`)
    .execute();
  const message = readMessage(request.message);
  await tx
    .updateTable('requests')
    .set({
      note: '',
      message: message.kind === 'text' ? toJson({ ...message, text: '' }) : request.message,
      erased_at: now,
    })
    .where('id', '=', request.id)
    .execute();
}

/** Reports, what was posted, and alert events. What still waits to be posted or dealt with keeps its text. */
async function eraseBodies(deps: Deps, lease: Lease, before: number): Promise<void> {
  await inBatches(deps, lease, async (tx) => {
    const old = tx.selectFrom('reports').select('id').where('received_at', '<', before).limit(rowsAtOnce);
    return rowsOf(await tx.deleteFrom('reports').where('id', 'in', old).executeTakeFirst());
  });
  await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('messages')
      .select('id')
      .where('body', 'is not', null)
      .where('state', '!=', 'pending')
      .where('created_at', '<', before)
      .limit(rowsAtOnce);
    return rowsOf(
      await tx.updateTable('messages').set({ body: null }).where('id', 'in', old).executeTakeFirst(),
    );
  });
  await deleteAlertEvents(deps, lease, before);
}
