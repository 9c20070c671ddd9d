/**
 * Messages as Slack stores and delivers them: with ids filled in, colours and URLs rewritten, events sent to the app.
 */

import { deliver } from './delivery.ts';
import type { Block, JsonObject, SandboxMessage } from './types.ts';
import { channelOf, emit, later, newId, nextTs, secret, track, type World } from './world.ts';

const NAMED_COLOURS: Record<string, string> = { danger: 'a30200', good: '2eb886', warning: 'daa038' };

/** Adds a missing block_id to every block, as Slack does. */
export function withBlockIds(blocks: Block[]): Block[] {
  return blocks.map((block) => ({ ...block, block_id: block.block_id ?? secret().slice(0, 12) }));
}

/** Makes links of bare addresses, except inside links. */
function wrapUrls(text: string): string {
  return text.replace(/<[^>]*>|https?:\/\/[^\s<>|]+/g, (match) =>
    match.startsWith('<') ? match : `<${match}>`,
  );
}

/** Slack's changes to attachments: numbered, colours without #, empty strings removed, bare URLs linked. */
export function normaliseAttachments(attachments: JsonObject[]): JsonObject[] {
  return attachments.map((attachment, index) => {
    const kept: JsonObject = { id: index + 1 };
    for (const [key, value] of Object.entries(attachment)) {
      if (value === '' || value === null) continue;
      kept[key] = value;
    }
    if (typeof kept.color === 'string') kept.color = NAMED_COLOURS[kept.color] ?? kept.color.replace('#', '');
    for (const key of ['text', 'fallback', 'pretext']) {
      const value = kept[key];
      if (typeof value === 'string') kept[key] = wrapUrls(value);
    }
    if (Array.isArray(kept.blocks)) {
      kept.blocks = withBlockIds(kept.blocks as Block[]);
      kept.fallback ??= '[no preview available]';
    }
    return kept;
  });
}

export type NewMessage = Partial<SandboxMessage> & { channel: string };

/** The fields of a message, from the arguments of an API call or a webhook. */
export function messageFields(args: JsonObject): Partial<SandboxMessage> {
  const fields: Partial<SandboxMessage> = { text: typeof args.text === 'string' ? wrapUrls(args.text) : '' };
  if (Array.isArray(args.blocks) && args.blocks.length > 0)
    fields.blocks = withBlockIds(args.blocks as Block[]);
  if (Array.isArray(args.attachments) && args.attachments.length > 0)
    fields.attachments = normaliseAttachments(args.attachments as JsonObject[]);
  if (typeof args.thread_ts === 'string') fields.thread_ts = args.thread_ts;
  if (args.reply_broadcast === true) fields.reply_broadcast = true;
  if (typeof args.metadata === 'object' && args.metadata !== null)
    fields.metadata = args.metadata as NonNullable<SandboxMessage['metadata']>;
  return fields;
}

/** Adds a message, and tells the listeners and, if it is a member, the app. */
export function addMessage(world: World, fields: NewMessage): SandboxMessage {
  const message: SandboxMessage = {
    type: 'message',
    text: '',
    file_ids: [],
    edits: 0,
    deleted: false,
    ...fields,
    ts: nextTs(world, fields.channel),
  };
  const messages = world.state.messages.get(fields.channel) ?? [];
  world.state.messages.set(fields.channel, messages);
  if (message.reply_broadcast === true && message.subtype === undefined) message.subtype = 'thread_broadcast';
  if (message.thread_ts !== undefined && message.ephemeral_to === undefined) {
    const parent = messages.find((item) => item.ts === message.thread_ts);
    if (parent !== undefined) parent.thread_ts = parent.ts;
  }
  messages.push(message);
  emit(world, { type: 'message', channel: message.channel, ts: message.ts });
  if (message.ephemeral_to === undefined) messageEvent(world, message.channel, publicMessage(world, message));
  return message;
}

/** Changes a message in place. The app gets `message_changed` with both versions. */
export function changeMessage(
  world: World,
  message: SandboxMessage,
  change: (message: SandboxMessage) => void,
  by: string,
): void {
  const previous = publicMessage(world, message);
  change(message);
  message.edits += 1;
  const ts = nextTs(world, message.channel);
  message.edited = { user: by, ts };
  emit(world, { type: 'message', channel: message.channel, ts: message.ts });
  if (message.ephemeral_to !== undefined) return;
  messageEvent(world, message.channel, {
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    ts,
    message: publicMessage(world, message),
    previous_message: previous,
  });
}

