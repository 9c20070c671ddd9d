import { sql } from 'kysely';
import type { CallsDeps } from './calls/request/deps.ts';
import { erasedPrefix } from './calls/request/erased.ts';
import { finishedRequestStates } from './calls/request/states.ts';
import { readAudio, readDetail, readOptions } from './calls/request/stored.ts';
import type { CallOptions } from './config/types.ts';
import {
  type Deps,
  deleteAlertEvents,
  deleteAlerts,
  deleteReports,
  inBatches,
  keepHouse,
  rowsAtOnce,
} from './housekeeping.ts';
import { enqueue } from './queue/enqueue.ts';
import type { Lease, TaskHandler } from './queue/types.ts';
import { inChunks } from './store/chunks.ts';
import type { RequestsTable } from './store/schema.ts';
import type { Tx } from './store/types.ts';
import { type Audio, type Json, toJson } from './store/values.ts';

const dayMs = 24 * 3_600_000;
/** How many requests with few calls are erased in one transaction. */
const requestsAtOnce = 20;
const requestsRead = 200;
const messagesAtOnce = 500;

/** Adds the daily task. Call it at each start; several instances share one task. */
export async function scheduleRetention(tx: Tx, now: number): Promise<void> {
  await enqueue(tx, { kind: 'retention', key: 'daily', runAt: now });
}

/**
 * The handler of "retention" tasks (key: daily). Always keeps house. With `retention` configured, erases every
 * number, name and text that is older (at the earliest after a day); counts, states, decisions and the audit trail
 * stay. Works in small transactions and continues after an interruption. Runs again after a day.
 */
export function createRetention(deps: Pick<CallsDeps, 'clock' | 'log' | 'store' | 'config'>): TaskHandler {
  return async (_task, lease) => {
    const now = deps.clock.now();
    const deleted = await keepHouse(deps, lease, now);
    const { retentionMs, limits } = deps.config();
    let erased = 0;
    if (retentionMs !== undefined) {
      // The limit on calls to one number needs the number, and reports come for a day.
      const before = now - Math.max(retentionMs, limits.perCallee?.perMs ?? 0, dayMs);
      erased = await eraseRequests(deps, lease, before, now);
      await forgetPeople(deps, now - retentionMs);
      erased += await eraseRest(deps, lease, before);
    }
    if (deleted + erased > 0) {
      // Deleted data may be readable in the write-ahead log until that is emptied.
      await deps.store.emptyLog?.();
      deps.log.info({ deleted, erased }, 'old data was erased');
    }
    return { againAt: lease.valid() ? now + dayMs : now };
  };
}

type OldRequest = Pick<RequestsTable, 'id' | 'audio' | 'options' | 'callees'>;

/**
 * Deletes names and numbers that Slack has not repeated within the retention time, old last-reached times, calendars
 * that could not be read for that time, and removed recordings.
 */
async function forgetPeople(deps: Deps, before: number): Promise<void> {
  await deps.store.transaction(
    async (tx) => await tx.deleteFrom('learned_people').where('learned_at', '<', before).execute(),
  );
  await deps.store.transaction(
    async (tx) =>
      await tx
        .deleteFrom('rosters')
        .where((eb) => eb(eb.fn.coalesce('read_at', 'tried_at'), '<', before))
        .execute(),
  );
  // With the secret, every possible number could be tried.
  await deps.store.transaction(
    async (tx) => await tx.deleteFrom('last_reached').where('reached_at', '<', before).execute(),
  );
  await deps.store.transaction(
    async (tx) =>
      await tx
        .deleteFrom('recordings')
        .where('added_at', '<', before)
        .where((eb) => eb.or([eb('removed_at', '<', before), eb('state', '=', 'failed')]))
        .execute(),
  );
}

