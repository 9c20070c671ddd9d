import { callsAt, hasCalled } from '../alerts/decide.ts';
import { crowdInWords } from '../callees/label.ts';
import { approvalFor } from '../calls/approval/policy.ts';
import { cancelIn, isOpen } from '../calls/asking/cancel.ts';
import { createRequest } from '../calls/asking/create.ts';
import { startStep } from '../calls/reaching/steps.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import { ladderOf } from '../calls/request/ladder.ts';
import { planOf } from '../calls/request/plan.ts';
import { lockRequest } from '../calls/request/rows.ts';
import { readPlan } from '../calls/request/stored.ts';
import type { ApprovalAsk } from '../calls/request/types.ts';
import { type AlertStatus, callOptions, type Rule } from '../config/types.ts';
import { changed } from '../outbox/outbox.ts';
import { enqueue } from '../queue/enqueue.ts';
import type { Tx } from '../store/types.ts';
import { requestPriority } from '../store/values.ts';
import { lockUnresolved } from './acknowledge.ts';
import { lockAlert, ruleCallsOf } from './known-alerts.ts';
import { rulesReply, sayCallsAgain, withoutEndWord } from './rule-reply.ts';
import type { ReadyRule, RuleAlert, WaitingRule } from './types.ts';

/** When a rule resolved to no callee, for example because Slack gave no number, retry after this, ms. */
const lookAgainMs = 60_000;

/** Stores when each rule last matched, for `/voicecall rules`. */
export async function noteMatches(tx: Tx, rules: readonly Rule[], now: number): Promise<void> {
  for (const { name } of rules) {
    await tx
      .insertInto('rule_matches')
      .values({ rule_name: name, matched_at: now })
      .onConflict((conflict) => conflict.column('rule_name').doUpdateSet({ matched_at: now }))
      .execute();
  }
}

/**
 * Calls for one rule, unless it has called for this episode of the alert, or its cooldown is not over. Then a task
 * checks again after the cooldown, if the alert still fires. The same task looks up the callees of a waiting rule.
 */
export async function fireRule(
  tx: Tx,
  deps: CallsDeps,
  ready: ReadyRule | WaitingRule,
  about: RuleAlert,
): Promise<void> {
  const { rule } = ready;
  const { alert, now } = about;
  await lockAlert(tx, alert.id);
  const calledAt = await lastCallOf(tx, alert.id, rule);
  if (hasCalled(rule, calledAt, alert)) return;
  const twinCalledAt = about.twinCalls?.get(rule.name);
  const latest = Math.max(calledAt ?? 0, twinCalledAt ?? 0);
  const openAt = callsAt(rule, latest === 0 ? undefined : latest, now);
  if (openAt > now) await sayCallsAgain(tx, about, rule, { at: openAt, wallAt: deps.clock.wallOf(openAt) });
  if (openAt > now || ready.callees === null)
    await fireLater(tx, rule, about, calledAt, Math.max(now, openAt));
  else await fireNow(tx, deps, ready, about, calledAt);
}

/**
 * The payload of a cooldown task: when the rule last called (a newer call makes the task pointless), and which source
 * raised the alert.
 */
export interface Later {
  calledAt: number | null;
  source: string | null;
  /** The status that the alert must still have. */
  status: AlertStatus;
}

/**
 * The end of a cooldown or a look-up. Calls if the alert still has this status, nobody has acknowledged it, and the
 * rule has not called since. Returns false and does nothing if the alert changed after `lastTs`, the state for which
 * `ready` and `about` were looked up.
 */
export async function fireAfterCooldown(
  tx: Tx,
  deps: CallsDeps,
  ready: ReadyRule,
  about: RuleAlert,
  later: Later & { lastTs: string },
): Promise<boolean> {
  const { alert, now } = about;
  await lockAlert(tx, alert.id);
  const row = await tx
    .selectFrom('alerts')
    .select(['status', 'acked_by', 'last_at', 'last_ts'])
    .where('id', '=', alert.id)
    .executeTakeFirst();
  if (row?.status !== later.status || row.acked_by !== null) return true;
  if (row.last_ts !== later.lastTs) return false;
  if (now - row.last_at > ready.rule.expireAfterMs) return true;
  const calledAt = await lastCallOf(tx, alert.id, ready.rule);
  if ((calledAt ?? null) === later.calledAt) await fireNow(tx, deps, ready, about, calledAt);
  return true;
}

