// The values that columns may hold. calls/request/types.ts takes them from here, so that columns and code cannot
// differ.

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
/** Why nobody from a roster's calendar is called, only its fallback. */
export type NoDuty = 'nobody' | 'unknown' | 'never_read' | 'no_number';

/** What is stored with a request about a roster that it uses. */
export interface RosterNote {
  roster: string;
  /** The people on duty: by their name in the configuration, or by a Slack id. */
  people: { name: string | null; id: string | null }[];
  untilAt: number | null;
  /** Titles of events in which nobody is recognised. */
  unknown: string[];
  why: NoDuty | null;
  /** Names and ids of the fallback, if it was called. */
  fallback: string[];
  /** How long ago the calendar was last read, if that is long. Null: recently, or never. */
  ageMs: number | null;
  /** The step that used it; the first is 1. */
  step: number;
}

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
/** `dropped`: it will not be posted, because another post replaces it or nobody needs it. */
export type PostState = 'pending' | 'posted' | 'dropped';
/** What kind of Slack message a post is. */
export type PostKind =
  | 'board'
  | 'results'
  | 'card'
  | 'file'
  | 'full'
  | 'reminder'
  | 'outcome'
  | 'told'
  | 'instead'
  | 'alert'
  | 'tested'
  | 'contact'
  | 'audio'
  | 'words';
/** Why a call has its state, if Voicecall or a person says so. What the platform says is in submit_code. */
export type CallCause =
  // Held by a limit, until held_until.
  | 'per_callee'
  | 'calls_per_hour'
  | 'rule_limit'
  // Held by the configuration, until somebody changes it.
  | 'denied'
  | 'country'
  | 'display_num'
  | 'callees_per_request'
  // Only a list named the callee, and the list no longer did when the call was due.
  | 'left_list'
  // A person said what happened to it.
  | 'settled_called'
  | 'settled_not_called'
  // No longer needed: enough people were reached.
  | 'enough_reached'
  // The phone may or may not have rung.
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
/** What ended a plan and its ladder. */
export type EndOfReaching =
  /** As many people were reached as the plan asks for. */
  | 'enough'
  /** Everybody was reached. */
  | 'all'
  /** Nobody who may be called is left. */
  | 'exhausted'
  /** A person or a tool acknowledged the alert. */
  | 'acknowledged'
  | 'resolved'
  /** A person stopped it. */
  | 'stopped'
  /** The rule is no longer in the configuration. */
  | 'rule_removed'
  /** The database was restored from a backup: nobody knows who was called since. */
  | 'restored';
/** The best end of earlier calls to a callee, best first: confirmed, answered, not_answered, accepted. */
export type EarlierEnd = 'confirmed' | 'answered' | 'not_answered' | 'accepted';
/** How a call ended, from its report. */
export type TerminationKind =
  | 'answered'
  | 'busy'
  | 'no_answer'
  | 'rejected'
  | 'unreachable'
  | 'invalid_number'
  | 'voicemail'
  | 'other';
/** How far the upload of a recording is. */
export type RecordingState = 'uploading' | 'uploaded' | 'ready' | 'failed';
export type DecisionKind = 'approve' | 'reject';

/** Which requests are sent first: the lower number. An alert's calls go ahead of a long queue of people's requests. */
export const requestPriority = { alert: 0, person: 5 } as const;
export type RequestPriority = (typeof requestPriority)[keyof typeof requestPriority];

/** What the callee hears. */
export type Audio =
  | { kind: 'recording'; fileId: string; name: string | null }
  | { kind: 'text'; text: string; language: string };

/** How a request continues until people are reached. Fixed when the request is made; an approval binds to it. */
export interface Plan {
  until: Until;
  /** The most calls to each callee in each step. */
  attempts: number;
  /** The pause between a known end and the next attempt, ms. */
  everyMs: number;
  /** Stop when this many people are reached. Null: when all are. */
  enough: number | null;
  /** The key that confirms, as in a report's `feedbackValue`. Null: no key confirms. */
  confirmKey: string | null;
}

/** A further step, copied from the rule when its ladder began. */
export interface LadderStep {
  /** How long after the start of the previous step, ms. */
  afterMs: number;
  /** Names of lists, numbers, users and groups; looked up when the step starts. */
  call: string[];
  /** What to say or to play. Both null: the same as in the first step. */
  say: string | null;
  recording: string | null;
}

/** The steps after the first, and how often all steps are repeated. */
export interface Ladder {
  /** Whom the first step calls; needed when the steps are repeated. */
  firstCall: string[];
  /** The name under which the alerting tool posts; for spoken text. */
  source: string | null;
  furtherSteps: LadderStep[];
  repeat: number;
}

/** Why a request needs approval, and who may approve. Fixed when the request is made. */
export interface ApprovalAsk {
  reasons: string[];
  approvers: string[];
  quorum: number;
  allowSelfApproval: boolean;
  channelId: string | null;
  expiresAfterMs: number;
}

/** A country code and its number of callees. "??": the country is not known. */
export interface CountryCount {
  country: string;
  callees: number;
}

/** A text column that holds this value as JSON. */
export type Json<Value> = string & { readonly __holds: Value };

/** The only way to make the text of such a column, so that it always holds valid JSON of its type. */
export function toJson<Value>(value: Value): Json<Value> {
  return JSON.stringify(value) as Json<Value>;
}
