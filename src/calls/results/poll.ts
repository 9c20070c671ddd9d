import { VoicecallError } from '../../errors.ts';
import { refresh } from '../../outbox/outbox.ts';
import { pace } from '../../queue/turns.ts';
import type { TaskHandler } from '../../queue/types.ts';
import type { CallRecord } from '../../voice/types.ts';
import { record } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { lockRequest } from '../request/rows.ts';
import { findToken } from '../request/token.ts';
import { moveRequest } from '../request/transitions.ts';
import { storeReports } from './reports.ts';

/** No query limit is published for voice records; these are the reference's safe paces, ms. */
const oneRecordEveryMs = 2_000;
const queryEveryMs = 60_000;
/** Up to so many calls are asked for one by one, more in one query over their time. */
const oneByOne = 10;
/** After this the platform is not asked any more, ms. */
const giveUpAfterMs = 24 * 3_600_000;
const marginMs = 5 * 60_000;
/** What settle.ts writes where a person said that it rang. */
const settledRang = 'settled_rang';

/** The handler of "poll" tasks (key: request): asks for the records of accepted calls that nobody has reported. */
export function createPoller(deps: CallsDeps): TaskHandler {
  return async (task) => {
    const now = deps.clock.now();
    const request = await deps.store.read
      .selectFrom('requests')
      .select(['id', 'state', 'changed_at', 'created_at'])
      .where('id', '=', task.key)
      .executeTakeFirst();
    if (request === undefined || request.state !== 'sent') return undefined;
    const open = await deps.store.read
      .selectFrom('calls')
      .select(['voice_id', 'dialled_at', 'submit_code'])
      .where('request_id', '=', request.id)
      .where('state', '=', 'accepted')
      .where('superseded', '=', 0)
      .orderBy('position')
      .execute();
    if (open.length === 0) return undefined;
    const firstAt = Math.min(...open.map((each) => each.dialled_at ?? now));
    if (now - firstAt > giveUpAfterMs) {
      await giveUp(deps, request.id);
      return undefined;
    }
    const voiceIds = new Set(open.flatMap((each) => (each.voice_id === null ? [] : [each.voice_id])));
    // A person said that they rang: no record can be asked for, so they are given up in time like the others.
    const nameless = open.some((each) => each.voice_id === null && each.submit_code !== settledRang);
    if (voiceIds.size === 0 && !nameless) return { againAt: firstAt + giveUpAfterMs + 1 };
    // Without a voiceId there is only the list of records to ask, where the token tells which is which.
    const single = voiceIds.size <= oneByOne && !nameless;
    const openAt = await deps.store.transaction((tx) =>
      pace(tx, single ? 'record' : 'records', now, single ? oneRecordEveryMs * voiceIds.size : queryEveryMs),
    );
    if (openAt > now) return { againAt: openAt };
    const answer = single
      ? await askOneByOne(deps, [...voiceIds])
      : { records: await queryRecords(deps, firstAt, now) };
    // A single record can stay out of reach where the list of them is not.
    const records =
      single && answer.records.length === 0 ? await queryInstead(deps, firstAt, now) : answer.records;
    const found = records.filter(
      (each) =>
        voiceIds.has(each.voiceId) || (nameless && findToken(deps.tokenSecret, each.calledInfo) !== null),
    );
    if (found.length > 0) await storeReports(deps, found);
    else if (answer.refusal !== undefined) throw answer.refusal;
    return { againAt: now + pauseMs(now - firstAt, single) };
  };
}

async function queryRecords(deps: CallsDeps, firstAt: number, now: number): Promise<CallRecord[]> {
  const ahead = deps.voice.clockOffset();
  return await deps.voice.recordGroupQuery(firstAt + ahead - marginMs, now + ahead + marginMs);
}

/** As often as queries may be made; nothing in between. */
async function queryInstead(deps: CallsDeps, firstAt: number, now: number): Promise<CallRecord[]> {
  const openAt = await deps.store.transaction((tx) => pace(tx, 'records', now, queryEveryMs));
  return openAt > now ? [] : await queryRecords(deps, firstAt, now);
}

/** A record that the platform refuses to give keeps none of the others back. */
async function askOneByOne(
  deps: CallsDeps,
  voiceIds: readonly string[],
): Promise<{ records: CallRecord[]; refusal?: VoicecallError }> {
  const records: CallRecord[] = [];
  let refusal: VoicecallError | undefined;
  for (const voiceId of voiceIds) {
    try {
      const one = await deps.voice.recordGroup(voiceId);
      if (one !== null) records.push(one);
    } catch (error) {
      if (!(error instanceof VoicecallError)) throw error;
      refusal ??= error;
      if (error.code !== 'voice_refused') break;
    }
  }
  return { records, ...(refusal === undefined ? {} : { refusal }) };
}

/** Grows with the age of the calls: 15 s at first, a tenth of the age later, half an hour at most. */
function pauseMs(ageMs: number, single: boolean): number {
  return Math.max(single ? 15_000 : queryEveryMs, Math.min(ageMs / 10, 1_800_000));
}

/** Nobody ever told how these calls ended: they stay accepted, and the request is done. */
async function giveUp(deps: CallsDeps, requestId: string): Promise<void> {
  await deps.store.transaction(async (tx) => {
    const now = deps.clock.now();
    const request = await lockRequest(tx, requestId);
    if (request === null || request.state !== 'sent') return;
    const unknown = await tx
      .selectFrom('calls')
      .select('position')
      .where('request_id', '=', requestId)
      .where('state', '=', 'unknown')
      .executeTakeFirst();
    if (unknown !== undefined) return;
    await moveRequest(tx, request, 'done', now, {
      finished_at: now,
      outcome: 'For some calls no report came within 24 hours.',
    });
    await record(tx, requestId, { at: now, actor: 'voicecall', action: 'gave up waiting for reports' });
    await refresh(tx, now, requestId);
  });
}