/** When a rule last called for an alert. */
async function lastCallOf(tx: Tx, alertId: string, rule: Rule): Promise<number | undefined> {
  return (await ruleCallsOf(tx, [alertId])).get(alertId)?.get(rule.name);
}

async function fireLater(
  tx: Tx,
  rule: Rule,
  about: RuleAlert,
  calledAt: number | undefined,
  runAt: number,
): Promise<void> {
  const { status } = await tx
    .selectFrom('alerts')
    .select('status')
    .where('id', '=', about.alert.id)
    .executeTakeFirstOrThrow();
  const payload: Later = { calledAt: calledAt ?? null, source: about.source, status };
  await enqueue(tx, {
    kind: 'alerts.cooldown',
    key: `${about.alert.id}:${rule.name}`,
    runAt,
    payload,
  });
}

async function fireNow(
  tx: Tx,
  deps: CallsDeps,
  ready: ReadyRule,
  about: RuleAlert,
  calledAt: number | undefined,
): Promise<void> {
  const { rule } = ready;
  const { alert, now } = about;
  const approval = rule.mode === 'live' ? await approvalOf(tx, deps, ready, about) : null;
  const first = firstStepOf(ready, approval);
  await sayProblems(tx, deps, ready, about, first);
  if (first === 'none') {
    await fireLater(tx, rule, about, calledAt, now + lookAgainMs);
    return;
  }
  const requestId =
    rule.mode === 'shadow'
      ? await sayWhatWouldBe(tx, deps, turned(ready), about)
      : await call(tx, deps, approval === null ? ready : turned(ready), about, approval);
  await tx
    .insertInto('rule_calls')
    .values({ rule_name: rule.name, alert_id: alert.id, called_at: now, request_id: requestId })
    .onConflict((conflict) =>
      conflict.columns(['rule_name', 'alert_id']).doUpdateSet({ called_at: now, request_id: requestId }),
    )
    .execute();
}

/** Which step of a rule calls first: its own, a further one, a further one that must be approved, or none now. */
type FirstStep = 'own' | 'later' | 'later_if_approved' | 'none';

function firstStepOf({ callees, laterSteps = [] }: ReadyRule, approval: ApprovalAsk | null): FirstStep {
  if (callees.length > 0) return 'own';
  if (laterSteps.length === 0) return 'none';
  return approval === null ? 'later' : 'later_if_approved';
}

/**
 * The rule as if its ladder began with the first step that can call somebody, for people who must see who is called
 * before anybody is. The steps before it come last.
 */
function turned(ready: ReadyRule): ReadyRule {
  const { rule, laterSteps = [] } = ready;
  const begins = laterSteps.at(-1);
  if (begins === undefined) return ready;
  const own = { say: rule.say, recording: rule.recording };
  const steps = [
    // A new round starts after the same pause as the last step.
    { ...own, call: rule.call, afterMs: rule.furtherSteps.at(-1)?.afterMs ?? 0 },
    ...rule.furtherSteps.map((step) =>
      step.say === undefined && step.recording === undefined ? { ...step, ...own } : step,
    ),
  ];
  const [first, ...others] = [...steps.slice(laterSteps.length), ...steps.slice(0, laterSteps.length)];
  if (first === undefined) return ready;
  const { call, say, recording } = first;
  const { callees, rosters = [], onlyOnDuty = [] } = begins;
  const names = rosters.map(({ roster }) => roster);
  return {
    ...ready,
    rule: { ...rule, call, say, recording, furtherSteps: others },
    callees,
    audio: begins.audio ?? ready.audio,
    rosters,
    lists: names.length === 0 ? null : { names, only: [...onlyOnDuty] },
    laterSteps: [],
  };
}

async function approvalOf(tx: Tx, deps: CallsDeps, ready: ReadyRule, { now }: RuleAlert) {
  const { rule, ofAllSteps } = ready;
  if (rule.approval !== 'policy') return null;
  const callees = ready.callees.slice(0, deps.config().limits.calleesPerRequest);
  return await approvalFor(tx, deps.config(), {
    requestedBy: null,
    callees: ofAllSteps ?? callees,
    attempts: rule.attempts * (rule.repeat + 1),
    // An alert goes on until somebody is reached, also when night falls.
    everyMs: 0,
    now,
    wallAt: deps.clock.wallOf(now),
  });
}