export function removeMessage(world: World, message: SandboxMessage): void {
  const previous = publicMessage(world, message);
  message.deleted = true;
  emit(world, { type: 'message', channel: message.channel, ts: message.ts });
  if (message.ephemeral_to !== undefined) return;
  messageEvent(world, message.channel, {
    type: 'message',
    subtype: 'message_deleted',
    hidden: true,
    ts: nextTs(world, message.channel),
    deleted_ts: message.ts,
    previous_message: previous,
  });
}

/** A file in the form of the API and message events. */
export function publicFile(world: World, id: string): JsonObject {
  const file = world.state.files.get(id);
  if (file === undefined) return { id, mode: 'tombstone' };
  const { content: _content, complete: _complete, ...shown } = file;
  return {
    ...shown,
    mode: 'hosted',
    permalink: `${world.origin}/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`,
  };
}

/** A message in the form of conversations.history and events. `metadata` only if asked for. */
export function publicMessage(world: World, message: SandboxMessage, metadata = true): JsonObject {
  const { channel, file_ids, edits: _edits, ephemeral_to: _to, deleted: _deleted, ...shown } = message;
  const result: JsonObject = { ...shown };
  if (!metadata) delete result.metadata;
  if (message.user !== undefined || message.bot_id !== undefined) result.team = world.state.team.id;
  const bot = message.bot_id === undefined ? undefined : world.state.bots.get(message.bot_id);
  if (bot !== undefined && message.subtype !== 'bot_message') {
    result.app_id = bot.app_id;
    result.bot_profile = {
      id: bot.id,
      app_id: bot.app_id,
      name: bot.name,
      team_id: world.state.team.id,
      deleted: false,
    };
  }
  if (file_ids.length > 0) result.files = file_ids.map((id) => publicFile(world, id));
  if (message.thread_ts === message.ts) {
    const replies = repliesOf(world, channel, message.ts);
    result.reply_count = replies.length;
    result.latest_reply = replies.at(-1)?.ts;
  }
  return result;
}

/** Replies in a thread, oldest first, without the parent. */
export function repliesOf(world: World, channel: string, ts: string): SandboxMessage[] {
  return visibleMessages(world, channel).filter((item) => item.thread_ts === ts && item.ts !== ts);
}

export function visibleMessages(world: World, channel: string): SandboxMessage[] {
  return (world.state.messages.get(channel) ?? []).filter(
    (message) => !message.deleted && message.ephemeral_to === undefined,
  );
}

function messageEvent(world: World, channelId: string, message: JsonObject): void {
  const channel = channelOf(world, channelId);
  if (!channel.members.includes(world.state.app.botUserId)) return;
  const channelType = channel.is_im ? 'im' : channel.is_private ? 'group' : 'channel';
  sendEvent(world, {
    ...message,
    channel: channelId,
    channel_type: channelType,
    event_ts: message.ts,
  });
}

/** Sends an event, with Slack's retries: https://docs.slack.dev/apis/events-api#retries. Does not wait. */
export function sendEvent(world: World, event: JsonObject): void {
  if (world.state.requestUrl === null && world.sockets.count() === 0) return;
  const { app, team } = world.state;
  const body: JsonObject = {
    token: 'sandbox-verification-token',
    team_id: team.id,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: newId(world, 'Ev'),
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: team.id,
        user_id: app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${secret()}`,
  };
  track(world, withRetries(world, body));
}

async function withRetries(world: World, body: JsonObject): Promise<void> {
  let result = await deliver(world, 'event', body);
  for (const [index, delayMs] of world.options.eventRetryDelaysMs.entries()) {
    if (result.outcome === 'ok' || result.noRetry || world.stopped) return;
    const reason =
      result.outcome === 'operation_timeout'
        ? 'http_timeout'
        : result.outcome === 'http_error'
          ? 'http_error'
          : 'connection_failed';
    if (!(await later(world, delayMs)) || world.stopped) return;
    result = await deliver(world, 'event', body, { num: index + 1, reason });
  }
}