/** Erases requests that ended before `before`, oldest first. Returns how many. */
async function eraseRequests(deps: Deps, lease: Lease, before: number, now: number): Promise<number> {
  let erased = 0;
  while (lease.valid()) {
    const due = await deps.store.read
      .selectFrom('requests')
      .select(['id', 'audio', 'options', 'callees'])
      .where('erased_at', 'is', null)
      .where('created_at', '<', before)
      .where((eb) =>
        eb.or([
          eb.and([eb('state', 'in', [...finishedRequestStates]), eb('finished_at', '<', before)]),
          // Sent requests with calls whose end was never reported, or that nobody settled. Further attempts and steps
          // need the numbers.
          eb.and([eb('state', '=', 'sent'), eb('reaching', '=', 0), eb('changed_at', '<', before)]),
        ]),
      )
      .orderBy('created_at')
      .limit(requestsRead)
      .execute();
    for (const some of together(due)) {
      // Many calls of one request are erased in steps; the last of them together with the request.
      const [first] = some;
      if (some.length === 1 && first !== undefined && first.callees > rowsAtOnce)
        await inBatches(deps, lease, (tx) => eraseSomeCalls(tx, first.id));
      if (!lease.valid()) return erased;
      await deps.store.transaction((tx) => eraseTogether(tx, some, now));
      erased += some.length;
    }
    if (due.length < requestsRead) break;
  }
  return erased;
}

/** The requests to erase in one transaction: as many as have few enough calls together. */
function together(requests: readonly OldRequest[]): OldRequest[][] {
  const groups: OldRequest[][] = [];
  let calls = Number.POSITIVE_INFINITY;
  for (const request of requests) {
    if (calls + request.callees > rowsAtOnce || groups.at(-1)?.length === requestsAtOnce) {
      groups.push([]);
      calls = 0;
    }
    groups.at(-1)?.push(request);
    calls += request.callees;
  }
  return groups;
}

/** The end of a call in the platform's codes. Anything longer may be a number or a name. */
function shortCode(column: string) {
  return sql<string | null>`case when length(${sql.ref(column)}) > 6 then null else ${sql.ref(column)} end`;
}

/** Two callees of one submission must differ, so each gets its own empty number. */
const erasedCall = {
  callee: sql<string>`${erasedPrefix} || cast(position as text)`,
  name: null,
  time_zone: null,
  submit_reason: null,
  termination_code: shortCode('termination_code'),
  termination_reason: null,
  sip_code: shortCode('sip_code'),
  call_status: shortCode('call_status'),
  // A single key is an answer; more digits may be a number that somebody typed.
  feedback_value: sql<string | null>`case when length(feedback_value) > 1 then null else feedback_value end`,
};

async function eraseSomeCalls(tx: Tx, requestId: string): Promise<number> {
  const some = tx
    .selectFrom('calls')
    .select('position')
    .where('request_id', '=', requestId)
    .where('callee', 'not like', `${erasedPrefix}%`)
    .limit(rowsAtOnce);
  const erased = await tx
    .updateTable('calls')
    .set(erasedCall)
    .where('request_id', '=', requestId)
    .where('position', 'in', some)
    .executeTakeFirst();
  return Number(erased.numUpdatedRows);
}

/** A person who acknowledged in a tool has a name there; all others are Slack user ids. */
const erasedTool = 'tool:erased';

async function eraseTogether(tx: Tx, requests: readonly OldRequest[], now: number): Promise<void> {
  const ids = requests.map(({ id }) => id);
  await tx
    .updateTable('calls')
    .set(erasedCall)
    .where('request_id', 'in', ids)
    .where('callee', 'not like', `${erasedPrefix}%`)
    .execute();
  await tx.updateTable('submissions').set({ reason: null }).where('request_id', 'in', ids).execute();
  await tx.updateTable('steps').set({ audio: null, problem: null }).where('request_id', 'in', ids).execute();
  await tx.updateTable('decisions').set({ reason: null }).where('request_id', 'in', ids).execute();
  await eraseDetails(tx, ids);
  await tx
    .updateTable('posts')
    .set({ body: null })
    .where('request_id', 'in', ids)
    .where('state', '!=', 'pending')
    .execute();
  const audios = requests.map(({ id, audio }): [string, Json<Audio>] => {
    const heard = readAudio(audio);
    return [id, toJson(heard.kind === 'text' ? { ...heard, text: '' } : heard)];
  });
  const options = requests.map(({ id, options }): [string, Json<CallOptions>] => {
    const { displayNum: _, ...others } = readOptions(options);
    return [id, toJson(others)];
  });
  await tx
    .updateTable('requests')
    .set({
      note: '',
      // It contains the spoken text of the steps.
      ladder: null,
      outcome: null,
      rosters: null,
      alert_title: null,
      audio: each(audios),
      options: each(options),
      acked_by: sql<string | null>`case when acked_by like 'tool:%' then ${erasedTool} else acked_by end`,
      cancelled_by: sql<
        string | null
      >`case when cancelled_by like 'tool:%' then ${erasedTool} else cancelled_by end`,
      erased_at: now,
    })
    .where('id', 'in', ids)
    .execute();
}

