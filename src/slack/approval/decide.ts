import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { decide, decidedFacts, type NewDecision } from '../../calls/approval/decide.ts';
import { auditRefused } from '../../calls/request/audit.ts';
import type { RequestView } from '../../calls/request/types.ts';
import { VoicecallError } from '../../errors.ts';
import { changed } from '../../outbox/outbox.ts';
import type { SlackDeps } from '../context/deps.ts';
import { mayApprove, mayBeCaller, type Refusal } from '../context/permissions.ts';
import { choicesField } from '../kit/fields.ts';
import { date, people } from '../kit/text.ts';
import { buttonValue, handlePress, type Press, requestOf } from '../replies/press.ts';
import { decidedWords } from '../words/decided-words.ts';
import { seenIn } from './card.ts';
import { rejectView } from './reject-view.ts';
import { review } from './review.ts';
import { anyHourAction } from './review-view.ts';

/** Registers Approve and Reject, on the card and in the review. */
export function registerDecide(app: App, deps: SlackDeps): void {
  app.action<BlockAction<ButtonAction>>('call_approve', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const userId = press.body.user.id;
      const { text } = await takeDecision(deps, request, {
        requestId: request.id,
        seenHash: seenOf(press),
        userId,
        decision: 'approve',
        reason: null,
        anyHour: choicesField(press.body.view?.state.values ?? {}, anyHourAction).length > 0,
      });
      return (await showInReview(deps, press, request.id, text)) ? null : { text };
    });
  });

  app.action<BlockAction<ButtonAction>>('call_reject', async (press) => {
    await handlePress(deps, press, async () => {
      const request = await requestOf(deps, buttonValue(press));
      const refusal = await refusalFor(deps, request, press.body.user.id, 'reject');
      if (refusal !== null) return { text: refusal };
      const view = rejectView(request, JSON.stringify({ requestId: request.id, seen: seenOf(press) }));
      const trigger = { trigger_id: press.body.trigger_id, view };
      if (press.body.view === undefined) await deps.urgent.views.open(trigger);
      else await deps.urgent.views.push(trigger);
      return null;
    });
  });
}

/**
 * After a press in the review: shows the outcome there and removes the buttons. Returns false if that is not
 * possible; the caller then sends the answer as a message.
 */
async function showInReview(
  deps: SlackDeps,
  press: Press,
  requestId: string,
  text: string,
): Promise<boolean> {
  const shown = press.body.view;
  if (shown === undefined) return false;
  try {
    const view = await review(deps, await requestOf(deps, requestId), press.body.user.id, 0, text);
    await deps.urgent.views.update({ view_id: shown.id, view });
    return true;
  } catch (error) {
    // Most often the person closed the review, so the caller sends the answer in another way.
    deps.log.info({ err: error }, 'the review could not be updated after a decision');
    return false;
  }
}

function seenOf(press: Press): string | null {
  return seenIn(press.action.block_id);
}

/** Returns null if this person may decide, else the reason as a sentence. A refusal is stored in the audit trail. */
async function refusalFor(
  deps: SlackDeps,
  request: RequestView,
  userId: string,
  pressed: NewDecision['decision'],
): Promise<Refusal> {
  const open = request.state === 'awaiting_approval';
  const facts = decidedFacts(request, request.decisions);
  const own = open
    ? await mayApprove(deps.people, deps.config(), request.approval?.approvers ?? [], userId)
    : decidedWords(facts);
  const refusal = own ?? (pressed === 'approve' ? await askerRefusal(deps, request) : null);
  if (refusal === null) return null;
  const why =
    own === null ? 'the asker may not call any more' : open ? 'not allowed' : `already ${facts.state}`;
  await deps.store.transaction(async (tx) => {
    const at = deps.clock.now();
    await auditRefused(tx, request.id, { at, actor: userId, pressed, why });
    // The members of a user group may have become unreadable; the card then shows a warning.
    await changed(tx, at, request.id);
  });
  return refusal;
}

/**
 * Not null if the person who asked may not call people any more. If Slack does not answer, the approver decides.
 */
async function askerRefusal(deps: SlackDeps, { requestedBy }: RequestView): Promise<Refusal> {
  if (requestedBy === null) return null;
  if ((await mayBeCaller(deps.people, deps.config(), requestedBy)) !== 'no') return null;
  return 'The person who asked may not call people any more, so nobody is called. Reject this request; you can make one of your own.';
}

/** Checks the person, decides, and returns the outcome in words. Throws VoicecallError not_found. */
export async function takeDecision(
  deps: SlackDeps,
  request: RequestView,
  press: NewDecision,
): Promise<{ taken: boolean; text: string }> {
  const refused = (text: string) => ({ taken: false, text });
  const refusal = await refusalFor(deps, request, press.userId, press.decision);
  if (refusal !== null) return refused(refusal);
  try {
    const outcome = await decide(deps, press);
    if (outcome.state === 'approved') return { taken: true, text: approvedWords(outcome) };
    if (outcome.state === 'scheduled')
      return { taken: true, text: `You approved it: the calls start ${date(outcome.whenAt)}.` };
    if (outcome.state === 'rejected') return { taken: true, text: 'You rejected it: nobody is called.' };
    return {
      taken: true,
      text: `Your approval counts: ${outcome.approved} of ${outcome.quorum}. The calls start with the last one.`,
    };
  } catch (error) {
    if (!(error instanceof VoicecallError)) throw error;
    if (error.code === 'changed') {
      return refused(
        `Nothing was ${press.decision === 'approve' ? 'approved' : 'rejected'}: the request has changed since you saw it. Look at the card again, then decide.`,
      );
    }
    if (error.code === 'not_allowed' && error.facts.why === 'own') {
      return refused(
        'You asked for this yourself, so somebody else has to decide. You may cancel it on its board.',
      );
    }
    if (error.code === 'not_allowed')
      return refused('You have decided this already: your approval counts once.');
    if (error.code === 'already_decided') return refused(decidedWords(error.facts));
    throw error;
  }
}

function approvedWords({
  forbidden,
  waiting = 0,
}: {
  forbidden?: { held: number; callees: number };
  waiting?: number;
}): string {
  if (forbidden === undefined && waiting > 0)
    return `You approved it. It is outside the hours for ${people(waiting)}, who are called when theirs begin; the others are called now.`;
  if (forbidden === undefined) return 'You approved it: the calls start now.';
  const { held, callees } = forbidden;
  const why = 'the configuration has changed and now forbids it. The results say why for each person.';
  return held === callees
    ? `You approved it, but nobody is called: ${why}`
    : `You approved it: ${people(callees - held)} of ${callees} are called now, the others are not: ${why}`;
}
