import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api';

/**
 * What became of a Web API call that failed: `limited` and `refused` did nothing for certain; after `unclear` (5xx, a
 * time-out, a cut connection) it may have been done.
 */
export type SlackFailure =
  | { kind: 'limited'; retryAfterMs: number }
  | { kind: 'refused'; error: string }
  | { kind: 'unclear'; error: string };

/** Sorts an error of @slack/web-api; anything else is unclear. */
export function slackFailure(error: unknown): SlackFailure {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'limited', retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const name = error.data.error;
    // Slack's own words for "something went wrong in here": nothing is said of whether it was done.
    if (name === 'internal_error' || name === 'fatal_error' || name === 'service_unavailable') {
      return { kind: 'unclear', error: name };
    }
    if (name === 'ratelimited') return { kind: 'limited', retryAfterMs: 30_000 };
    return { kind: 'refused', error: name };
  }
  if (error instanceof WebAPIHTTPError) return { kind: 'unclear', error: `HTTP ${error.statusCode}` };
  return { kind: 'unclear', error: error instanceof Error ? error.message : String(error) };
}

/** Errors that will not pass by waiting: the place is gone or closed to us. */
const closedPlaces = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
  'restricted_action_non_threadable_channel',
  'user_not_found',
  'cannot_dm_bot',
  'messages_tab_disabled',
]);

/** True where nothing can be posted there, now or later, unless a person changes something. */
export function isClosedPlace(error: string): boolean {
  return closedPlaces.has(error);
}

const tokenFaults = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'no_permission',
]);

/** True where Slack refuses everything of ours until somebody gives the app a good token. */
export function isTokenFault(error: string): boolean {
  return tokenFaults.has(error);
}
