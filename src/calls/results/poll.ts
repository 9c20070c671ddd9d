import { changed } from '../../outbox/outbox.ts';
import { enqueue } from '../../queue/enqueue.ts';
import { pace } from '../../queue/turns.ts';
import type { Lease, TaskHandler } from '../../queue/types.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { askedTooOften, restMs } from '../../voice/reads.ts';
import { lookSoon } from '../request/advance.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { moveRequest } from '../request/transitions.ts';
import { readRecords } from './records.ts';
import { storeReports } from './reports.ts';

/** The platform publishes no limit for voice records; this is a safe pace, ms. */
const oneRecordEveryMs = 2_050;
/** How often to check whether a record must be asked for, ms. */
const lookEveryMs = 5_000;
/** For more calls than this, the list is read as well. */
const oneByOne = 10;
/**
 * How far back the list is read each minute, ms. The whole day is read less often, because others may share the
 * account.
 */
const recentMs = 3_600_000;
const wholeDayEveryMs = 1_800_000;
/** After this time we stop asking the platform, ms. */
export const giveUpAfterMs = 24 * 3_600_000;
/** The most requests that are given up in one run. */
const givenUpAtOnce = 50;

/** Adds the tasks that poll open calls while the program runs. Call it at each start. */
export async function schedulePolling(tx: Tx, now: number): Promise<void> {
  await enqueue(tx, { kind: 'poll', key: 'one', runAt: now });
  await enqueue(tx, { kind: 'poll', key: 'list', runAt: now });
}

/**
 * The handler of the two "poll" tasks. They ask for the records of accepted calls without a report: "one" for a
 * single call each time, "list" for all records of a time window. One poller handles the calls of all requests, so
 * its cost does not grow with them.
 */
export function createPoller(deps: CallsDeps): TaskHandler {
  return async (task, lease) => {
    try {
      if (task.key === 'one') return { againAt: await askForOne(deps) };
      if (task.key === 'list') return { againAt: await askForList(deps, lease) };
      return undefined;
    } catch (error) {
      if (!askedTooOften(error)) throw error;
      return { againAt: deps.clock.now() + restMs };
    }
  };
}

/** Reads the record of the call that is due next. Returns when to continue. */
async function askForOne(deps: CallsDeps): Promise<number> {
  const now = deps.clock.now();
  if ((await nextCall(deps.store.read, now)) === undefined) return now + lookEveryMs;
  const turn = await deps.store.transaction(async (tx) => {
    const openAt = await pace(tx, 'record', now, oneRecordEveryMs);
    if (openAt > now) return { openAt };
    const call = await nextCall(tx, now);
    // Marked before asking, so that a record that cannot be read does not block the others.
    if (call !== undefined) await markAsked(tx, call, now);
    return { call };
  });
  if ('openAt' in turn) return turn.openAt;
  const voiceId = turn.call?.voice_id ?? null;
  const found = voiceId === null ? null : await deps.voice.recordGroup(voiceId);
  if (found !== null) await storeReports(deps, [found]);
  return now + oneRecordEveryMs;
}

interface OpenCall {
  request_id: string;
  position: number;
  voice_id: string | null;
  dialled_at: number | null;
}

/** The call to ask for next: calls that were never asked for first, then the one that has been due longest. */
async function nextCall(from: Queryable, now: number): Promise<OpenCall | undefined> {
  for (const asked of [0, 1]) {
    const call = await from
      .selectFrom('calls')
      .select(['request_id', 'position', 'voice_id', 'dialled_at'])
      .where('asked', '=', asked)
      .where('ask_at', '<=', now)
      .where('dialled_at', '>', now - giveUpAfterMs)
      .orderBy('ask_at')
      .limit(1)
      .executeTakeFirst();
    if (call !== undefined) return call;
  }
  return undefined;
}

async function markAsked(tx: Tx, call: OpenCall, now: number): Promise<void> {
  const dialledAt = call.dialled_at ?? now;
  const againAt = Math.min(now + askAgainMs(now - dialledAt), dialledAt + giveUpAfterMs);
  await tx
    .updateTable('calls')
    .set({ asked: 1, ask_at: againAt })
    .where('request_id', '=', call.request_id)
    .where('position', '=', call.position)
    .where('ask_at', 'is not', null)
    .execute();
}

/** Grows with the age of the call: 15 s at first, then a tenth of the age, at most half an hour. */
function askAgainMs(ageMs: number): number {
  return Math.floor(Math.max(15_000, Math.min(ageMs / 10, 1_800_000)));
}