/** For one statement over several rows: each row's value, by its id. */
function each<Value extends string>(values: readonly (readonly [id: string, value: Value])[]) {
  const whens = values.map(([id, value]) => sql`when ${id} then ${value}`);
  return sql<Value>`case id ${sql.join(whens, sql` `)} end`;
}

/** Of the audit trail, keeps who did what and when, and counts. Erases words. */
async function eraseDetails(tx: Tx, requestIds: readonly string[]): Promise<void> {
  await tx
    .updateTable('audit')
    .set({ actor: erasedTool })
    .where('request_id', 'in', requestIds)
    .where('actor', 'like', 'tool:%')
    .execute();
  const events = await tx
    .selectFrom('audit')
    .select(['id', 'detail'])
    .where('request_id', 'in', requestIds)
    .where('detail', '!=', toJson<Record<string, unknown>>({}))
    .execute();
  const erased = events.flatMap(({ id, detail }): [string, Json<Record<string, unknown>>][] => {
    const all = Object.entries(readDetail(detail));
    const kept = all.filter(([, value]) => typeof value === 'number' || typeof value === 'boolean');
    return kept.length === all.length ? [] : [[id, toJson(Object.fromEntries(kept))]];
  });
  await inChunks(erased, async (some) => {
    await tx
      .updateTable('audit')
      .set({ detail: each(some) })
      .where(
        'id',
        'in',
        some.map(([id]) => id),
      )
      .execute();
  });
}

/**
 * Erases reports, posted messages, alerts and their events. Keeps the text of what still waits to be posted or
 * processed.
 */
async function eraseRest(deps: Deps, lease: Lease, before: number): Promise<number> {
  const reports = await deleteReports(deps, lease, before, before);
  const bodies = await eraseBodies(deps, lease, before);
  const errors = await deps.store.transaction((tx) =>
    tx
      .updateTable('tasks')
      .set({ last_error: null })
      .where('last_error', 'is not', null)
      .where('created_at', '<', before)
      .executeTakeFirst(),
  );
  const events = await deleteAlertEvents(deps, lease, before);
  const alerts = await deleteAlerts(deps, lease, before);
  return reports + bodies + Number(errors.numUpdatedRows) + events + alerts;
}

/** Erases texts that belong to no request. Reads all posts once, in the order of their ids. */
async function eraseBodies(deps: Deps, lease: Lease, before: number): Promise<number> {
  let erased = 0;
  let last = '';
  while (lease.valid()) {
    const some = await deps.store.read
      .selectFrom('posts')
      .select(['id', 'created_at', 'state', (eb) => eb('body', 'is not', null).as('has_body')])
      .where('id', '>', last)
      .orderBy('id')
      .limit(messagesAtOnce)
      .execute();
    const due = some.filter((each) => each.has_body && each.state !== 'pending' && each.created_at < before);
    await inChunks(
      due.map(({ id }) => id),
      (ids) =>
        deps.store.transaction((tx) =>
          tx.updateTable('posts').set({ body: null }).where('id', 'in', ids).execute(),
        ),
    );
    erased += due.length;
    const end = some.at(-1);
    if (end === undefined || some.length < messagesAtOnce) break;
    last = end.id;
  }
  return erased;
}
