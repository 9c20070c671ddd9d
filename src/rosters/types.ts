import type { NoDuty, RosterNote } from '../store/values.ts';

export type { NoDuty, RosterNote };

/** One event of a calendar at one time: who is named in it is on duty from `fromAt` (ms) until before `toAt`. */
export interface Shift {
  fromAt: number;
  toAt: number;
  /** Foreign text, cleaned and cut. */
  title: string;
  /** Mail addresses of its attendees and in its title, in lower case. */
  mails: string[];
}

/** The part of a calendar around now. */
export interface Calendar {
  /** By their beginning. */
  shifts: Shift[];
  /** Events that could not be read, in words. */
  problems: string[];
}

/** Which part of a calendar is read, ms. */
export interface Span {
  fromAt: number;
  toAt: number;
}

/** Somebody who is on duty. */
export interface OnDuty {
  /** As an entry of a list: an id of Slack, or a number with a name. */
  entry: string;
  /** The name that the configuration gives; null: a person in Slack. */
  name: string | null;
}

/** Who is on duty by a roster at a moment. */
export interface Duty {
  roster: string;
  people: OnDuty[];
  /** When that changes; null: not soon. */
  untilAt: number | null;
  /** Who comes then; null: nobody knows. Empty: nobody is on duty then. */
  next: OnDuty[] | null;
  /** Titles of events of this moment in which nobody is recognised. */
  unknown: string[];
  why: NoDuty | null;
  /** Entries that are called: the people on duty, or those of the fallback. */
  entries: string[];
  /** When the calendar was last read; null: never. */
  readAt: number | null;
  /** Why it could not be read since; null: it could. */
  problem: string | null;
}
