import { countCountries } from '../../callees/countries.ts';
import { newId } from '../../ids.ts';
import { changed } from '../../outbox/outbox.ts';
import type { Tx } from '../../store/types.ts';
import { toJson } from '../../store/values.ts';
import { audit } from '../request/audit.ts';
import type { CallsDeps } from '../request/deps.ts';
import { hashRequest } from '../request/hash.ts';
import { insertCalls } from '../request/new-calls.ts';
import { mayGoOn } from '../request/plan.ts';
import type { NewRequest, RequestState } from '../request/types.ts';
import { holdForbidden } from '../sending/forbidden.ts';
import { startLater } from '../sending/scheduled.ts';
import { release } from '../sending/submissions.ts';

/**
 * Stores a request, its callees, its board and its first task, in the caller's transaction. If the root view has made
 * a request already, makes no second one: `created` is false and the id is that of the first.
 */
export async function createRequest(
  tx: Tx,
  deps: CallsDeps,
  ask: NewRequest,
): Promise<{ id: string; created: boolean; state: RequestState }> {
  const now = deps.clock.now();
  const row = rowOf(ask, deps.tokenSecret, now);
  const { id, state } = row;
  const inserted = await tx
    .insertInto('requests')
    .values(row)
    .onConflict((conflict) => conflict.column('root_view_id').doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) === 0n) {
    const first = await tx
      .selectFrom('requests')
      .select(['id', 'state'])
      .where('root_view_id', '=', ask.rootViewId ?? '')
      .executeTakeFirstOrThrow();
    return { id: first.id, created: false, state: first.state };
  }
  const listOnly = new Set(ask.lists?.only);
  const calls = ask.callees.map(({ callee, name, timeZone = null }) => ({
    ...{ callee, name, time_zone: timeZone },
    list_only: listOnly.has(callee) ? 1 : 0,
  }));
  await insertCalls(tx, id, 0, calls);
  await audit(tx, id, {
    at: now,
    actor: ask.requestedBy ?? `rule:${ask.ruleName ?? ''}`,
    action: 'asked',
    detail: {
      callees: ask.callees.length,
      approval: ask.approval?.reasons ?? [],
      ...(row.when_at === null ? {} : { for: new Date(row.when_at).toISOString() }),
    },
  });
  if (state === 'approved') await release(tx, deps, row);
  else await holdForbidden(tx, deps.config(), row);
  if (state === 'scheduled') await startLater(tx, deps, id, row.when_at ?? 0);
  await changed(tx, now, id);
  // The board of the repeated request names the new one.
  if (ask.previousId != null) await changed(tx, now, ask.previousId);
  return { id, created: true, state };
}

/** The row of a new request. Pure, except for the new id. */
function rowOf(ask: NewRequest, tokenSecret: string, now: number) {
  const { plan = null, ladder = null, whenAt = null, lists = null, anyHour = false } = ask;
  const state: RequestState =
    ask.approval !== null ? 'awaiting_approval' : whenAt !== null ? 'scheduled' : 'approved';
  return {
    id: newId('r'),
    team_id: ask.teamId,
    origin: ask.origin,
    state,
    requested_by: ask.requestedBy,
    rule_name: ask.ruleName ?? null,
    alert_id: ask.alertId ?? null,
    alert_title: ask.alertTitle ?? null,
    previous_id: ask.previousId ?? null,
    root_view_id: ask.rootViewId ?? null,
    channel_id: ask.channelId,
    asked_in: ask.askedIn ?? null,
    thread_ts: ask.threadTs ?? null,
    thread_post: ask.parentId ?? null,
    audio: toJson(ask.audio),
    options: toJson(ask.options),
    note: ask.note,
    callees: ask.callees.length,
    duplicates: ask.duplicates,
    countries: toJson(countCountries(ask.callees)),
    hash: hashRequest(tokenSecret, { ...ask, callees: ask.callees.map((each) => each.callee) }),
    approval: ask.approval === null ? null : toJson(ask.approval),
    expires_at: null,
    on_unknown: ask.onUnknown,
    priority: ask.priority,
    cancelled_by: null,
    acked_by: null,
    outcome: null,
    created_at: now,
    changed_at: now,
    finished_at: null,
    erased_at: null,
    plan: plan === null ? null : toJson(plan),
    ladder: ladder === null ? null : toJson(ladder),
    when_at: whenAt,
    any_hour: anyHour ? 1 : 0,
    lists: lists === null ? null : toJson(lists.names),
    named_lists: ask.namedLists?.length ? toJson(ask.namedLists) : null,
    rosters: ask.rosters?.length ? toJson(ask.rosters) : null,
    reaching: ladder !== null || (plan !== null && mayGoOn(plan)) ? 1 : 0,
  };
}
