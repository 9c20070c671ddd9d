import { countCountries } from '../../callees/countries.ts';
import { clockTime } from '../../callees/hours.ts';
import { isBetweenIn } from '../../callees/local-time.ts';
import type { Callee } from '../../callees/types.ts';
import type { ApprovalPolicy, Config } from '../../config/types.ts';
import { lockName } from '../../store/locks.ts';
import type { Tx } from '../../store/types.ts';
import { readPlan } from '../request/stored.ts';
import type { ApprovalAsk } from '../request/types.ts';

const hourMs = 3_600_000;

/**
 * Whether the policy requires an approval for these callees, and why. Null: not required. Callees that the same
 * person asked for in the last hour without approval are included, so that splitting a crowd does not avoid approval.
 */
export async function approvalFor(
  tx: Tx,
  config: Config,
  ask: {
    requestedBy: string | null;
    callees: readonly Callee[];
    attempts: number;
    /** The pause between attempts, ms. 0: only the time of the first attempt counts. */
    everyMs: number;
    now: number;
    /** The wall clock at the first attempt, ms: for whether it is night where a callee is. */
    wallAt: number;
  },
): Promise<ApprovalAsk | null> {
  const policy = config.approval;
  if (policy === undefined) return null;
  const before = await askedWithoutApproval(tx, ask.requestedBy, ask.now);
  const reasons = approvalReasons(policy, ask.callees, before, ask.wallAt, ask);
  if (reasons.length === 0) return null;
  return {
    reasons,
    approvers: policy.approvers,
    quorum: policy.quorum,
    allowSelfApproval: policy.allowSelfApproval,
    channelId: policy.channel ?? null,
    expiresAfterMs: policy.expiresAfterMs,
  };
}

/**
 * Pure. The reasons for an approval, in words; empty if none is required. `before`: calls of the last hour without
 * approval, each callee as often as it may be called. `attempts` and `everyMs` apply to these callees, whose first
 * attempt is at `now` (ms).
 */
export function approvalReasons(
  policy: ApprovalPolicy,
  callees: readonly Callee[],
  before: number,
  now: number,
  { attempts, everyMs }: { attempts: number; everyMs: number } = { attempts: 1, everyMs: 0 },
): string[] {
  const reasons: string[] = [];
  const { calleesOver, outsideCountries, between } = policy;
  if (calleesOver !== undefined && callees.length * attempts + before > calleesOver) {
    const calls = callees.length * attempts + before;
    const within = before === 0 ? '' : ' within an hour';
    const parts = before === 0 ? '' : ` (${calls - before} now, ${before} before)`;
    const each = attempts === 1 ? '' : ` (up to ${attempts} each)`;
    reasons.push(
      calleesOver === 0
        ? 'every request needs approval'
        : `${calls} ${calls === 1 ? 'call' : 'calls'}${within}${each}; above ${calleesOver} needs approval${parts}`,
    );
  }
  if (outsideCountries === undefined && between === undefined) return reasons;
  const countries = countCountries(callees);
  const calleesWhere = (holds: (country: string) => boolean) =>
    countries.reduce((sum, each) => sum + (holds(each.country) ? each.callees : 0), 0);
  if (outsideCountries !== undefined) {
    const allowed = new Set<string>(outsideCountries);
    const outside = calleesWhere((country) => !allowed.has(country));
    if (outside > 0) reasons.push(`${outside} outside ${outsideCountries.join(', ')}`);
  }
  if (between !== undefined) {
    const night = calleesWhere((country) => isBetweenIn(country, between, now) === 'yes');
    const unclear = calleesWhere((country) => isBetweenIn(country, between, now) === 'unknown');
    const again = timesAgain(now, attempts, everyMs);
    const laterNight = calleesWhere(
      (country) =>
        isBetweenIn(country, between, now) === 'no' &&
        again.some((at) => isBetweenIn(country, between, at) === 'yes'),
    );
    const window = `between ${clockTime(between.fromMinute)} and ${clockTime(between.toMinute)}`;
    if (night > 0) reasons.push(`for ${night} it is ${window} where they are`);
    if (laterNight > 0)
      reasons.push(`for ${laterNight} it is ${window} where they are when they are called again`);
    if (unclear > 0)
      reasons.push(`for ${unclear} the local time is not known (approval is needed ${window})`);
  }
  return reasons;
}

/** No call takes longer, as a rule: it rings, and somebody listens. In ms. */
const callTakesMs = 5 * 60_000;

/**
 * When further attempts are planned: the earliest and the latest time of each, because the pause begins when a call
 * ends.
 */
function timesAgain(now: number, attempts: number, everyMs: number): number[] {
  if (everyMs === 0) return [];
  return Array.from({ length: attempts - 1 }, (_, index) => index + 1).flatMap((nth) => [
    now + nth * everyMs,
    now + nth * (everyMs + callTakesMs),
  ]);
}

async function askedWithoutApproval(tx: Tx, userId: string | null, now: number): Promise<number> {
  if (userId === null) return 0;
  // A lock until the transaction ends, so that two simultaneous requests see each other.
  await lockName(tx, `approval:${userId}`);
  const rows = await tx
    .selectFrom('requests')
    .select(['callees', 'plan'])
    .where('requested_by', '=', userId)
    .where('created_at', '>', now - hourMs)
    .where('approval', 'is', null)
    .execute();
  return rows.reduce((sum, { callees, plan }) => sum + callees * readPlan(plan).attempts, 0);
}
