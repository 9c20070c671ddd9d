import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';
import { reasonOf, VoicecallError } from '../../errors.ts';

/**
 * How a Web API call failed. After `limited` and `refused`, Slack certainly did nothing. After `unclear` (5xx,
 * timeout, lost connection, a body that is not Slack's) it may have done it. Only the errors named in this file are
 * final; all others are tried again.
 */
export type SlackFailure =
  | { kind: 'limited'; retryAfterMs: number }
  | { kind: 'refused'; error: string }
  | { kind: 'unclear'; error: string };

/** Slack does not say how long these limits last. In ms. */
const limitedForMs = 30_000;

/**
 * The longest Retry-After that is followed, in ms. Slack's limits end within minutes; a longer one comes from a proxy
 * between us and Slack.
 */
const limitedAtMostMs = 5 * 60_000;

/** Limits: Slack did nothing, and refuses further calls for some time. */
const limits = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);

/** Errors of Slack's servers, after which the call may or may not have been done. */
const unclear = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'update_failed',
  'team_added_to_org',
]);

/** Sorts an error of @slack/web-api. Other errors are unclear. */
export function slackFailure(error: unknown): SlackFailure {
  if (error instanceof VoicecallError && error.code === 'slack_unavailable') return slackFailure(error.cause);
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'limited', retryAfterMs: Math.min(error.retryAfter * 1000, limitedAtMostMs) };
  if (error instanceof WebAPIPlatformError) return platformFailure(error.data.error);
  if (error instanceof WebAPIHTTPError) return { kind: 'unclear', error: `HTTP ${error.statusCode}` };
  return { kind: 'unclear', error: reasonOf(error) };
}

/**
 * The error to throw after a failed Web API call. VoicecallError slack_unavailable (facts: method, error) if Slack
 * did not answer, limits us, or refuses the app as a whole. Else the original error, which says what was wrong.
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

/** Errors that do not depend on what was asked: a scope is missing, or the trigger has expired. */
const refusesTheApp = new Set(['missing_scope', 'accesslimited', 'expired_trigger_id', 'trigger_expired']);

/** The words for an answer that did not come from Slack, such as a proxy's page or incomplete JSON. */
export const notFromSlack = 'the answer is not one of Slack’s';

/** If a body is not JSON, the library makes it the name of a platform error. Such a name is unclear. */
function platformFailure(name: unknown): SlackFailure {
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{1,79}$/.test(name)) {
    return { kind: 'unclear', error: notFromSlack };
  }
  if (limits.has(name)) return { kind: 'limited', retryAfterMs: limitedForMs };
  return unclear.has(name) ? { kind: 'unclear', error: name } : { kind: 'refused', error: name };
}

/** True if nothing can be posted or edited in this place until a person changes something in Slack. */
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

/** True if the thread is gone but its channel exists: the first message was deleted. */
export function isGoneThread(error: string): boolean {
  return goneThreads.has(error);
}

const goneThreads = new Set([
  'thread_not_found',
  'invalid_thread_ts',
  'cannot_reply_to_message',
  'message_not_found',
]);

/** True if a posted message still exists but can never be edited again. */
export function isClosedToEdits(error: string): boolean {
  return error === 'edit_window_closed' || error === 'cant_update_message';
}

/** True if Slack refuses our blocks, which is a bug of ours. The text alone may still be accepted. */
export function isRefusedShape(error: string): boolean {
  return refusedShapes.has(error);
}

const refusedShapes = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'invalid_arguments',
]);

/** True if Slack refuses all calls until somebody configures a valid token. */
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
