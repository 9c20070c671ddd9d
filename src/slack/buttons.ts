import type { App } from '@slack/bolt';
import { registerTryRules } from './alerts/try-rules.ts';
import { registerDecide } from './approval/decide.ts';
import { registerReview } from './approval/review.ts';
import { registerHomeCall, registerOptions } from './asking/open-modal.ts';
import { registerRedial } from './asking/redial.ts';
import { registerCancel } from './board/cancel.ts';
import { registerSettle } from './board/settle.ts';
import type { SlackDeps } from './context/deps.ts';
import { registerDetails } from './lookup/details.ts';
import { registerHistory } from './lookup/history.ts';
import { registerMe } from './me/register.ts';
import { registerRecordings } from './recordings/register.ts';
import { expiredButtonAnswer } from './replies/press.ts';
import { tellPresser } from './replies/reply.ts';

/** The action_ids of all buttons. They must never change, because old messages keep their buttons. */
const buttons = [
  'call_approve',
  'call_reject',
  'call_review',
  'call_details',
  'call_cancel',
  'call_redial',
  'call_ack',
  'call_settle',
  'details_previous',
  'details_next',
  'review_previous',
  'review_next',
  'any_hour',
  'history_newer',
  'history_older',
  'call_options',
  'home_call',
  'call_me',
  'recording_add',
  'recording_hear',
  'recording_remove',
  'contact_card',
  'home_history',
  'rules_history',
];

/** Registers every button, and an answer for buttons that no longer exist. */
export function registerActions(app: App, deps: SlackDeps): void {
  registerCancel(app, deps);
  registerDecide(app, deps);
  registerDetails(app, deps);
  registerReview(app, deps);
  registerHomeCall(app, deps);
  registerOptions(app, deps);
  registerRedial(app, deps);
  registerSettle(app, deps);
  registerHistory(app, deps);
  registerMe(app, deps);
  registerRecordings(app, deps);
  registerTryRules(app, deps);
  registerExpired(app, deps);
}

/** Answers a button whose action_id no longer exists, in a message of an older version. */
function registerExpired(app: App, deps: SlackDeps): void {
  const unknown = new RegExp(`^(?!(${buttons.join('|')})$)`);
  app.action({ type: 'block_actions', action_id: unknown }, async (press) => {
    await press.ack();
    if (press.action.type === 'button') await tellPresser(deps, press, expiredButtonAnswer());
  });
}
