import { alertOver } from './alert-over.ts';
import { alertSenders } from './alert-senders.ts';
import { channelReads } from './channel-reads.ts';
import { firstTables } from './first-tables.ts';
import { hours } from './hours.ts';
import { lastReached } from './last-reached.ts';
import { learnedPeople } from './learned-people.ts';
import { lighterIndexes } from './lighter-indexes.ts';
import { namedLists } from './named-lists.ts';
import { openCalls } from './open-calls.ts';
import { outboxTries } from './outbox-tries.ts';
import { plainNames } from './plain-names.ts';
import { postedAlerts } from './posted-alerts.ts';
import { reaching } from './reaching.ts';
import { recordings } from './recordings.ts';
import { requestsReaching } from './requests-reaching.ts';
import { requestsToErase } from './requests-to-erase.ts';
import { resendLaneCause } from './resend-lane-cause.ts';
import { rosters } from './rosters.ts';
import { scheduled } from './scheduled.ts';
import { setAsideEvents } from './set-aside-events.ts';
import { silences } from './silences.ts';
import { statesAndKeys } from './states-and-keys.ts';
import type { Step } from './step.ts';
import { triedReports } from './tried-reports.ts';
import { typedPosts } from './typed-posts.ts';
import { unknownIndex } from './unknown-index.ts';

/**
 * Steps from an empty database to today's tables, oldest first. A released step never changes: a change of the tables
 * is a new file here, at the end of the list, and the same change in ../schema.ts.
 */
export const migrations: Step[] = [
  firstTables,
  alertSenders,
  triedReports,
  outboxTries,
  channelReads,
  openCalls,
  typedPosts,
  lighterIndexes,
  resendLaneCause,
  setAsideEvents,
  silences,
  statesAndKeys,
  postedAlerts,
  learnedPeople,
  reaching,
  requestsToErase,
  lastReached,
  scheduled,
  recordings,
  hours,
  alertOver,
  rosters,
  plainNames,
  requestsReaching,
  namedLists,
  unknownIndex,
];
