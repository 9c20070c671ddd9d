import type { CallsDeps } from '../../calls/request/deps.ts';
import type { KnownBalance } from './balance.ts';
import type { SlackClients } from './clients.ts';
import type { EventWatch } from './event-watch.ts';
import type { Identity } from './identity.ts';
import type { People } from './people.ts';
import type { Recordings } from './recordings.ts';

/** What the code of `src/slack` needs: the dependencies of `src/calls`, and two clients for Slack. */
export interface SlackDeps extends CallsDeps, SlackClients {
  /** Our ids in Slack. Known after the token was checked. */
  identity: Identity;
  people: People;
  recordings: Recordings;
  balance: KnownBalance;
  /** Knows whether Slack's events still arrive. */
  events: EventWatch;
  /**
   * The base URL of Slack's API (ends in /api/). An uploaded file is fetched from Slack's file host or from this
   * host.
   */
  slackApiUrl: string;
  slackBotToken: string;
}
