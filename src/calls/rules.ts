import type { Rule } from '../config/types.ts';
import { enqueue } from '../store/tasks.ts';
import type { Tx } from '../store/types.ts';
import type { KnownAlert } from './alert-events.ts';
import { announce } from './announce.ts';
import { approvalFor } from './approval.ts';
import { cancelIn } from './cancel.ts';
import { createRequest } from './create.ts';
import type { CallsDeps } from './deps.ts';
import type { Callee, Message } from './types.ts';

/** A rule that an alert matches, with whom it rings and what they hear: everything that needed looking up. */
export interface ReadyRule {
  rule: Rule;
  callees: Callee[];
  duplicates: number;
  message: Message;
  /** What could not be rung, in words: shown once under the alert. */
  problems: string[];
}

export interface RuleAlert {
  alert: KnownAlert;
  teamId: string;
  channelId: string;
  now: number;
}

/**
 * Rings for one rule, unless it has rung for this episode of the alert, or within its cooldown: then it is looked at
 * again when the cooldown is over, should the alert still fire by then.
 */
export async function fireRule(tx: Tx, deps: CallsDeps, ready: ReadyRule, about: RuleAlert): Promise<void> {
  const { rule } = ready;
  const { alert, now } = about;
  await tx
    .insertInto('rule_matches')
    .values({ rule_name: rule.name, matched_at: now })
    .onConflict((conflict) => conflict.column('rule_name').doUpdateSet({ matched_at: now }))
    .execute();
  const last = await tx
    .selectFrom('rule_rings')
    .select('rang_at')
    .where('rule_name', '=', rule.name)
    .where('alert_id', '=', alert.id)
    .executeTakeFirst();
  if (last !== undefined) {
    if (last.rang_at >= alert.episodeAt) return;
    const openAt = last.rang_at + rule.cooldownMs;
    if (openAt > now) {
      await enqueue(tx, {
        kind: 'alerts.cooldown',
        key: `${alert.id}:${rule.name}`,
        runAt: openAt,
        priority: 0,
      });
      return;
    }
  }
  const requestId =
    rule.mode === 'shadow' ? await sayWhatWouldBe(tx, ready, about) : await ring(tx, deps, ready, about);
  await tx
    .insertInto('rule_rings')
    .values({ rule_name: rule.name, alert_id: alert.id, rang_at: now, request_id: requestId })
    .onConflict((conflict) =>
      conflict.columns(['rule_name', 'alert_id']).doUpdateSet({ rang_at: now, request_id: requestId }),
    )
    .execute();
}

async function ring(tx: Tx, deps: CallsDeps, ready: ReadyRule, about: RuleAlert): Promise<string | null> {
  const { rule, callees, message, problems } = ready;
  const { alert, channelId, now } = about;
  if (problems.length > 0 || callees.length === 0) {
    const lead =
      callees.length === 0 ? `Rule ${rule.name} rang nobody` : `Rule ${rule.name} could not ring everybody`;
    await reply(
      tx,
      about,
      `${lead}: ${problems.length > 0 ? problems.join('; ') : 'nobody is named in it'}.`,
    );
  }
  if (callees.length === 0) return null;
  const { voice } = deps.config();
  const options = {
    ...pick(voice),
    ...pick(rule),
  };
  const approval =
    rule.approval === 'policy'
      ? await approvalFor(tx, deps.config(), { requestedBy: null, callees, now })
      : null;
  const { id } = await createRequest(tx, deps, {
    teamId: about.teamId,
    origin: 'alert',
    requestedBy: null,
    ruleName: rule.name,
    alertId: alert.id,
    alertTitle: alert.title,
    channelId,
    threadTs: alert.threadTs,
    message,
    options,
    note: '',
    callees,
    duplicates: ready.duplicates,
    approval,
    priority: 0,
    onUnknown: rule.onUnknown,
  });
  return id;
}

function pick({
  displayNum,
  maxDuration,
  maxRingingTime,
  loopCount,
}: Rule | ReturnType<CallsDeps['config']>['voice']) {
  return {
    ...(displayNum === undefined ? {} : { displayNum }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(maxRingingTime === undefined ? {} : { maxRingingTime }),
    ...(loopCount === undefined ? {} : { loopCount }),
  };
}

async function sayWhatWouldBe(
  tx: Tx,
  { rule, callees, message }: ReadyRule,
  about: RuleAlert,
): Promise<null> {
  const what =
    message.kind === 'text' ? `say “${message.text}” to` : `play ${message.name ?? message.fileId} to`;
  const crowd = callees.length === 1 ? '1 person' : `${callees.length} people`;
  await reply(
    tx,
    about,
    `Rule ${rule.name} (shadow, rings nobody) would ${what} ${crowd}: ${rule.call.slice(0, 10).join(', ')}.`,
  );
  return null;
}

/** Plain words under the alert; escaped where they are rendered. */
async function reply(tx: Tx, about: RuleAlert, plain: string): Promise<void> {
  await announce(tx, about.now, {
    requestId: null,
    kind: 'reply',
    channelId: about.channelId,
    threadTs: about.alert.threadTs,
    body: { plain },
  });
}

/** A resolve: what has not been sent for this alert is stopped, and the thread says so. Nothing is said where no rule rang. */
export async function resolveAlert(tx: Tx, deps: CallsDeps, about: RuleAlert): Promise<void> {
  const rung = await tx
    .selectFrom('rule_rings')
    .select('rule_name')
    .where('alert_id', '=', about.alert.id)
    .executeTakeFirst();
  if (rung === undefined) return;
  const open = await tx
    .selectFrom('requests')
    .select('id')
    .where('alert_id', '=', about.alert.id)
    .where('state', 'in', ['awaiting_approval', 'approved', 'sending'])
    .execute();
  let stopped = 0;
  for (const { id } of open) {
    stopped += (await cancelIn(tx, deps, id, { by: 'voicecall', action: 'resolved' })).stopped;
  }
  const after =
    stopped === 0 ? '' : ` ${stopped === 1 ? '1 call' : `${stopped} calls`} not sent yet will not be made.`;
  await reply(tx, about, `Resolved: ${about.alert.title}.${after}`);
}
