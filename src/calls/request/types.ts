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
  RosterNote,
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
  RosterNote,
  SubmissionState,
  TerminationKind,
};

/**
 * Each callee once, by its best call. `accepted` is all that the platform accepted and never falls; `answered` and
 * `not_answered` are parts of it. accepted + refused + unknown + held + cancelled + failed + waiting is `callees`.
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
  /** Answered, and the key that confirms was pressed. A part of `answered`. */
  confirmed: number;
  /** `answered` or `confirmed`, as the request's plan defines it. */
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

/** The code of a submission that waits for the hours of its callees. */
export const outsideHours = 'outside_hours';

/** Limits that hold a call only until a time. */
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
  /** How many of its calls are unknown. While there are any, the board offers call_settle. */
  unknown: number;
  /** The platform's code, or one of ours (timeout, connection_lost, connect_refused, …). */
  code: string | null;
  reason: string | null;
  sendingAt: number | null;
  answeredAt: number | null;
  /** When the platform's records were last read without finding it. */
  checkedAt: number | null;
  settledBy: string | null;
  /** What that person said, and about how many calls. */
  settledAsCalled: boolean;
  settledCalls: number;
  /** True if this submission repeats one that stayed unknown. */
  again: boolean;
  /** When it will be retried, ms. Only while nothing has left this machine. */
  nextTryAt: number | null;
  /** When a limit allows it, ms. Only while it waits for that (calls of alerts do). */
  heldUntil: number | null;
  /** When the hours of its callees begin, ms. Only while it waits for them. `reason` then has the time of day. */
  opensAt: number | null;
}

export interface CallView {
  position: number;
  /** Digits. Empty string once erased. Mask it before it goes into a channel. */
  callee: string;
  name: string | null;
  state: CallState;
  submissionId: string | null;
  voiceId: string | null;
  /** What the platform answered at submission: "0" is accepted, anything else a refusal. */
  submitCode: string | null;
  submitReason: string | null;
  /** Why it has its state, if Voicecall or a person says so. */
  cause: CallCause | null;
  /** When the limit that holds it has room again. */
  heldUntil: number | null;
  /** From the report. */
  terminationCode: string | null;
  terminationReason: string | null;
  sipCode: string | null;
  callStatus: string | null;
  answerTimeAt: number | null;
  hangupTimeAt: number | null;
  callDuration: number | null;
  feedbackValue: string | null;
  /** The number of this call to this callee, and its step of the ladder. */
  attempt: number;
  step: number;
  /** True if the key that confirms was pressed. */
  confirmed: boolean;
  /** True if a later call to the same callee replaced this one. */
  superseded: boolean;
}

/** The possible ends of earlier calls to a callee, best first. */
export const earlierEnds: readonly EarlierEnd[] = ['confirmed', 'answered', 'not_answered', 'accepted'];

/** A callee who was reached, and how. */
export interface ReachedBy {
  /** Masked if other people read it. */
  callee: string;
  name: string | null;
  /** The key that confirms. Null if it was not pressed. */
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

/** The state of a request's plan and ladder. */
export interface ReachView {
  plan: Plan;
  ladder: Ladder | null;
  /** True while it may still call somebody. */
  running: boolean;
  step: number;
  /** The latest attempt of the step. */
  attempt: number;
  /** When the next attempt starts. Null: none is planned. */
  nextAttemptAt: number | null;
  /** When the next step starts. Null: there is none. */
  nextStepAt: number | null;
  endedBy: EndOfReaching | null;
  endedAt: number | null;
  /** The further steps that have started. */
  steps: StepView[];
  /** A few of those who are being called: names, or masked numbers. */
  calling: { callee: string; name: string | null }[];
  /** The first few who were reached. */
  reachedBy: ReachedBy[];
}

/** A request for boards, views and answers. Contains no full phone numbers. */
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
  /** The post in whose thread the board is, if that post was not in Slack when the request began. */
  threadPost: string | null;
  /** An approval binds to it; see hashRequest. */
  hash: string;
  audio: Audio;
  options: CallOptions;
  note: string;
  duplicates: number;
  /** Country codes with their numbers of callees, largest first. "??": unknown. */
  countries: CountryCount[];
  counts: Counts;
  /**
   * Like `counts`, but a callee who was called again counts by the latest call while it is open or unknown, unless
   * they were reached. Words use these counts. Absent: the same as `counts`.
   */
  current?: Counts;
  submissions: SubmissionView[];
  approval: ApprovalAsk | null;
  decisions: Decision[];
  expiresAt: number | null;
  /** When to call, by the wall clock. Null: at once. */
  whenAt: number | null;
  createdAt: number;
  changedAt: number;
  finishedAt: number | null;
  cancelledBy: string | null;
  ackedBy: string | null;
  /** When its alert was resolved. Null: it has no alert, or the alert still fires. */
  resolvedAt: number | null;
  /** The request that this one repeats, and the latest one that repeats this one. */
  repeats: string | null;
  repeatedBy: string | null;
  /** Why it failed, was rejected or was held, in words for people. Null otherwise. */
  outcome: string | null;
  /** "again": what stays unknown is sent again, once, while the request is sending. Absent: a person decides. */
  onUnknown?: OnUnknown;
  /** The rosters that it uses, with the people who were on duty. Absent: none. */
  rosters?: RosterNote[];
  /** Names of the lists whose people it calls. Absent: none. */
  namedLists?: string[];
  /** How it continues until people are reached. Null: each callee is called once. */
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
  /** The id of the modal's root view: one opened modal makes one request. */
  rootViewId?: string | null;
  channelId: string;
  /** The channel where the person asked. */
  askedIn?: string | null;
  threadTs?: string | null;
  /** The post in whose thread the board goes, if that post is not in Slack yet. */
  parentId?: string | null;
  audio: Audio;
  options: CallOptions;
  /** Sent in calledInfo before the token. */
  note: string;
  /** Each number once. */
  callees: Callee[];
  duplicates: number;
  /** Null: no approval is needed. */
  approval: ApprovalAsk | null;
  priority: RequestPriority;
  onUnknown: OnUnknown;
  /** Null: each callee is called once. */
  plan?: Plan | null;
  /** Null: there are no further steps. */
  ladder?: Ladder | null;
  /** When to call, by the wall clock; null: at once. */
  whenAt?: number | null;
  /** The lists to read again when it is due, and the callees that only they name. */
  lists?: { names: string[]; only: string[] } | null;
  /** True: at any hour, whatever `hours` in the configuration says. */
  anyHour?: boolean;
  /** The rosters among whose people its callees are. */
  rosters?: RosterNote[];
  /** Names of the lists among whose people its callees are, to be shown. */
  namedLists?: string[];
}
