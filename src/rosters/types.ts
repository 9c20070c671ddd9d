import type { NoDuty, RosterNote } from '../store/values.ts';

export type { NoDuty, RosterNote };

/** One event of a calendar at one time. The people in it are on duty from `fromAt` (ms) until before `toAt`. */
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
  /** In the order of their beginning. */
  shifts: Shift[];
  /** Events that could not be read, in words. */
  problems: string[];
}

/** Which part of a calendar is read, ms. */
export interface Span {
  fromAt: number;
  toAt: number;
}

/** A person who is on duty. */
export interface OnDuty {
  /** As an entry of a list: a Slack id, or a number with a name. */
  entry: string;
  /** The name in the configuration. Null: a person in Slack. */
  name: string | null;
}

/** Who is on duty by a roster at a moment. */
export interface Duty {
  roster: string;
  people: OnDuty[];
  /** When that changes. Null: not soon. */
  untilAt: number | null;
  /** Who is next. Null: not known. Empty: nobody is on duty then. */
  next: OnDuty[] | null;
  /** Titles of current events in which nobody is recognised. */
  unknown: string[];
  why: NoDuty | null;
  /** The entries to call: the people on duty, or those of the fallback. */
  entries: string[];
  /** When the calendar was last read; null: never. */
  readAt: number | null;
  /** Why the last try to read it failed. Null: it did not fail. */
  problem: string | null;
}
