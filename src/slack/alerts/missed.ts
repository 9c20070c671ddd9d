import { type GatedMessage, gate } from '../../alerts/filter.ts';
import { waitOrAbort } from '../../clock.ts';
import { storeAlertEvent } from '../../paging/alert-events.ts';
import { enqueue } from '../../queue/enqueue.ts';
import { pace } from '../../queue/turns.ts';
import type { Lease, TaskHandler } from '../../queue/types.ts';
import { inChunks } from '../../store/chunks.ts';
import type { Queryable, Tx } from '../../store/types.ts';
import { asEvent, type HistoryPace, historyPaceMs, historyPages } from '../client/channel-history.ts';
import { type SlackFailure, slackFailure } from '../client/errors.ts';
import type { SlackDeps } from '../context/deps.ts';
import { ownIds } from './intake.ts';

/** A channel is read if nothing arrived from it for this long. All channels are checked at this interval. */
const quietMs = 5 * 60_000;
/** How far back the history is read. */
const mostMs = 24 * 3_600_000;
/** A younger message may still arrive as an event, so it is left for the next read. */
const onItsWayMs = 15_000;
/** When a channel with younger messages is read again, ms. */
const lookAgainMs = 20_000;
/** When a channel is read again after a failure that says nothing, ms. */
const unclearForMs = 30_000;
/** This much is read twice, because Slack's history may show an older message later than a newer one. */
const overlapSeconds = 60;
/** The most bot messages of one channel that are read. If there are more, only the newest count. */
const mostMessages = 10_000;
const storedAtOnce = 100;

/** Adds the task that reads the channels now. Called after a start and after each connection. */
export async function askForMissed(deps: Pick<SlackDeps, 'store' | 'clock'>): Promise<void> {
  await deps.store.transaction((tx) =>
    enqueue(tx, { kind: 'alerts.missed', key: 'all', runAt: deps.clock.now() }),
  );
}

/**
 * The handler of the "alerts.missed" task. Reads the channels of rules from the last read message, at most 24 h back,
 * and stores messages that did not arrive as events. Channels whose messages arrive are not read.
 */
export function createMissedReader(deps: SlackDeps): TaskHandler {
  const complained = new Set<string>();
  return async (_task, lease) => {
    const now = deps.clock.now();
    let missed = 0;
    let againAt = now + quietMs;
    for (const channelId of new Set(deps.config().rules.flatMap((rule) => rule.channels))) {
      if (!lease.valid()) return { againAt: now };
      const quietAt = deps.events.lastHeardAt(channelId) + quietMs;
      const read =
        quietAt > now
          ? { missed: 0, againAt: quietAt }
          : await tryChannel(deps, channelId, lease, complained);
      missed += read.missed;
      againAt = Math.min(againAt, read.againAt);
    }
    if (missed > 0 && isSilent(deps, now)) {
      deps.log.error(
        { missed },
        'Slack delivers no events although its channels have new messages: connecting again',
      );
      await deps.events.fault();
    } else if (missed === 0) deps.events.good();
    return { againAt };
  };
}

/**
 * Reads one channel. Never throws. `againAt`: when to read it again at the latest; Infinity: as usual. `complained`:
 * the channels whose fault was logged, so that it is logged once.
 */
async function tryChannel(
  deps: SlackDeps,
  channelId: string,
  lease: Lease,
  complained: Set<string>,
): Promise<{ missed: number; againAt: number }> {
  try {
    const { missed, young } = await readChannel(deps, channelId, lease);
    complained.delete(channelId);
    return { missed, againAt: young > 0 ? deps.clock.now() + lookAgainMs : Number.POSITIVE_INFINITY };
  } catch (error) {
    const failure = slackFailure(error);
    if (!complained.has(channelId))
      deps.log.warn({ channel: channelId, failure }, 'the history of a channel could not be read');
    complained.add(channelId);
    return { missed: 0, againAt: deps.clock.now() + retryAfterMs(failure) };
  }
}

function retryAfterMs(failure: SlackFailure): number {
  switch (failure.kind) {
    case 'limited':
      return failure.retryAfterMs;
    case 'unclear':
      return unclearForMs;
    case 'refused':
      return Number.POSITIVE_INFINITY;
  }
}

/**
 * Reads channels now, even if their messages arrive. Returns how many messages did not arrive, or may still arrive.
 */
export async function lookForMissed(
  deps: SlackDeps,
  channels: readonly string[],
  lease: Lease,
): Promise<number> {
  let found = 0;
  for (const channelId of channels) {
    const read = await readChannel(deps, channelId, lease);
    found += read.unseen + read.young;
  }
  return found;
}

/** True if the app was connected for long enough and no event has arrived. */
function isSilent({ events }: SlackDeps, now: number): boolean {
  const connectedAt = events.connectedAt();
  return connectedAt > 0 && now - Math.max(connectedAt, events.lastHeardAt()) >= quietMs;
}

/**
 * Reads one channel. `unseen`: how many messages did not arrive and are now stored. `missed`: those of them that are
 * newer than the connection, so events should have come. `young`: how many may still arrive.
 */
