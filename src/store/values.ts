// What the columns may hold. The domain has these words from here (calls/request/types.ts), so that a column and the
// code that reads it cannot differ.

export type RequestState =
  | 'awaiting_approval'
  | 'approved'
  | 'rejected'
  | 'expired'
  | 'cancelled'
  | 'sending'
  | 'sent'
  | 'done'
  | 'failed';
export type SubmissionState =
  | 'ready'
  | 'sending'
  | 'accepted'
  | 'refused'
  | 'unknown'
  | 'settled'
  | 'held'
  | 'cancelled'
  | 'failed';
export type CallState =
  | 'ready'
  | 'sending'
  | 'accepted'
  | 'refused'
  | 'unknown'
  | 'held'
  | 'cancelled'
  | 'failed'
  | 'answered'
  | 'not_answered';
/** What a Slack message of ours is. */
export type PostKind =
  | 'board'
  | 'results'
  | 'card'
  | 'file'
  | 'full'
  | 'reminder'
  | 'outcome'
  | 'instead'
  | 'alert'
  | 'words';
/** Why a call is what it is, where this program or a person says so; submit_code has what the platform says. */
export type CallCause =
  // Held by a limit, until held_until.
  | 'per_callee'
  | 'calls_per_hour'
  | 'rule_limit'
  // Held by the configuration, until somebody changes that.
  | 'denied'
  | 'country'
  | 'display_num'
  | 'callees_per_request'
  // A person said what became of it.
  | 'settled_rang'
  | 'settled_silent'
  // It may or may not have been dialled.
  | 'timeout'
  | 'connection_lost'
  | 'http_status'
  | 'not_json'
  | 'no_code'
  | 'platform_code'
  | 'too_large'
  | 'no_rows'
  | 'interrupted'
  // Nothing left this machine.
  | 'dns'
  | 'connect_refused'
  | 'connect_timeout'
  | 'tls'
  | 'connect_failed'
  | 'stopped';
export type Origin = 'person' | 'alert' | 'redial';
export type OnUnknown = 'again' | 'hold';
export type DecisionKind = 'approve' | 'reject';

/** What the callee hears. */
export type Message =
  | { kind: 'recording'; fileId: string; name: string | null }
  | { kind: 'text'; text: string; language: string };

/** Why a request needs approval, and who may give it: fixed when it was asked. */
export interface ApprovalAsk {
  reasons: string[];
  approvers: string[];
  quorum: number;
  allowSelfApproval: boolean;
  channelId: string | null;
  expiresAfterMs: number;
}

/** A country code with how many callees; "??" where the country is not known. */
export interface CountryCount {
  country: string;
  callees: number;
}

/** A text column that holds this value as JSON. */
export type Json<Value> = string & { readonly __holds: Value };

/** The only way to make the text of such a column, so that nothing else gets into it. */
export function toJson<Value>(value: Value): Json<Value> {
  return JSON.stringify(value) as Json<Value>;
}