/** Reads the list of records if that is useful, and gives up calls that are too old. Returns when to continue. */
async function askForList(deps: CallsDeps, lease: Lease): Promise<number> {
  await giveUpOld(deps);
  const now = deps.clock.now();
  if (!(await needsList(deps.store.read, now))) return now + lookEveryMs;
  // The look-up of unknown submissions uses the same query and goes first.
  if (await reconcilesSoon(deps.store.read, now)) return now + restMs / 2;
  const fromAt = await listFrom(deps, now);
  if (fromAt === null) return now + lookEveryMs;
  const read = await readRecords(deps, fromAt, lease);
  return 'openAt' in read ? read.openAt : now + restMs;
}

/**
 * True if more calls are due than can be asked for one by one, or some were asked for without success, or have no
 * voiceId.
 */
async function needsList(from: Queryable, now: number): Promise<boolean> {
  const due = (asked: number) =>
    from
      .selectFrom('calls')
      .select('position')
      .where('asked', '=', asked)
      .where('ask_at', '<=', now)
      .where('dialled_at', '>', now - giveUpAfterMs);
  if ((await due(2).limit(1).execute()).length > 0) return true;
  if (
    (
      await due(0)
        .limit(oneByOne + 1)
        .execute()
    ).length > oneByOne
  )
    return true;
  const inVain = await from
    .selectFrom('calls')
    .select('position')
    .where('asked', '=', 1)
    .where('ask_at', 'is not', null)
    .limit(1)
    .execute();
  return inVain.length > 0;
}

async function reconcilesSoon(from: Queryable, now: number): Promise<boolean> {
  const task = await from
    .selectFrom('tasks')
    .select('key')
    .where('kind', '=', 'reconcile')
    .where('run_at', '<=', now + restMs)
    .limit(1)
    .executeTakeFirst();
  return task !== undefined;
}

/** Up to which call's time the list is read back now. Null: there is no open call. */
async function listFrom(deps: CallsDeps, now: number): Promise<number | null> {
  const recent = await oldestOpenAt(deps.store.read, now - recentMs);
  const oldest = await oldestOpenAt(deps.store.read, now - giveUpAfterMs);
  if (oldest === recent) return recent;
  const openAt = await deps.store.transaction((tx) => pace(tx, 'records.day', now, wholeDayEveryMs));
  return openAt > now ? recent : oldest;
}

async function oldestOpenAt(from: Queryable, afterAt: number): Promise<number | null> {
  const row = await from
    .selectFrom('calls')
    .select('dialled_at')
    .where('ask_at', 'is not', null)
    .where('dialled_at', '>', afterAt)
    .orderBy('dialled_at')
    .limit(1)
    .executeTakeFirst();
  return row?.dialled_at ?? null;
}

async function giveUpOld(deps: CallsDeps): Promise<void> {
  for (let requests = 0; requests < givenUpAtOnce; requests++) {
    const now = deps.clock.now();
    const old = await deps.store.read
      .selectFrom('calls')
      .select('request_id')
      .where('ask_at', '<=', now)
      .where('dialled_at', '<=', now - giveUpAfterMs)
      .orderBy('dialled_at')
      .limit(1)
      .executeTakeFirst();
    if (old === undefined) return;
    await giveUp(deps, old.request_id);
  }
}

/**
 * Nobody reported how these calls ended: they stay accepted, and the request is done. If it waits for something else
 * (a newer call, an unknown one), it is checked again in an hour.
 */
async function giveUp(deps: CallsDeps, requestId: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const request = await lockRequest(tx, requestId);
    if (request === null) return;
    const waits =
      request.reaching !== 0 ||
      ['approved', 'sending'].includes(request.state) ||
      (await mayStillBeReported(tx, requestId, now));
    await tx
      .updateTable('calls')
      .set({ ask_at: waits ? now + recentMs : null })
      .where('request_id', '=', requestId)
      .where('ask_at', 'is not', null)
      .where('dialled_at', '<=', now - giveUpAfterMs)
      .execute();
    // A call that is no longer waited for does not itself end a plan.
    if (request.reaching !== 0) await lookSoon(tx, request, now);
    if (waits || request.state !== 'sent') return;
    await moveRequest(tx, request, 'done', now, {
      finished_at: now,
      outcome: 'For some calls no report came within 24 hours.',
    });
    await audit(tx, requestId, { at: now, actor: 'voicecall', action: 'gave up waiting for reports' });
    await changed(tx, now, requestId);
  });
}

/** True if a call of the request is unknown, or accepted and new enough to be reported. */
async function mayStillBeReported(tx: Tx, requestId: string, now: number): Promise<boolean> {
  const call = await tx
    .selectFrom('calls')
    .select('position')
    .where('request_id', '=', requestId)
    .where((eb) =>
      eb.or([
        eb('state', '=', 'unknown'),
        eb.and([eb('ask_at', 'is not', null), eb('dialled_at', '>', now - giveUpAfterMs)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return call !== undefined;
}
