import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';
import { VoicecallError } from '../../errors.ts';

/**
 * What became of a Web API call that failed: `limited` and `refused` did nothing for certain; after `unclear` (5xx, a
 * time-out, a cut connection, a body that is not Slack's) it may have been done. Only the errors named in this file are
 * final: everything else passes, and is tried again.
 */
export type SlackFailure =
  | { kind: 'limited'; retryAfterMs: number }
  | { kind: 'refused'; error: string }
  | { kind: 'unclear'; error: string };

/** Slack does not say how long these last, ms. */
const limitedForMs = 30_000;

/** Slack's own limits pass within minutes. A longer one comes from something between us and Slack, ms. */
const limitedAtMostMs = 5 * 60_000;

/** Too much was asked for: nothing was done, and the next call within the same time gets the same answer. */
const limits = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);

/** Slack's own words for trouble on its side: nothing is said of whether it was done. */
const unclear = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'update_failed',
  'team_added_to_org',
]);

/** Sorts an error of @slack/web-api; anything else is unclear. */
export function slackFailure(error: unknown): SlackFailure {
  if (error instanceof VoicecallError && error.code === 'slack_unavailable') return slackFailure(error.cause);
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'limited', retryAfterMs: Math.min(error.retryAfter * 1000, limitedAtMostMs) };
  if (error instanceof WebAPIPlatformError) return platformFailure(error.data.error);
  if (error instanceof WebAPIHTTPError) return { kind: 'unclear', error: `HTTP ${error.statusCode}` };
  return { kind: 'unclear', error: error instanceof Error ? error.message : String(error) };
}

/**
 * The error to throw for a Web API call that failed: VoicecallError slack_unavailable (facts: method, error) where Slack
 * did not answer, was asked too often, or refuses the app as a whole; else what came, which says what was wrong.
 */
export function slackFault(error: unknown, method: string): unknown {
  const failure = slackFailure(error);
  if (failure.kind === 'refused' && !isTokenFault(failure.error) && !refusesTheApp.has(failure.error))
    return error;
  const what = failure.kind === 'limited' ? 'ratelimited' : failure.error;
  return new VoicecallError('slack_unavailable', `${method}: ${what}`, {
    cause: error,
    facts: { method, error: what },
  });
}

/** Too late or not permitted, whatever was asked. */
const refusesTheApp = new Set(['missing_scope', 'accesslimited', 'expired_trigger_id', 'trigger_expired']);

/** The error of an answer that is not Slack's: a proxy's page, JSON that broke off. */
export const notFromSlack = 'the answer is not one of Slack’s';

/** What is no JSON comes from the library as a platform error that has the whole body for its name. */
function platformFailure(name: unknown): SlackFailure {
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{1,79}$/.test(name)) {
    return { kind: 'unclear', error: notFromSlack };
  }
  if (limits.has(name)) return { kind: 'limited', retryAfterMs: limitedForMs };
  return unclear.has(name) ? { kind: 'unclear', error: name } : { kind: 'refused', error: name };
}

/** True where nothing can be posted or edited there, now or later, unless a person changes something. */
export function isClosedPlace(error: string): boolean {
  return closedPlaces.has(error);
}

const closedPlaces = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'user_not_found',
  'user_disabled',
  'cannot_dm_bot',
  'messages_tab_disabled',
]);

/** True where the thread is gone while its channel is there: its first message was deleted. */
export function isGoneThread(error: string): boolean {
  return goneThreads.has(error);
}

const goneThreads = new Set([
  'thread_not_found',
  'invalid_thread_ts',
  'cannot_reply_to_message',
  'message_not_found',
]);

/** True where a posted message can never be edited again though it is still there. */
export function isClosedToEdits(error: string): boolean {
  return error === 'edit_window_closed' || error === 'cant_update_message';
}

/** True where Slack refuses the blocks, which is a fault of ours: their text alone may still be shown. */
export function isRefusedShape(error: string): boolean {
  return refusedShapes.has(error);
}

const refusedShapes = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'invalid_arguments',
]);

/** True where Slack refuses everything of ours until somebody gives the app a good token. */
export function isTokenFault(error: string): boolean {
  return tokenFaults.has(error);
}

const tokenFaults = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'no_permission',
]);
