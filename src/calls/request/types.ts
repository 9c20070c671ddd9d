import type { Callee } from '../../callees/types.ts';
import type { CallOptions } from '../../config/types.ts';
import type {
  ApprovalAsk,
  Audio,
  CallCause,
  CallState,
  CountryCount,
  DecisionKind,
  EarlierEnd,
  EndOfReaching,
  Ladder,
  LadderStep,
  OnUnknown,
  Origin,
  Plan,
  RequestPriority,
  RequestState,
  SubmissionState,
  TerminationKind,
} from '../../store/values.ts';

export type {
  ApprovalAsk,
  Audio,
  CallCause,
  CallState,
  CountryCount,
  DecisionKind,
  EarlierEnd,
  EndOfReaching,
  Ladder,
  LadderStep,
  OnUnknown,
  Origin,
  Plan,
  RequestPriority,
  RequestState,
  SubmissionState,
  TerminationKind,
};

/**
 * Each callee once, by the best of its calls. `accepted` is all that the platform took and never falls; `answered` and `not_answered` are parts of it;
 * accepted + refused + unknown + held + cancelled + failed + waiting is `callees`.
 */
export interface Counts {
  callees: number;
  accepted: number;
  refused: number;
  unknown: number;
  held: number;
  cancelled: number;
  failed: number;
  answered: number;
  not_answered: number;
  /** Answered, and the key that confirms was pressed: a part of `answered`. */
  confirmed: number;
  /** As the request's plan counts them: `answered`, or `confirmed`. */
  reached: number;
  /** Not sent yet: ready or sending. */
  waiting: number;
}

export interface Decision {
  userId: string;
  decision: DecisionKind;
  reason: string | null;
  at: number;
}

/** Limits that hold a call back until a time, not for good. */
export const limitCauses = ['per_callee', 'calls_per_hour', 'rule_limit'] as const;
export type LimitCause = (typeof limitCauses)[number];

export function isLimitCause(code: string | null): code is LimitCause {
  return limitCauses.some((cause) => cause === code);
}

export interface SubmissionView {
  id: string;
  ordinal: number;
  state: SubmissionState;
  callees: number;
  /** How many of its calls may or may not have been dialled; while there are any, call_settle is offered. */
  unknown: number;
  /** The platform's code, or one of ours (timeout, connection_lost, connect_refused, …). */
  code: string | null;
  reason: string | null;
  sendingAt: number | null;
  answeredAt: number | null;
  /** When the platform's records were last read without finding it. */
  checkedAt: number | null;
  settledBy: string | null;
  /** True where this submission was sent because an earlier one stayed unknown. */
  again: boolean;
  /** When it will be tried again, ms; only while nothing left this machine. */
  nextTryAt: number | null;
  /** When a limit lets it go out, ms; only while it waits for that (an alert's calls do). */
  heldUntil: number | null;
}

export interface CallView {
  position: number;
  /** Digits; the empty string once erased. Mask it before it goes into a channel. */
  callee: string;
  name: string | null;
  state: CallState;
  submissionId: string | null;
  voiceId: string | null;
  /** What the platform said at submission: "0" accepted, else the refusal. */
  submitCode: string | null;
  submitReason: string | null;
  /** Why, where this program or a person says so. */
  cause: CallCause | null;
  /** Held by a limit: when it will be possible. */
  heldUntil: number | null;
  /** By report. */
  terminationCode: string | null;
  terminationReason: string | null;
  sipCode: string | null;
  callStatus: string | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  callDuration: number | null;
  feedbackValue: string | null;
  /** Which call to this callee it is, and in which step of the ladder. */
  attempt: number;
  step: number;
  /** True where the key that confirms was pressed. */
  confirmed: boolean;
  /** True where a later submission of the same callee replaced this one. */
  superseded: boolean;
}

/** What earlier calls to a callee may have come to, best first. */
export const earlierEnds: readonly EarlierEnd[] = ['confirmed', 'answered', 'not_answered', 'accepted'];

/** A callee who was reached, and how. */
export interface ReachedBy {
  /** Masked where others read it. */
  callee: string;
  name: string | null;
  /** The key that confirms, where it was pressed. */
  key: string | null;
  at: number;
}

/** A step of the ladder that has started. */
export interface StepView {
  step: number;
  startedAt: number;
  callees: number;
  problem: string | null;
}

/** Where a request stands in its plan and its ladder. */
export interface ReachView {
  plan: Plan;
  ladder: Ladder | null;
  /** True while it may still call somebody. */
  running: boolean;
  step: number;
  /** The latest attempt of the step. */
  attempt: number;
  /** When the next attempt goes out; null: none is planned now. */
  nextAttemptAt: number | null;
  /** When the next step starts; null: there is none. */
  nextStepAt: number | null;
  endedBy: EndOfReaching | null;
  endedAt: number | null;
  /** The further steps that have started. */
  steps: StepView[];
  /** A few who are being called now: their names, or masked numbers. */
  calling: { callee: string; name: string | null }[];
  /** The first few who were reached. */
  reachedBy: ReachedBy[];
}

/** A request as boards, views and answers need it; no phone numbers in it. */
export interface RequestView {
  id: string;
  teamId: string;
  origin: Origin;
  state: RequestState;
  requestedBy: string | null;
  ruleName: string | null;
  alertTitle: string | null;
  channelId: string;
  askedIn: string | null;
  threadTs: string | null;
  /** Of callees, message, options, note and channel: an approval binds to it. */
  hash: string;
  message: Audio;
  options: CallOptions;
  note: string;
  duplicates: number;
  /** Country codes with how many callees each, most first; "??" where the country is not known. */
  countries: CountryCount[];
  counts: Counts;
  submissions: SubmissionView[];
  approval: ApprovalAsk | null;
  decisions: Decision[];
  expiresAt: number | null;
  /** When it is to be called, by the wall clock; null: at once. */
  whenAt: number | null;
  createdAt: number;
  changedAt: number;
  finishedAt: number | null;
  cancelledBy: string | null;
  ackedBy: string | null;
  /** Why it failed, was rejected or was held, in words for people; null otherwise. */
  outcome: string | null;
  /** "again": resend what stays unknown, once, while the request is sending; absent: a person decides. */
  onUnknown?: OnUnknown;
  /** How it goes on until people are reached; null: each callee is called once. */
  reach: ReachView | null;
}

export interface NewRequest {
  teamId: string;
  origin: Origin;
  requestedBy: string | null;
  ruleName?: string | null;
  alertId?: string | null;
  alertTitle?: string | null;
  /** The request that this one repeats. */
  previousId?: string | null;
  /** Of the modal that asked: one opened modal makes one request. */
  rootViewId?: string | null;
  channelId: string;
  /** Where the person was when asking. */
  askedIn?: string | null;
  threadTs?: string | null;
  /** The outbox's message in whose thread the board goes, where that one is not posted yet. */
  parentId?: string | null;
  message: Audio;
  options: CallOptions;
  /** What goes out in calledInfo before the token. */
  note: string;
  /** Unique by number. */
  callees: Callee[];
  duplicates: number;
  /** Null: nobody needs to approve. */
  approval: ApprovalAsk | null;
  priority: RequestPriority;
  onUnknown: OnUnknown;
  /** Null: each callee is called once. */
  plan?: Plan | null;
  /** Null: there are no further steps. */
  ladder?: Ladder | null;
  /** When to call, by the wall clock; null: at once. */
  whenAt?: number | null;
  /** The lists that are read again when it is due, and the callees that only they name. */
  lists?: { names: string[]; only: string[] } | null;
}
