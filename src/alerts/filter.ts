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

/** Who we are, as far as it is known; an envelope says some of it itself. */
export interface GateContext {
  ownBotId?: string | undefined;
  ownAppId?: string | undefined;
  ownUserId?: string | undefined;
  teamId?: string | undefined;
}

/** A bot's message that is worth understanding. */
export interface GatedMessage {
  channel: string | undefined;
  /** The message's own time, also for an edit of it. */
  ts: string;
  /** The first message of the thread it replies in; undefined when it is no reply. */
  threadTs: string | undefined;
  isEdit: boolean;
  /** Slack's time of the edit; undefined when it is none. */
  editedTs: string | undefined;
  botId: string;
  appId: string | undefined;
  teamId: string | undefined;
  botName: string | undefined;
  message: JsonObject;
}

export type Gate = { alert: GatedMessage } | { reason: NotAnAlert };

// Everything else (bot_add, channel_join, tombstone, …) may carry a bot_id too and is no alert.
const acceptedSubtypes = new Set([undefined, 'bot_message', 'thread_broadcast']);

/**
 * Lets bots' messages through and nothing else.
 * @param raw a `message` event, `{event}`, a whole `event_callback`, or a Socket Mode envelope around one; anything is safe
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

/** Ids of an Enterprise Grid (E…) name the organisation, not the workspace: only two T… can differ. */
function isOtherTeam(theirs: string | undefined, ours: string | undefined): boolean {
  return theirs?.startsWith('T') === true && ours?.startsWith('T') === true && theirs !== ours;
}

function emptyEdit(message: JsonObject, previous: JsonObject | undefined): NotAnAlert | undefined {
  if (previous === undefined) return undefined;
  if (content(message) !== content(previous)) return undefined;
  const unfurls = asArray(message.attachments).some((item) => isUnfurl(asObject(item) ?? {}));
  return unfurls ? 'unfurl' : 'unchanged';
}

/** What is understood of a message, without previews: two equal ones say the same. */
function content(message: JsonObject): string {
  const { pieces, colors } = flatten(message);
  return JSON.stringify([pieces, colors]);
}
