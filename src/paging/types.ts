import type { Callee } from '../callees/types.ts';
import type { ReadyStep } from '../calls/reaching/steps.ts';
import type { Audio, RosterNote } from '../calls/request/types.ts';
import type { Rule } from '../config/types.ts';

/** An alert for which a rule calls. */
export interface AlertEpisode {
  id: string;
  /** The Slack message under which results go. Empty if we post the alert ourselves. */
  threadTs: string;
  title: string;
  /** When this episode began, ms. */
  episodeAt: number;
  /** True if it begins with this message: no rule has called for it yet. */
  begins: boolean;
  /** The silence before this message, ms. */
  silentMs: number;
}

/** Where news about an alert goes in Slack: under a Slack message of the tool, or under a message that we post. */
export interface Place {
  channelId: string;
  threadTs: string | null;
  /** The post's id in the outbox. */
  parentId: string | null;
}

/** A rule that matches an alert, with its callees and audio: everything that needed a look-up. */
export interface ReadyRule {
  rule: Rule;
  callees: Callee[];
  duplicates: number;
  audio: Audio;
  /** Who could not be called and why, in words. Shown once under the alert. */
  problems: string[];
  /** The rosters that the rule uses. Absent: none. */
  rosters?: RosterNote[];
  /** The rosters to look up again before a later call, and the callees that only they name. */
  lists?: { names: string[]; only: string[] } | null;
  /** If `callees` is empty: the further steps up to the first that can call somebody now. Absent or empty: none can. */
  laterSteps?: ReadyStep[];
  /** Everybody whom its steps call now. Absent: the rule needs no approval, or has one step. */
  ofAllSteps?: Callee[];
}

/** A rule whose callees are not known yet: Slack must be asked first. */
export interface WaitingRule {
  rule: Rule;
  callees: null;
}

/** An alert for which rules call, and where its news goes. */
export interface RuleAlert {
  alert: AlertEpisode;
  teamId: string;
  /** Where the alert is shown. The rule's request goes to the first place. Empty: not in Slack. */
  places: Place[];
  /** The display name under which the alerting tool posts. */
  source: string | null;
  /** When each rule last called for the same alert, which came the other way and fires. Absent: there is none. */
  twinCalls?: ReadonlyMap<string, number> | undefined;
  now: number;
}
