import type { Decision, Heard } from '../alerts/decide.ts';
import { sourceOfPlace } from '../alerts/formats/heard.ts';
import type { CallsDeps } from '../calls/request/deps.ts';
import type { Config, Rule } from '../config/types.ts';
import { editSoon, post } from '../outbox/outbox.ts';
import { type Post, slotOf } from '../outbox/post.ts';
import type { Tx } from '../store/types.ts';
import type { RingingAlert } from './episodes.ts';

/** Where in Slack something about an alert goes: under a message of Slack's, or under one that we post ourselves. */
export interface Place {
  channelId: string;
  threadTs: string | null;
  /** The outbox's id of the message. */
  parentId: string | null;
}

type Shown = Pick<RingingAlert, 'id' | 'episodeAt'>;

/** Shows an alert that was posted to us in a channel, once for each time it fires. */
export async function showAlert(tx: Tx, now: number, alert: Shown, channelId: string): Promise<Place> {
  const what = postOf(alert, channelId);
  const shown = await tx
    .selectFrom('messages')
    .select('id')
    .where('slot', '=', slotOf(what, null))
    .executeTakeFirst();
  const parentId = shown?.id ?? (await post(tx, now, { requestId: null, post: what, place: { channelId } }));
  return { channelId, threadTs: null, parentId };
}

/** Everywhere an alert stands in Slack: where its tool wrote it, or where we show it, as it is by now. */
export async function showHeard(
  tx: Tx,
  alert: RingingAlert,
  { heard, decision, channel }: { heard: Heard; decision: Decision; channel: string | undefined },
): Promise<Place[]> {
  const { source, now } = heard;
  if (source === undefined) return await placesShown(tx, alert, { place: heard.gated.channel ?? '', now });
  const { news, status } = decision;
  // Old news is none, and neither is the end of something that nobody was told of.
  const tells = news === 'resolved' ? decision.alert !== undefined : news !== 'none' || status === 'info';
  if (channel !== undefined && tells) await showAlert(tx, now, alert, channel);
  return await redrawAlert(tx, now, alert);
}

/** The channel where the request of a rule goes for an alert that a source posted; undefined: nowhere in Slack. */
export function channelOfRule(
  { sources }: Pick<Config, 'sources'>,
  source: string,
  rule: Rule,
): string | undefined {
  return rule.channel ?? sources[source]?.channel;
}

/** Where a rule's request goes: under the tool's own message, or under ours where the tool posted to us. */
export async function placesOfRule(
  tx: Tx,
  deps: Pick<CallsDeps, 'config'>,
  alert: RingingAlert,
  { place, rule, now }: { place: string; rule: Rule; now: number },
): Promise<Place[]> {
  const source = sourceOfPlace(place);
  if (source === undefined) return [{ channelId: place, threadTs: alert.threadTs, parentId: null }];
  const channelId = channelOfRule(deps.config(), source, rule);
  return channelId === undefined ? [] : [await showAlert(tx, now, alert, channelId)];
}

/** Everywhere an alert of a place is shown, drawn anew where we show it. */
export async function placesShown(
  tx: Tx,
  alert: RingingAlert,
  { place, now }: { place: string; now: number },
): Promise<Place[]> {
  if (sourceOfPlace(place) !== undefined) return await redrawAlert(tx, now, alert);
  return [{ channelId: place, threadTs: alert.threadTs, parentId: null }];
}

/** Everywhere an alert is shown, and has its message there drawn anew. */
export async function redrawAlert(tx: Tx, now: number, alert: Shown): Promise<Place[]> {
  const first = slotOf(postOf(alert, ''), null) ?? '';
  const shown = await tx
    .selectFrom('messages')
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
