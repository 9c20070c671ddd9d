// What the columns may hold. The domain has these words from here (calls/request/types.ts), so that a column and the
// code that reads it cannot differ.

import type { Until } from '../config/types.ts';

export type RequestState =
  | 'awaiting_approval'
  | 'scheduled'
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
  | 'tested'
  | 'contact'
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
  // Only a list named the callee, and it did not any more when the call was due.
  | 'left_list'
  // The database was put back from a backup: whether it was called since is not known.
  | 'restored'
  // A person said what became of it.
  | 'settled_rang'
  | 'settled_silent'
  // Nobody needs it any more: enough were reached.
  | 'enough_reached'
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
/** What ended the calls of a plan and its ladder. */
export type EndOfReaching =
  /** As many were reached as were asked for. */
  | 'enough'
  /** Everybody was reached. */
  | 'all'
  /** Nobody is left who may be called. */
  | 'exhausted'
  /** A person or a tool has got it. */
  | 'acknowledged'
  | 'resolved'
  /** A person stopped it. */
  | 'stopped'
  /** The rule is not in the configuration any more. */
  | 'rule_removed'
  /** The database was put back from a backup: who was called since is not known. */
  | 'restored';
/** What earlier calls to a callee came to, best first: confirmed, answered, not_answered, accepted. */
export type EarlierEnd = 'confirmed' | 'answered' | 'not_answered' | 'accepted';
/** How a call ended, by report. */
export type TerminationKind =
  | 'answered'
  | 'busy'
  | 'no_answer'
  | 'rejected'
  | 'unreachable'
  | 'invalid_number'
  | 'voicemail'
  | 'other';
/** How far a recording that somebody added is on its way to the platform. */
export type RecordingState = 'uploading' | 'uploaded' | 'ready' | 'failed';
export type DecisionKind = 'approve' | 'reject';

/** Which requests are sent first: the lower number. An alert's calls go ahead of a long queue of people's requests. */
export const requestPriority = { alert: 0, person: 5 } as const;
export type RequestPriority = (typeof requestPriority)[keyof typeof requestPriority];

/** What the callee hears. */
export type Audio =
  | { kind: 'recording'; fileId: string; name: string | null }
  | { kind: 'text'; text: string; language: string };

/** How a request goes on until people are reached. Fixed when the request is made; an approval binds to it. */
export interface Plan {
  until: Until;
  /** Calls to each callee at most, in each step. */
  attempts: number;
  /** The pause after a known end, ms. */
  everyMs: number;
  /** Stop when so many are reached; null: all. */
  enough: number | null;
  /** The key that confirms, as `feedbackValue` tells it; null: none does. */
  confirmKey: string | null;
}

/** A further step, as the rule said when its ladder began. */
export interface LadderStep {
  /** After the start of the step before, ms. */
  afterMs: number;
  /** Names of lists, numbers, users and groups; looked up when the step starts. */
  call: string[];
  /** What is said or played; both null: the same as in the first step. */
  say: string | null;
  recording: string | null;
}

/** The steps after the first, and how often the whole starts again. */
export interface Ladder {
  /** Whom the first step calls, for when it starts again. */
  firstCall: string[];
  /** The name that the alerting tool posts under, for what is said. */
  source: string | null;
  furtherSteps: LadderStep[];
  repeat: number;
}

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
