import { type GateContext, gate } from '../../alerts/filter.ts';
import { storeAlertEvent } from '../../paging/alert-events.ts';
import type { Intake } from '../client/intake.ts';
import type { SlackDeps } from '../context/deps.ts';

/**
 * Stores bots' messages of the channels that a rule names, before Bolt acknowledges them to Slack. Other messages are
 * ignored: people's messages are neither read nor stored.
 */
export function createAlertIntake(deps: SlackDeps): Intake {
  return async (body) => {
    if (body.type !== 'event_callback') return;
    deps.events.heard(channelOf(body.event));
    const gated = gate(body, ownIds(deps));
    if (!('alert' in gated)) return;
    const { channel } = gated.alert;
    if (channel === undefined || !isWatched(deps, channel)) return;
    const eventId =
      typeof body.event_id === 'string'
        ? body.event_id
        : `${channel}:${gated.alert.ts}:${gated.alert.editedTs ?? ''}`;
    await deps.store.transaction((tx) =>
      storeAlertEvent(tx, {
        eventId,
        teamId: typeof body.team_id === 'string' ? body.team_id : deps.identity.teamId,
        channelId: channel,
        body,
        now: deps.clock.now(),
      }),
    );
  };
}

/** The channel of an event; '' if it has none. */
function channelOf(event: unknown): string {
  const isObject = typeof event === 'object' && event !== null && 'channel' in event;
  return isObject && typeof event.channel === 'string' ? event.channel : '';
}

/** Our ids in Slack, so that our own messages are not read as alerts. */
export function ownIds({ identity }: Pick<SlackDeps, 'identity'>): GateContext {
  return { ownBotId: identity.botId, ownUserId: identity.botUserId, teamId: identity.teamId };
}

function isWatched(deps: SlackDeps, channelId: string): boolean {
  return deps.config().rules.some((rule) => rule.channels.includes(channelId));
}