async function readChannel(
  deps: SlackDeps,
  channelId: string,
  lease: Lease,
): Promise<{ unseen: number; missed: number; young: number }> {
  const nothing = { unseen: 0, missed: 0, young: 0 };
  const startedAt = deps.clock.wallOf(deps.clock.now());
  const from = await startOf(deps, channelId, startedAt);
  if (from === null) return nothing;
  const oldest = Math.max(Number(from), (startedAt - mostMs) / 1000).toFixed(6);
  const found = await readHistory(deps, channelId, oldest, lease);
  if (found === null) return nothing;
  const timeOf = ({ gated }: Found) => Number(gated.editedTs ?? gated.ts) * 1000;
  const all = await withoutSeen(deps.store.read, channelId, found.alerts);
  const unseen = all.filter((each) => timeOf(each) <= deps.clock.wallOf(deps.clock.now()) - onItsWayMs);
  for (let at = 0; at < unseen.length; at += storedAtOnce) {
    if (!lease.valid()) return nothing;
    const some = unseen.slice(at, at + storedAtOnce);
    await deps.store.transaction(async (tx) => {
      for (const each of some) await storeFound(tx, deps, channelId, each);
    });
  }
  if (found.newest !== null) {
    const readUntil = Math.max(Number(found.newest) - overlapSeconds, Number(oldest)).toFixed(6);
    await deps.store.transaction((tx) => writeStart(tx, channelId, readUntil));
  }
  if (unseen.length > 0)
    deps.log.info({ channel: channelId, messages: unseen.length }, 'messages that did not arrive were read');
  const connectedAt = deps.events.connectedAt();
  return {
    unseen: unseen.length,
    missed:
      connectedAt === 0 ? 0 : unseen.filter((each) => timeOf(each) > deps.clock.wallOf(connectedAt)).length,
    young: all.length - unseen.length,
  };
}

/**
 * The ts from which a channel is read. Null if it is read for the first time: older messages must not call anybody.
 */
async function startOf(deps: SlackDeps, channelId: string, now: number): Promise<string | null> {
  return await deps.store.transaction(async (tx) => {
    const row = await tx
      .selectFrom('channel_reads')
      .select('read_until')
      .where('channel_id', '=', channelId)
      .executeTakeFirst();
    if (row !== undefined) return row.read_until;
    const last = await tx
      .selectFrom('alert_messages')
      .select('ts')
      .where('channel_id', '=', channelId)
      .orderBy('ts', 'desc')
      .limit(1)
      .executeTakeFirst();
    const start = last?.ts ?? (now / 1000).toFixed(6);
    await writeStart(tx, channelId, start);
    return last === undefined ? null : start;
  });
}

async function writeStart(tx: Tx, channelId: string, readUntil: string): Promise<void> {
  await tx
    .insertInto('channel_reads')
    .values({ channel_id: channelId, read_until: readUntil })
    .onConflict((conflict) => conflict.column('channel_id').doUpdateSet({ read_until: readUntil }))
    .execute();
}

interface Found {
  gated: GatedMessage;
  event: Record<string, unknown>;
}

/** Bots' messages of a channel since `oldest`, oldest first. Null: the lease was lost. */
async function readHistory(
  deps: SlackDeps,
  channelId: string,
  oldest: string,
  lease: Lease,
): Promise<{ alerts: Found[]; newest: string | null } | null> {
  const alerts: Found[] = [];
  let newest: string | null = null;
  for await (const messages of historyPages(deps.web, { channel: channelId, oldest }, paceOf(deps, lease))) {
    for (const message of messages) {
      if (newest === null || Number(message.ts) > Number(newest)) newest = message.ts;
      const event = asEvent(channelId, message);
      const gated = gate(event, ownIds(deps));
      if ('alert' in gated && alerts.length < mostMessages) alerts.push({ gated: gated.alert, event });
    }
  }
  if (!lease.valid()) return null;
  const timeOf = ({ gated }: Found) => Number(gated.editedTs ?? gated.ts);
  return { alerts: alerts.sort((left, right) => timeOf(left) - timeOf(right)), newest };
}

/** The turns of this workspace, shared by all instances. Waiting ends with the lease. */
export function paceOf(deps: SlackDeps, lease: Lease): HistoryPace {
  return {
    async turn() {
      while (lease.valid()) {
        const now = deps.clock.now();
        const at = await deps.store.transaction((tx) => pace(tx, 'slack.history', now, historyPaceMs));
        if (at <= now) return true;
        await waitOrAbort(deps.clock, at - now, lease.signal);
      }
      return false;
    },
    async pause(ms) {
      await waitOrAbort(deps.clock, ms, lease.signal);
      return lease.valid();
    },
  };
}

/** The messages that were not processed yet in this version. */
async function withoutSeen(from: Queryable, channelId: string, found: Found[]): Promise<Found[]> {
  const seen = new Map<string, string | null>();
  const times = found.map(({ gated }) => gated.ts);
  await inChunks(times, async (some) => {
    const rows = await from
      .selectFrom('alert_messages')
      .select(['ts', 'edited_ts'])
      .where('channel_id', '=', channelId)
      .where('ts', 'in', some)
      .execute();
    for (const { ts, edited_ts } of rows) seen.set(ts, edited_ts);
  });
  return found.filter(({ gated }) => {
    if (!seen.has(gated.ts)) return true;
    return gated.editedTs !== undefined && Number(gated.editedTs) > Number(seen.get(gated.ts) ?? 0);
  });
}

/** The event's id is made from the message, so that two instances that read the same message store it once. */
async function storeFound(
  tx: Tx,
  deps: SlackDeps,
  channelId: string,
  { gated, event }: Found,
): Promise<void> {
  const { teamId } = deps.identity;
  await storeAlertEvent(tx, {
    eventId: `history:${channelId}:${gated.ts}:${gated.editedTs ?? ''}`,
    teamId,
    channelId,
    body: { type: 'event_callback', team_id: teamId, event },
    now: deps.clock.now(),
  });
}
