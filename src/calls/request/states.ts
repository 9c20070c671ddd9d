import { VoicecallError } from '../../errors.ts';
import type { CallState, RequestState, SubmissionState } from './types.ts';

/** Every change of a request's state that may happen; anything else is a bug or a lost race. */
export const requestTransitions: Record<RequestState, readonly RequestState[]> = {
  awaiting_approval: ['scheduled', 'approved', 'rejected', 'expired', 'cancelled'],
  scheduled: ['approved', 'cancelled', 'failed'],
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

/** `sending → ready` only when provably nothing was sent. */
export const submissionTransitions: Record<SubmissionState, readonly SubmissionState[]> = {
  ready: ['sending', 'held', 'cancelled', 'failed'],
  sending: ['accepted', 'refused', 'unknown', 'ready'],
  unknown: ['accepted', 'refused', 'settled'],
  // A report or a late answer can prove a person wrong: what the platform says happened, happened.
  settled: ['accepted', 'refused'],
  accepted: [],
  refused: [],
  held: [],
  cancelled: [],
  failed: [],
};

/** A report may come before the answer, hence the ways from `sending` and `unknown` to the end. */
export const callTransitions: Record<CallState, readonly CallState[]> = {
  ready: ['sending', 'held', 'cancelled', 'failed'],
  sending: ['accepted', 'refused', 'unknown', 'ready', 'answered', 'not_answered'],
  unknown: ['accepted', 'refused', 'failed', 'answered', 'not_answered'],
  // `refused`: only where a person said that it rang and the platform then says that it refused it.
  accepted: ['answered', 'not_answered', 'refused'],
  // A later report of the same call can outweigh an earlier one (redialled by the platform).
  answered: ['not_answered'],
  not_answered: ['answered'],
  // Only where a person said that it did not ring: then the platform says what became of it after all.
  failed: ['accepted', 'answered', 'not_answered', 'refused'],
  refused: [],
  // A call of a firing alert that a limit held back is made when the limit lets it, unless the alert is over by then.
  held: ['ready', 'cancelled', 'failed'],
  cancelled: [],
};

/** True where `to` may follow `from`. */
export function mayBecome<State extends string>(
  table: Record<State, readonly State[]>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}

/** Throws VoicecallError bad_transition where the table does not allow it. */
export function assertTransition<State extends string>(
  table: Record<State, readonly State[]>,
  from: State,
  to: State,
): void {
  if (mayBecome(table, from, to)) return;
  throw new VoicecallError('bad_transition', `${from} cannot become ${to}`, { facts: { from, to } });
}

/** States in which a request waits for nothing any more. */
export const finishedRequestStates: readonly RequestState[] = [
  'rejected',
  'expired',
  'cancelled',
  'done',
  'failed',
];
