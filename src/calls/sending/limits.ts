import { sql } from 'kysely';
import type { Config, RateLimit } from '../../config/types.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import type { CallsDeps } from '../request/deps.ts';
import type { RequestRow } from '../request/rows.ts';
import { moveCalls } from '../request/transitions.ts';
import { findForbidden, holdCalls } from './forbidden.ts';

const hourMs = 3_600_000;

/** Why a callee may not be rung now: the limit's name and, where one can be told, when it will be possible (ms). */
export interface Held {
  callee: string;
  code: 'per_callee' | 'calls_per_hour' | 'rule_limit';
  nextAt: number | null;
}

/**
 * Holds those callees of a submission that the configuration of now forbids, and those that a limit forbids to call
 * now, across requests, rules and people. Returns the ones that may be called. Runs in the transaction that wins the submission, which is
 * serialized with all others by the pace, so that two lanes cannot both use up the last free call.
 */
export async function holdOverLimits(
  tx: Tx,
  deps: CallsDeps,
  submission: {
    submissionId: string;
    request: Pick<RequestRow, 'id' | 'callees' | 'options' | 'rule_name'>;
    now: number;
  },
): Promise<string[]> {
  const { now, request } = submission;
  const rows = await tx
    .selectFrom('calls')
    .select('callee')
    .where('submission_id', '=', submission.submissionId)
    .where('state', '=', 'ready')
    .orderBy('position')
    .execute();
  const asked = rows.map((row) => row.callee);
  const forbidden = await findForbidden(tx, deps.config(), request, asked);
  await holdCalls(tx, submission, forbidden);
  const callees = asked.filter((callee) => !forbidden.has(callee));
  const held = await findHeld(tx, deps.config(), callees, now, ruleLimitOf(deps.config(), request.rule_name));
  // A limit that all share holds many for the same reason until the same time.
  for (const alike of Map.groupBy(held, ({ code, nextAt }) => `${code} ${nextAt}`).values()) {
    const [{ code, nextAt } = { code: null, nextAt: null }] = alike;
    const which = { submissionId: submission.submissionId, callees: alike.map(({ callee }) => callee) };
    await moveCalls(tx, which, ['ready'], 'held', { cause: code, held_until: nextAt });
  }
  const stopped = new Set(held.map((each) => each.callee));
  return callees.filter((callee) => !stopped.has(callee));
}

interface RuleLimit {
  name: string;
  limit: RateLimit;
}

function ruleLimitOf(config: Config, ruleName: string | null): RuleLimit | null {
  const rule = config.rules.find((each) => each.name === ruleName);
  return rule?.limits === undefined ? null : { name: rule.name, limit: rule.limits };
}

/** Which of the callees a limit forbids to ring at `now` (ms). */
export async function findHeld(
  from: Queryable,
  config: Config,
  callees: readonly string[],
  now: number,
  rule: RuleLimit | null = null,
): Promise<Held[]> {
  const held: Held[] = [];
  const { perCallee, callsPerHour } = config.limits;
  const rung = perCallee === undefined ? null : await timesRung(from, callees, now - perCallee.perMs);
  const hour =
    callsPerHour === undefined ? null : await windowOf(from, { calls: callsPerHour, perMs: hourMs }, now);
  const ofRule = rule === null ? null : await windowOf(from, rule.limit, now, rule.name);
  for (const callee of callees) {
    const times = rung?.get(callee) ?? [];
    if (perCallee !== undefined && times.length >= perCallee.calls) {
      const oldest = times[times.length - perCallee.calls] ?? now;
      held.push({ callee, code: 'per_callee', nextAt: oldest + perCallee.perMs });
    } else if (ofRule !== null && ofRule.free <= 0) {
      held.push({ callee, code: 'rule_limit', nextAt: ofRule.nextAt });
    } else if (hour !== null && hour.free <= 0) {
      held.push({ callee, code: 'calls_per_hour', nextAt: hour.nextAt });
    } else {
      if (ofRule !== null) ofRule.free--;
      if (hour !== null) hour.free--;
    }
  }
  return held;
}

/** When each callee was dialled since `sinceAt`, oldest first. What the platform refused was not rung. */
async function timesRung(
  from: Queryable,
  callees: readonly string[],
  sinceAt: number,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (let start = 0; start < callees.length; start += 500) {
    const rows = await from
      .selectFrom('calls')
      .select(['callee', 'dialled_at'])
      .where('callee', 'in', callees.slice(start, start + 500))
      .where('dialled_at', '>', sinceAt)
      .orderBy('dialled_at')
      .execute();
    for (const { callee, dialled_at } of rows) {
      if (dialled_at !== null) times.set(callee, [...(times.get(callee) ?? []), dialled_at]);
    }
  }
  return times;
}

/** How many calls a limit leaves at `now`, and when (ms) the next one is possible once they are used up. */
async function windowOf(
  from: Queryable,
  limit: RateLimit,
  now: number,
  ruleName?: string,
): Promise<{ free: number; nextAt: number }> {
  const sinceAt = now - limit.perMs;
  const made = await callsSince(from, sinceAt, ruleName);
  // The calls that this submission makes come last: the oldest ones of before make room first.
  const oldestAt = await oldestCall(from, sinceAt, Math.max(0, made - limit.calls), ruleName);
  return { free: limit.calls - made, nextAt: (oldestAt ?? now) + limit.perMs };
}

async function oldestCall(
  from: Queryable,
  sinceAt: number,
  offset: number,
  ruleName: string | undefined,
): Promise<number | null> {
  let query = from.selectFrom('calls').select('calls.dialled_at').where('calls.dialled_at', '>', sinceAt);
  if (ruleName !== undefined) {
    query = query
      .innerJoin('requests', 'requests.id', 'calls.request_id')
      .where('requests.rule_name', '=', ruleName);
  }
  const row = await query.orderBy('calls.dialled_at').limit(1).offset(offset).executeTakeFirst();
  return row?.dialled_at ?? null;
}

async function callsSince(from: Queryable, sinceAt: number, ruleName?: string): Promise<number> {
  let query = from
    .selectFrom('calls')
    .select(sql<number>`count(*)`.as('calls'))
    .where('calls.dialled_at', '>', sinceAt);
  if (ruleName !== undefined) {
    query = query
      .innerJoin('requests', 'requests.id', 'calls.request_id')
      .where('requests.rule_name', '=', ruleName);
  }
  const row = await query.executeTakeFirst();
  return Number(row?.calls ?? 0);
}