/** Shown once for each episode, whatever the number of tries. */
async function sayProblems(
  tx: Tx,
  deps: CallsDeps,
  ready: ReadyRule,
  about: RuleAlert,
  first: FirstStep,
): Promise<void> {
  const { rule, callees } = ready;
  const { calleesPerRequest } = deps.config().limits;
  const problems = [...ready.problems];
  if (callees.length > calleesPerRequest) {
    problems.push(
      `it names ${callees.length} people and one request may have ${calleesPerRequest} (limits.calleesPerRequest): the first ${calleesPerRequest} are called`,
    );
  }
  if (problems.length === 0 && callees.length > 0) return;
  const lead = {
    own: `Rule ${rule.name} could not call everybody`,
    later: `Step 1 of rule ${rule.name} calls nobody, so the next step starts at once`,
    later_if_approved: `Step 1 of rule ${rule.name} calls nobody, so the approvers are asked about the next step`,
    none: `Rule ${rule.name} called nobody yet`,
  }[first];
  const why = problems.length > 0 ? problems.join('; ') : 'nobody is on its list';
  const { alert } = about;
  await rulesReply(tx, about, `${lead}: ${why}.`, `problems:${rule.name}:${alert.id}:${alert.episodeAt}`);
}

async function call(
  tx: Tx,
  deps: CallsDeps,
  ready: ReadyRule,
  about: RuleAlert,
  approval: ApprovalAsk | null,
): Promise<string> {
  const { rule, audio } = ready;
  const { alert, places } = about;
  const place = places[0] ?? { channelId: '', threadTs: null, parentId: null };
  const { voice, limits } = deps.config();
  const callees = ready.callees.slice(0, limits.calleesPerRequest);
  const { id } = await createRequest(tx, deps, {
    teamId: about.teamId,
    origin: 'alert',
    requestedBy: null,
    ruleName: rule.name,
    alertId: alert.id,
    alertTitle: alert.title === '' ? null : alert.title,
    ...place,
    audio,
    options: { ...callOptions(voice), ...callOptions(rule) },
    note: '',
    callees,
    duplicates: ready.duplicates,
    rosters: ready.rosters ?? [],
    lists: ready.lists ?? null,
    approval,
    priority: requestPriority.alert,
    onUnknown: rule.onUnknown,
    plan: planOf(rule, deps.config().reach.confirmKey),
    ladder: ladderOf(rule, about.source),
  });
  if (callees.length === 0) await beginLater(tx, deps, id, ready);
  return id;
}

/**
 * Starts the further steps in the transaction of the request, with the people that were found before: a second look-up
 * might find nobody, and the request would end without a call.
 */
async function beginLater(
  tx: Tx,
  deps: CallsDeps,
  requestId: string,
  { laterSteps = [] }: ReadyRule,
): Promise<void> {
  for (const [index, ready] of laterSteps.entries()) {
    const request = await lockRequest(tx, requestId);
    if (request === null) return;
    await startStep(tx, deps, request, { step: index + 2, ready, plan: readPlan(request.plan), reached: 0 });
  }
}

async function sayWhatWouldBe(tx: Tx, deps: CallsDeps, ready: ReadyRule, about: RuleAlert): Promise<null> {
  const { rule, audio } = ready;
  const callees = ready.callees.slice(0, deps.config().limits.calleesPerRequest);
  const what = audio.kind === 'text' ? `say “${audio.text}” to` : `play ${audio.name ?? audio.fileId} to`;
  await rulesReply(
    tx,
    about,
    `Rule ${rule.name} (shadow, calls nobody) would ${what} ${crowdInWords(callees)}.`,
  );
  return null;
}

/**
 * A resolve: stops the calls of this alert that are not sent yet, and says so in the thread. Shows nothing if no rule
 * called.
 */
export async function resolveAlert(tx: Tx, deps: CallsDeps, about: RuleAlert): Promise<void> {
  if ((await ruleCallsOf(tx, [about.alert.id])).size === 0) return;
  let stopped = 0;
  for (const request of await lockUnresolved(tx, about.alert)) {
    await tx.updateTable('requests').set({ resolved_at: about.now }).where('id', '=', request.id).execute();
    if (isOpen(request))
      stopped += (await cancelIn(tx, deps, request.id, { by: 'voicecall', action: 'resolved' })).stopped;
    else await changed(tx, about.now, request.id);
  }
  const after =
    stopped === 0 ? '' : ` ${stopped === 1 ? '1 call' : `${stopped} calls`} not sent yet will not be made.`;
  const title = withoutEndWord(about.alert.title);
  await rulesReply(tx, about, `Resolved${title === '' ? '' : `: ${title}`}.${after}`);
}
