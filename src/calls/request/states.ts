import { VoicecallError } from '../../errors.ts';
import type { CallState, RequestState, SubmissionState } from './types.ts';

/** Every allowed change of a request's state. Any other change is a bug or a lost race. */
export const requestTransitions: Record<RequestState, readonly RequestState[]> = {
  awaiting_approval: ['scheduled', 'approved', 'rejected', 'expired', 'cancelled'],
  // `awaiting_approval`: the policy of the time when it is due asks for an approval that it does not have.
  scheduled: ['approved', 'awaiting_approval', 'cancelled', 'failed'],
  approved: ['sending', 'cancelled', 'failed', 'done'],
  sending: ['sent', 'cancelled', 'failed', 'done'],
  // A further attempt, or the next step of a ladder.
  sent: ['sending', 'done'],
  rejected: [],
  expired: [],
  cancelled: [],
  done: [],
  failed: [],
};

/** `sending → ready` only if certainly nothing was sent. */
export const submissionTransitions: Record<SubmissionState, readonly SubmissionState[]> = {
  ready: ['sending', 'held', 'cancelled', 'failed'],
  sending: ['accepted', 'refused', 'unknown', 'ready'],
  unknown: ['accepted', 'refused', 'settled'],
  // A report or a late result can prove a person wrong; the platform's word counts.
  settled: ['accepted', 'refused'],
  accepted: [],
  refused: [],
  held: [],
  cancelled: [],
  failed: [],
};

/** A report may come before the result, so `sending` and `unknown` may change directly to an end. */
export const callTransitions: Record<CallState, readonly CallState[]> = {
  ready: ['sending', 'held', 'cancelled', 'failed'],
  sending: ['accepted', 'refused', 'unknown', 'ready', 'answered', 'not_answered'],
  unknown: ['accepted', 'refused', 'failed', 'answered', 'not_answered'],
  // `refused`: only if a person said that the phone rang and the platform then says that it refused the call.
  accepted: ['answered', 'not_answered', 'refused'],
  // A later report of the same call may replace an earlier one (the platform called again).
  answered: ['not_answered'],
  not_answered: ['answered'],
  // Only if a person said that the phone did not ring, and the platform then reports what happened.
  failed: ['accepted', 'answered', 'not_answered', 'refused'],
  refused: [],
  // A call for a firing alert that a limit held is made when the limit allows it, unless the alert is over.
  held: ['ready', 'cancelled', 'failed'],
  cancelled: [],
};

/** True if `from` may change to `to`. */
export function mayBecome<State extends string>(
  table: Record<State, readonly State[]>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}

/** Throws VoicecallError bad_transition if the table does not allow the change. */
export function assertTransition<State extends string>(
  table: Record<State, readonly State[]>,
  from: State,
  to: State,
): void {
  if (mayBecome(table, from, to)) return;
  throw new VoicecallError('bad_transition', `${from} cannot become ${to}`, { facts: { from, to } });
}

/** States in which a request waits for nothing. */
export const finishedRequestStates: readonly RequestState[] = [
  'rejected',
  'expired',
  'cancelled',
  'done',
  'failed',
];
