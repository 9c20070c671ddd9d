import type { Lease } from './queue/types.ts';
import type { Store, Tx } from './store/types.ts';

const dayMs = 24 * 3_600_000;
/** A filled-in modal is useless after this time. */
const draftsKeptMs = dayMs;
/** For reports that match no call and for processed alert events: Slack repeats an event for minutes, not days. */
const leftoversKeptMs = 7 * dayMs;
/** The call keeps what its report said. */
const reportsKeptMs = 30 * dayMs;
/** An alert that is silent for this long is forgotten; its next message begins a new alert. */
const alertsKeptMs = 90 * dayMs;
/** Rows in one transaction: few enough that SQLite blocks the process for some milliseconds only. */
export const rowsAtOnce = 250;

export type Deps = { store: Store };

/** Repeats a write of at most `rowsAtOnce` rows, each time in its own transaction, until nothing is left. */
export async function inBatches(
  deps: Deps,
  lease: Lease,
  write: (tx: Tx) => Promise<number>,
): Promise<number> {
  let total = 0;
  while (lease.valid()) {
    const rows = await deps.store.transaction(write);
    total += rows;
    if (rows < rowsAtOnce) break;
  }
  return total;
}

/**
 * Deletes what nobody needs any more, with or without `retention`: drafts after a day, reports that match no call and
 * alert events after a week, applied reports after a month, silent alerts and everything stored about their messages
 * after 90 days. Returns how many rows.
 */
export async function keepHouse(deps: Deps, lease: Lease, now: number): Promise<number> {
  const drafts = await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('drafts')
      .select('id')
      .where('created_at', '<', now - draftsKeptMs)
      .limit(rowsAtOnce);
    return Number((await tx.deleteFrom('drafts').where('id', 'in', old).executeTakeFirst()).numDeletedRows);
  });
  const reports = await deleteReports(deps, lease, now - leftoversKeptMs, now - reportsKeptMs);
  const events = await deleteAlertEvents(deps, lease, now - leftoversKeptMs);
  const alerts = await deleteAlerts(deps, lease, now - alertsKeptMs);
  return drafts + reports + events + alerts;
}

/** Deletes reports that came before `before`, and those that match no call and came before `unfitBefore`. */
export async function deleteReports(
  deps: Deps,
  lease: Lease,
  unfitBefore: number,
  before: number,
): Promise<number> {
  const receivedBefore = (tx: Tx, at: number) =>
    tx.selectFrom('reports').select('id').where('received_at', '<', at).limit(rowsAtOnce);
  const remove = async (tx: Tx, some: ReturnType<typeof receivedBefore>) =>
    Number((await tx.deleteFrom('reports').where('id', 'in', some).executeTakeFirst()).numDeletedRows);
  const old = await inBatches(deps, lease, (tx) => remove(tx, receivedBefore(tx, before)));
  const unfit = await inBatches(deps, lease, (tx) =>
    remove(tx, receivedBefore(tx, unfitBefore).where('applied_at', 'is', null)),
  );
  return old + unfit;
}

/** Deletes alert events that were processed or set aside before `before`. */
export async function deleteAlertEvents(deps: Deps, lease: Lease, before: number): Promise<number> {
  return await inBatches(deps, lease, async (tx) => {
    const old = tx
      .selectFrom('alert_events')
      .select('event_id')
      .where((eb) => eb.or([eb('processed_at', '<', before), eb('set_aside_at', '<', before)]))
      .limit(rowsAtOnce);
    const deleted = await tx.deleteFrom('alert_events').where('event_id', 'in', old).executeTakeFirst();
    return Number(deleted.numDeletedRows);
  });
}

/** Deletes alerts that have been silent since `before` and have no open request, with everything stored for them. */
export async function deleteAlerts(deps: Deps, lease: Lease, before: number): Promise<number> {
  // Messages first: an alert that repeats itself for months has many, and the old ones are deleted too.
  const messages = await deleteAlertMessages(deps, lease, before);
  const alerts = await inBatches(deps, lease, async (tx) => {
    const quiet = await tx
      .selectFrom('alerts')
      .select('id')
      .where('last_at', '<', before)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('requests')
              .select('requests.id')
              .whereRef('requests.alert_id', '=', 'alerts.id')
              .where((eb) =>
                eb.or([
                  eb('requests.state', 'in', ['awaiting_approval', 'scheduled', 'approved', 'sending']),
                  // More attempts or steps may follow.
                  eb.and([eb('requests.state', '=', 'sent'), eb('requests.reaching', '=', 1)]),
                ]),
              ),
          ),
        ),
      )
      .orderBy('last_at')
      .limit(rowsAtOnce)
      .execute();
    if (quiet.length === 0) return 0;
    const locked = await tx
      .updateTable('alerts')
      .set((eb) => ({ last_at: eb.ref('last_at') }))
      .where(
        'id',
        'in',
        quiet.map(({ id }) => id),
      )
      // An alert that has had a message since then stays.
      .where('last_at', '<', before)
      .returning('id')
      .execute();
    if (locked.length === 0) return 0;
    const ids = locked.map(({ id }) => id);
    await tx.deleteFrom('alert_messages').where('alert_id', 'in', ids).execute();
    await tx.deleteFrom('rule_calls').where('alert_id', 'in', ids).execute();
    await tx.updateTable('requests').set({ alert_id: null }).where('alert_id', 'in', ids).execute();
    await tx.deleteFrom('alerts').where('id', 'in', ids).execute();
    return quiet.length;
  });
  return messages + alerts;
}

async function deleteAlertMessages(deps: Deps, lease: Lease, before: number): Promise<number> {
  const channels = await deps.store.read.selectFrom('alerts').select('channel_id').distinct().execute();
  // Slack's `ts`: seconds with six decimals, compared as text.
  const beforeTs = (before / 1_000).toFixed(6);
  let total = 0;
  for (const { channel_id } of channels) {
    total += await inBatches(deps, lease, async (tx) => {
      const old = await tx
        .selectFrom('alert_messages')
        .select('ts')
        .where('channel_id', '=', channel_id)
        .where('ts', '<', beforeTs)
        .orderBy('ts')
        .limit(rowsAtOnce)
        .execute();
      if (old.length === 0) return 0;
      const last = old.at(-1)?.ts ?? '';
      await tx
        .deleteFrom('alert_messages')
        .where('channel_id', '=', channel_id)
        .where('ts', '<=', last)
        .execute();
      return old.length;
    });
  }
  return total;
}
