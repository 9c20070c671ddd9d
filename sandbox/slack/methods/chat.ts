/** chat.* */

import { checkMessage } from '../blocks.ts';
import {
  addMessage,
  changeMessage,
  messageFields,
  publicMessage,
  removeMessage,
  repliesOf,
  visibleMessages,
} from '../messages.ts';
import { refuse } from '../refusal.ts';
import type { JsonObject, SandboxMessage } from '../types.ts';
import { type Call, isMember, type Methods, needed, postingChannel, seenChannel } from './method.ts';

/**
 * Refuses what Slack would refuse: `invalid_blocks` and similar errors, with the places in
 * response_metadata.messages.
 */
export function refuseBadMessage(message: JsonObject): void {
  const filled = ['blocks', 'attachments'].some((key) => {
    const value = message[key];
    return Array.isArray(value) && value.length > 0;
  });
  if (!filled && (message.text === undefined || message.text === '')) refuse('no_text');
  const problems = checkMessage(message);
  const first = problems[0];
  if (first === undefined) return;
  const messages = problems.map(({ pointer, message: what }) => `[ERROR] ${what} [json-pointer:${pointer}]`);
  const tooLong = problems.find((problem) => problem.message.startsWith('msg_blocks_too_long'));
  const extra = { errors: problems.map((problem) => problem.message), response_metadata: { messages } };
  if (tooLong !== undefined) refuse('msg_blocks_too_long', extra);
  if (first.message === 'metadata_too_large') refuse('metadata_too_large', extra);
  if (first.pointer.startsWith('/metadata')) refuse('invalid_metadata_format', extra);
  if (first.pointer.startsWith('/blocks')) refuse('invalid_blocks', extra);
  if (first.pointer.startsWith('/attachments'))
    refuse(first.pointer === '/attachments' ? 'too_many_attachments' : 'invalid_attachments', extra);
  if (first.pointer === '/text' && String(message.text ?? '').length > 40_000) refuse('msg_too_long', extra);
  refuse('invalid_arguments', extra);
}

function checkThread(call: Call, channel: string): void {
  const ts = call.args.thread_ts;
  if (ts === undefined) return;
  if (typeof ts !== 'string') refuse('invalid_thread_ts');
  const parent = (call.world.state.messages.get(channel) ?? []).find((message) => message.ts === ts);
  // A deleted message keeps its thread if it has replies.
  const gone = parent?.deleted === true && repliesOf(call.world, channel, ts).length === 0;
  if (parent === undefined || gone) refuse('thread_not_found');
  if (parent.thread_ts !== undefined && parent.thread_ts !== parent.ts) refuse('cannot_reply_to_message');
}

function ownMessage(call: Call): SandboxMessage {
  const { world } = call;
  const channel = seenChannel(call);
  const ts = needed(call, 'ts');
  const message = (world.state.messages.get(channel.id) ?? []).find((item) => item.ts === ts);
  // An ephemeral message cannot be found by ts: https://docs.slack.dev/reference/methods/chat.update
  if (message === undefined || message.deleted || message.ephemeral_to !== undefined)
    return refuse('message_not_found');
  return message;
}

function postMessage(call: Call): JsonObject {
  const { world, args } = call;
  const channel = postingChannel(call);
  refuseBadMessage(args);
  checkThread(call, channel.id);
  const { app } = world.state;
  // A message with a username is an old-style bot message, without the app's user.
  const named = typeof args.username === 'string' && args.username !== '';
  if (named && !app.scopes.includes('chat:write.customize'))
    refuse('missing_scope', { needed: 'chat:write.customize', provided: app.scopes.join(',') });
  const message = addMessage(world, {
    channel: channel.id,
    ...messageFields(args),
    bot_id: app.botId,
    app_id: app.id,
    ...(named ? { subtype: 'bot_message', username: String(args.username) } : { user: app.botUserId }),
  });
  return { channel: channel.id, ts: message.ts, message: publicMessage(world, message) };
}

function update(call: Call): JsonObject {
  const { world, args } = call;
  const message = ownMessage(call);
  const { app } = world.state;
  if (message.bot_id !== app.botId) refuse('cant_update_message');
  const channel = world.state.channels.get(message.channel);
  if (channel?.is_archived === true) refuse('is_archived');
  refuseBadMessage({ ...args, text: args.text ?? message.text });
  const fields = messageFields(args);
  changeMessage(
    world,
    message,
    (target) => {
      if (typeof args.text === 'string') target.text = fields.text ?? '';
      // Text without blocks removes the blocks. Metadata and attachments stay unless given.
      if (fields.blocks !== undefined) target.blocks = fields.blocks;
      else delete target.blocks;
      if (fields.attachments !== undefined) target.attachments = fields.attachments;
      else if (args.attachments !== undefined) delete target.attachments;
      if (fields.metadata !== undefined) target.metadata = fields.metadata;
    },
    app.botUserId,
  );
  return {
    channel: message.channel,
    ts: message.ts,
    text: message.text,
    message: publicMessage(world, message),
  };
}

function postEphemeral(call: Call): JsonObject {
  const { world, args } = call;
  const channel = seenChannel(call);
  const user = needed(call, 'user');
  if (channel.is_archived) refuse('is_archived');
  if (!isMember(world, channel)) refuse('not_in_channel');
  if (!channel.members.includes(user)) refuse('user_not_in_channel');
  refuseBadMessage(args);
  const { app } = world.state;
  const message = addMessage(world, {
    channel: channel.id,
    ...messageFields(args),
    user: app.botUserId,
    bot_id: app.botId,
    app_id: app.id,
    ephemeral_to: user,
  });
  return { message_ts: message.ts };
}

function remove(call: Call): JsonObject {
  const message = ownMessage(call);
  if (message.bot_id !== call.world.state.app.botId) refuse('cant_delete_message');
  removeMessage(call.world, message);
  return { channel: message.channel, ts: message.ts };
}

function permalink(call: Call): JsonObject {
  const channel = seenChannel(call);
  const ts = needed(call, 'message_ts');
  const message = visibleMessages(call.world, channel.id).find((item) => item.ts === ts);
  if (message === undefined) return refuse('message_not_found');
  const thread = message.thread_ts === undefined ? '' : `?thread_ts=${message.thread_ts}&cid=${channel.id}`;
  const url = `https://${call.world.state.team.domain}.slack.com/archives/${channel.id}/p${ts.replace('.', '')}`;
  return { channel: channel.id, permalink: url + thread };
}

export const chat: Methods = {
  'chat.postMessage': { scopes: ['chat:write'], run: postMessage },
  'chat.update': { scopes: ['chat:write'], run: update },
  'chat.postEphemeral': { scopes: ['chat:write'], run: postEphemeral },
  'chat.delete': { scopes: ['chat:write'], run: remove },
  'chat.getPermalink': { run: permalink },
};
