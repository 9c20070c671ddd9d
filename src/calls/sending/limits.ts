import { sql } from 'kysely';
import type { Config, RateLimit } from '../../config/types.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { RequestRow } from '../request/rows.ts';
import { moveCalls, noLongerHeld } from '../request/transitions.ts';
import { isLimitCause, type LimitCause } from '../request/types.ts';
import { findForbidden, holdCalls } from './forbidden.ts';
import { findOutside, type Outside, waitForHours } from './hours.ts';
import { alertStillFires } from './keep-trying.ts';
import { wakeLanes } from './lanes.ts';
import { newSubmission, nextOrdinal } from './submissions.ts';

const hourMs = 3_600_000;

/** Why a callee may not be called now: the limit, and when (ms) it allows the call. */
export interface Held {
  callee: string;
  code: LimitCause;
  nextAt: number;
}

interface Next {
  submissionId: string;
  request: RequestRow;
  now: number;
}

/**
 * Holds those callees of a submission that the current configuration forbids, and those that a limit forbids now,
 * across requests, rules and people. Returns the callees who may be called; if there are none, `later` says whether
 * the submission waits for its limit. Runs in the transaction that takes the submission. The pace makes these
 * transactions run one after the other, so two lanes cannot both use the last free call.
 */
export async function holdOverLimits(
  tx: Tx,
  deps: CallsDeps,
  next: Next,
): Promise<{ callees: string[]; later: boolean }> {
  const { submissionId, request, now } = next;
  const config = deps.config();
  const { ready, waited } = await openCalls(tx, submissionId);
  const fires = waited.length === 0 || (await isWanted(tx, deps, request));
  // If the alert is over, calls that a limit held stay held.
  if (fires) await moveCalls(tx, { submissionId, callees: waited }, ['held'], 'ready', noLongerHeld);
  const asked = fires ? [...ready, ...waited] : ready;
  const forbidden = await findForbidden(tx, config, request, asked);
  await holdCalls(tx, next, forbidden);
  const outside = await findOutside(
    tx,
    deps,
    request,
    submissionId,
    asked.filter((each) => !forbidden.has(each)),
  );
  const waiting = await partOutside(tx, deps, next, { outside, others: asked.length - forbidden.size });
  const allowed = asked.filter((callee) => !forbidden.has(callee) && !waiting.has(callee));
  const held = await findHeld(tx, config, allowed, now, request.rule_name);
  // A shared limit holds many callees for the same reason until the same time.
  for (const alike of Map.groupBy(held, ({ code, nextAt }) => `${code} ${nextAt}`).values()) {
    const [{ code, nextAt } = { code: null, nextAt: null }] = alike;
    const which = { submissionId, callees: alike.map(({ callee }) => callee) };
    await moveCalls(tx, which, ['ready'], 'held', { cause: code, held_until: nextAt });
  }
  const stopped = new Set(held.map((each) => each.callee));
  const callees = allowed.filter((callee) => !stopped.has(callee));
  const later = held.length > 0 && fires && (await isWanted(tx, deps, request));
  if (later) await callLater(tx, deps, next, { held, others: callees.length });
  // If all callees of a submission wait for their hours, the first group keeps the submission.
  return { callees, later: later || (allowed.length === 0 && waiting.size > 0) };
}

/**
 * Callees outside their hours get their own submissions, one for each time at which a window opens. If no callee of
 * this submission is called now, the first group keeps it. `others`: all who may be called now. Returns those who wait.
 */
async function partOutside(
  tx: Tx,
  deps: CallsDeps,
  { submissionId, request }: Next,
  { outside, others }: { outside: Outside; others: number },
): Promise<Set<string>> {
  const waiting = new Set([...outside.values()].flat());
  let isKept = others > waiting.size;
  for (const [at, callees] of outside) {
    const id = isKept ? await splitOff(tx, deps, { submissionId, request, callees }) : submissionId;
    isKept = true;
    await waitForHours(tx, deps, [id], at);
  }
  return waiting;
}

/** True if a call that a limit holds is made when the limit allows it: while the alert fires, or the plan runs. */
async function isWanted(tx: Tx, deps: CallsDeps, request: RequestRow): Promise<boolean> {
  return request.reaching !== 0 || (await alertStillFires(tx, deps, request.id));
}

