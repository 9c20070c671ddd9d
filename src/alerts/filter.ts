import { flatten } from './flatten.ts';
import { asArray, asObject, asText, type JsonObject } from './json.ts';
import { isUnfurl } from './unfurl.ts';

/** Why a message event is no alert. */
export type NotAnAlert =
  | 'no_message'
  | 'deleted'
  | 'other_subtype'
  | 'person'
  | 'slackbot'
  | 'own_message'
  | 'other_workspace'
  | 'unfurl'
  | 'unchanged';

/** Our own ids in Slack, as far as we know them. An envelope around the event contains some of them. */
export interface GateContext {
  ownBotId?: string | undefined;
  ownAppId?: string | undefined;
  ownUserId?: string | undefined;
  teamId?: string | undefined;
}

/** A bot's message that may be an alert. */
export interface GatedMessage {
  channel: string | undefined;
  /** The message's own time; an edit keeps it. */
  ts: string;
  /** The first message of its thread. Undefined if it is not a reply. */
  threadTs: string | undefined;
  isEdit: boolean;
  /** Slack's time of the edit. Undefined if it is not an edit. */
  editedTs: string | undefined;
  botId: string;
  appId: string | undefined;
  teamId: string | undefined;
  botName: string | undefined;
  message: JsonObject;
}

export type Gate = { alert: GatedMessage } | { reason: NotAnAlert };

// Other subtypes (bot_add, channel_join, tombstone, …) may also have a bot_id, but are no alerts.
const acceptedSubtypes = new Set([undefined, 'bot_message', 'thread_broadcast']);

/**
 * Lets only bots' messages through.
 * @param raw a `message` event, `{event}`, a whole `event_callback`, or a Socket Mode envelope around one; any other
 * value is refused, never an error
 */
export function gate(raw: unknown, context: GateContext = {}): Gate {
  const { event, envelope } = unwrap(raw);
  if (event === undefined) return { reason: 'no_message' };
  if (event.type !== undefined && event.type !== 'message') return { reason: 'no_message' };
  if (event.subtype === 'message_deleted') return { reason: 'deleted' };
  const isEdit = event.subtype === 'message_changed';
  const message = isEdit ? asObject(event.message) : event;
  if (message === undefined) return { reason: 'no_message' };
  const subtype = asText(message.subtype);
  if (subtype === 'tombstone') return { reason: 'deleted' };
  if (!acceptedSubtypes.has(subtype)) return { reason: 'other_subtype' };
  if (message.user === 'USLACKBOT' || message.bot_id === 'B01') return { reason: 'slackbot' };

  const profile = asObject(message.bot_profile);
  const botId = asText(message.bot_id) ?? asText(profile?.id);
  if (botId === undefined) return { reason: 'person' };
  const appId = asText(message.app_id) ?? asText(profile?.app_id);
  const ownAppId = context.ownAppId ?? asText(envelope?.api_app_id);
  const isOwn =
    botId === context.ownBotId ||
    (appId !== undefined && appId === ownAppId) ||
    (context.ownUserId !== undefined && message.user === context.ownUserId);
  if (isOwn) return { reason: 'own_message' };
  const teamId = asText(message.team) ?? asText(event.team) ?? asText(profile?.team_id);
  if (isOtherTeam(teamId, context.teamId ?? asText(envelope?.team_id))) return { reason: 'other_workspace' };

  const ts = asText(message.ts) ?? asText(event.ts) ?? '';
  if (isEdit) {
    const reason = emptyEdit(message, asObject(event.previous_message));
    if (reason !== undefined) return { reason };
  }
  const threadTs = asText(message.thread_ts);
  return {
    alert: {
      channel: asText(event.channel) ?? asText(message.channel),
      ts,
      threadTs: threadTs === ts ? undefined : threadTs,
      isEdit,
      editedTs: isEdit ? (asText(asObject(message.edited)?.ts) ?? asText(event.ts)) : undefined,
      botId,
      appId,
      teamId,
      botName: asText(message.username) ?? asText(profile?.name),
      message,
    },
  };
}

function unwrap(raw: unknown): { event: JsonObject | undefined; envelope: JsonObject | undefined } {
  let outer = asObject(raw);
  const payload = asObject(outer?.payload);
  if (payload !== undefined && asObject(payload.event) !== undefined) outer = payload;
  const inner = asObject(outer?.event);
  if (inner !== undefined) return { event: inner, envelope: outer };
  return { event: outer, envelope: undefined };
}

/** On an Enterprise Grid an id with E… names the organisation, so only two ids with T… can differ. */
function isOtherTeam(theirs: string | undefined, ours: string | undefined): boolean {
  return theirs?.startsWith('T') === true && ours?.startsWith('T') === true && theirs !== ours;
}

function emptyEdit(message: JsonObject, previous: JsonObject | undefined): NotAnAlert | undefined {
  if (previous === undefined) return undefined;
  if (content(message) !== content(previous)) return undefined;
  const unfurls = asArray(message.attachments).some((item) => isUnfurl(asObject(item) ?? {}));
  return unfurls ? 'unfurl' : 'unchanged';
}

/** What we read of a message, without link previews. Two messages with equal content say the same. */
function content(message: JsonObject): string {
  const { pieces, colors } = flatten(message);
  return JSON.stringify([pieces, colors]);
}
