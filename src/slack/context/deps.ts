import type { CallsDeps } from '../../calls/request/deps.ts';
import type { KnownBalance } from './balance.ts';
import type { SlackClients } from './clients.ts';
import type { EventWatch } from './event-watch.ts';
import type { Identity } from './identity.ts';
import type { People } from './people.ts';
import type { Recordings } from './recordings.ts';

/** What the Slack surfaces need: the domain's own, and two ways to Slack. */
export interface SlackDeps extends CallsDeps, SlackClients {
  /** Who we are in Slack; known once the token was checked. */
  identity: Identity;
  people: People;
  recordings: Recordings;
  balance: KnownBalance;
  /** Whether Slack's events still arrive. */
  events: EventWatch;
  /** Base of Slack's API (ends in /api/): an uploaded file is fetched from Slack's file host or this one's. */
  slackApiUrl: string;
  slackBotToken: string;
}
