import type { Decision, Heard } from '../alerts/decide.ts';
import { sourceOfPlace } from '../alerts/formats/heard.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import type { Config, Rule } from '../config/types.ts';
import { editSoon, post } from '../outbox/outbox.ts';
import { type Post, slotOf } from '../outbox/post.ts';
import type { Tx } from '../store/types.ts';
import type { AlertEpisode, Place } from './types.ts';

type Shown = Pick<AlertEpisode, 'id' | 'episodeAt'>;

/** Shows an alert that was posted to us in a channel: one message for each episode. */
export async function showAlert(tx: Tx, now: number, alert: Shown, channelId: string): Promise<Place> {
  const what = postOf(alert, channelId);
  const shown = await tx
    .selectFrom('posts')
    .select('id')
    .where('slot', '=', slotOf(what, null))
    .executeTakeFirst();
  const parentId = shown?.id ?? (await post(tx, now, { requestId: null, post: what, place: { channelId } }));
  return { channelId, threadTs: null, parentId };
}

/**
 * Every place of an alert in Slack, with its current content: the tool's own message, or the messages that we post.
 */
export async function showHeard(
  tx: Tx,
  alert: AlertEpisode,
  { heard, decision, channel }: { heard: Heard; decision: Decision; channel: string | undefined },
): Promise<Place[]> {
  const { source, now } = heard;
  if (source === undefined) return await placesShown(tx, alert, { place: heard.gated.channel ?? '', now });
  const { news, status } = decision;
  // Old news is not shown, nor the end of an alert that was never shown.
  const tells = news === 'resolved' ? decision.alert !== undefined : news !== 'none' || status === 'info';
  if (channel !== undefined && tells) await showAlert(tx, now, alert, channel);
  return await redrawAlert(tx, now, alert);
}

/** The channel for a rule's request, for an alert from a source. Undefined: not shown in Slack. */
export function channelOfRule(
  { sources }: Pick<Config, 'sources'>,
  source: string,
  rule: Rule,
): string | undefined {
  return rule.channel ?? sources[source]?.channel;
}

/** Where a rule's request goes: under the tool's own message, or under ours if the tool posted to us. */
export async function placesOfRule(
  tx: Tx,
  deps: Pick<CallsDeps, 'config'>,
  alert: AlertEpisode,
  { place, rule, now }: { place: string; rule: Rule; now: number },
): Promise<Place[]> {
  const source = sourceOfPlace(place);
  if (source === undefined) return [{ channelId: place, threadTs: alert.threadTs, parentId: null }];
  const channelId = channelOfRule(deps.config(), source, rule);
  return channelId === undefined ? [] : [await showAlert(tx, now, alert, channelId)];
}

/** Where an alert from this place is shown in Slack. Messages that we posted are edited. */
export async function placesShown(
  tx: Tx,
  alert: AlertEpisode,
  { place, now }: { place: string; now: number },
): Promise<Place[]> {
  if (sourceOfPlace(place) !== undefined) return await redrawAlert(tx, now, alert);
  return [{ channelId: place, threadTs: alert.threadTs, parentId: null }];
}

/** Where an alert is shown in Slack. Messages that we posted are edited. */
export async function redrawAlert(tx: Tx, now: number, alert: Shown): Promise<Place[]> {
  const first = slotOf(postOf(alert, ''), null) ?? '';
  const shown = await tx
    .selectFrom('posts')
    .select(['id', 'channel_id'])
    .where('slot', '>=', first)
    .where('slot', '<', `${first}~`)
    .orderBy('sequence')
    .execute();
  for (const { id } of shown) await editSoon(tx, id, now);
  return shown.map(({ id, channel_id }) => ({ channelId: channel_id, threadTs: null, parentId: id }));
}

function postOf({ id, episodeAt }: Shown, channelId: string): Post {
  return { kind: 'alert', alert: id, episodeAt, channelId };
}