/** The calls of a ready submission: those to be made, and those that waited for a limit. */
export async function openCalls(
  tx: Tx,
  submissionId: string,
): Promise<{ ready: string[]; waited: string[] }> {
  const rows = await tx
    .selectFrom('calls')
    .select(['callee', 'state', 'cause'])
    .where('submission_id', '=', submissionId)
    .where('state', 'in', ['ready', 'held'])
    .orderBy('position')
    .execute();
  const waited = rows.filter((row) => row.state === 'held' && isLimitCause(row.cause));
  return {
    ready: rows.filter((row) => row.state === 'ready').map((row) => row.callee),
    waited: waited.map((row) => row.callee),
  };
}

/**
 * Keeps calls of a firing alert for later: their submission stays ready until the first of them may be made. If other
 * calls of the submission are sent now, they get a new one.
 */
async function callLater(
  tx: Tx,
  deps: CallsDeps,
  { submissionId, request }: Next,
  { held, others }: { held: readonly Held[]; others: number },
): Promise<void> {
  const first = held.reduce((soonest, each) => (each.nextAt < soonest.nextAt ? each : soonest));
  const callees = held.map(({ callee }) => callee);
  const id = others === 0 ? submissionId : await splitOff(tx, deps, { submissionId, request, callees });
  await tx
    .updateTable('submissions')
    .set({ next_try_at: first.nextAt, code: first.code })
    .where('id', '=', id)
    .where('state', '=', 'ready')
    .execute();
  await wakeLanes(tx, deps, first.nextAt);
}

async function splitOff(
  tx: Tx,
  deps: CallsDeps,
  {
    submissionId,
    request,
    callees,
  }: { submissionId: string; request: RequestRow; callees: readonly string[] },
): Promise<string> {
  const row = newSubmission(deps, {
    requestId: request.id,
    ordinal: await nextOrdinal(tx, request.id),
    priority: request.priority,
    callees: callees.length,
    againOf: null,
  });
  const { step } = await tx
    .selectFrom('submissions')
    .select('step')
    .where('id', '=', submissionId)
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('submissions')
    .values({ ...row, step })
    .execute();
  await inChunks(callees, (some) =>
    tx
      .updateTable('calls')
      .set({ submission_id: row.id })
      .where('submission_id', '=', submissionId)
      .where('callee', 'in', some)
      .execute(),
  );
  await tx
    .updateTable('submissions')
    .set((eb) => ({ callees: eb('callees', '-', callees.length) }))
    .where('id', '=', submissionId)
    .execute();
  return row.id;
}

interface Window {
  free: number;
  nextAt: number;
  code: LimitCause;
}

/**
 * The callees that a limit forbids to call at `now` (ms). `ruleName`: the rule that calls. Null: a person calls, who
 * leaves the rules their share.
 */
export async function findHeld(
  from: Queryable,
  config: Config,
  callees: readonly string[],
  now: number,
  ruleName: string | null,
): Promise<Held[]> {
  const windows = await windowsOf(from, config, callees.length, now, ruleName);
  const { perCallee } = config.limits;
  const called = perCallee === undefined ? null : await timesCalled(from, callees, now - perCallee.perMs);
  const held: Held[] = [];
  for (const callee of callees) {
    const nextAt =
      perCallee === undefined
        ? null
        : nextCallAt(
            called?.get(callee) ?? [],
            perCallee,
            ruleName === null ? reserved(perCallee.calls, config) : 0,
          );
    const full = windows
      .filter((window) => window.free <= 0)
      .toSorted((left, right) => right.nextAt - left.nextAt)[0];
    if (nextAt !== null) held.push({ callee, code: 'per_callee', nextAt });
    else if (full !== undefined) held.push({ callee, code: full.code, nextAt: full.nextAt });
    else for (const window of windows) window.free--;
  }
  return held;
}

/**
 * How many of a limit's calls are reserved for rules: their share, rounded up, but never all. None if no rule calls.
 */
export function reserved(calls: number, { limits, rules }: Config): number {
  if (!rules.some((rule) => rule.mode === 'live')) return 0;
  return Math.min(calls - 1, Math.ceil(calls * limits.reserveForRules));
}

/**
 * When (ms) a callee may be called again. Null: now. All calls count against the limit; calls by people also count
 * against their own part of it.
 */
function nextCallAt(
  times: readonly Called[],
  { calls, perMs }: RateLimit,
  leftToRules: number,
): number | null {
  const byPeople = leftToRules === 0 ? [] : times.filter((each) => !each.byRule);
  const full = [oldestOf(times, calls), oldestOf(byPeople, calls - leftToRules)].filter((at) => at !== null);
  return full.length === 0 ? null : Math.max(...full) + perMs;
}

/** The call that must leave the window before one more is allowed. Null if there are fewer than `calls`. */
function oldestOf(times: readonly Called[], calls: number): number | null {
  return times[times.length - calls]?.at ?? null;
}

/** The limits that many callees share. */
async function windowsOf(
  from: Queryable,
  config: Config,
  wanted: number,
  now: number,
  ruleName: string | null,
): Promise<Window[]> {
  const windows: Window[] = [];
  const rule = config.rules.find((each) => each.name === ruleName);
  if (rule?.limits !== undefined) {
    windows.push({ code: 'rule_limit', ...(await windowOf(from, rule.limits, now, { rule: rule.name })) });
  }
  const { callsPerHour } = config.limits;
  if (callsPerHour === undefined) return windows;
  const all = await windowOf(from, { calls: callsPerHour, perMs: hourMs }, now, 'all');
  windows.push({ code: 'calls_per_hour', ...all });
  const leftToRules = ruleName === null ? reserved(callsPerHour, config) : 0;
  // Calls by people are only counted if the total is close to the limit.
  if (leftToRules > 0 && all.free - wanted < leftToRules) {
    const limit = { calls: callsPerHour - leftToRules, perMs: hourMs };
    windows.push({ code: 'calls_per_hour', ...(await windowOf(from, limit, now, 'people')) });
  }
  return windows;
}

interface Called {
  at: number;
  byRule: boolean;
}

/** When each callee was called since then, oldest first. A call that the platform refused does not count. */
async function timesCalled(
  from: Queryable,
  callees: readonly string[],
  sinceAt: number,
): Promise<Map<string, Called[]>> {
  const times = new Map<string, Called[]>();
  await inChunks(callees, async (some) => {
    const rows = await from
      .selectFrom('calls')
      .innerJoin('requests', 'requests.id', 'calls.request_id')
      .select(['calls.callee', 'calls.dialled_at', 'requests.rule_name'])
      .where('calls.callee', 'in', some)
      .where('calls.dialled_at', '>', sinceAt)
      .orderBy('calls.dialled_at')
      .execute();
    for (const { callee, dialled_at: at, rule_name } of rows) {
      if (at === null) continue;
      const known = times.get(callee) ?? [];
      known.push({ at, byRule: rule_name !== null });
      times.set(callee, known);
    }
  });
  return times;
}

/** Whose calls count. */
type Whose = 'all' | 'people' | { rule: string };

/** How many calls a limit allows at `now`, and when (ms) the next one is possible after that. */
async function windowOf(
  from: Queryable,
  limit: RateLimit,
  now: number,
  whose: Whose,
): Promise<{ free: number; nextAt: number }> {
  const sinceAt = now - limit.perMs;
  const counted = await callsSince(from, sinceAt, whose)
    .select(sql<number>`count(*)`.as('calls'))
    .executeTakeFirst();
  const made = Number(counted?.calls ?? 0);
  // This submission's own calls are the newest; the oldest earlier ones make room first.
  const oldest = await callsSince(from, sinceAt, whose)
    .select('calls.dialled_at')
    .orderBy('calls.dialled_at')
    .limit(1)
    .offset(Math.max(0, made - limit.calls))
    .executeTakeFirst();
  return { free: limit.calls - made, nextAt: (oldest?.dialled_at ?? now) + limit.perMs };
}

function callsSince(from: Queryable, sinceAt: number, whose: Whose) {
  const query = from.selectFrom('calls').where('calls.dialled_at', '>', sinceAt);
  if (whose === 'all') return query;
  return query.where(({ exists, selectFrom }) => {
    const request = selectFrom('requests')
      .select('requests.id')
      .whereRef('requests.id', '=', 'calls.request_id');
    return exists(
      whose === 'people'
        ? request.where('requests.rule_name', 'is', null)
        : request.where('requests.rule_name', '=', whose.rule),
    );
  });
}
