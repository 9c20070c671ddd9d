/** conversations.* */

import { publicMessage, repliesOf, visibleMessages } from '../messages.ts';
import { refuse } from '../refusal.ts';
import type { JsonObject, SandboxChannel, SandboxMessage } from '../types.ts';
import { directChannel, emit } from '../world.ts';
import {
  type Call,
  channelScope,
  flag,
  isMember,
  type Methods,
  needed,
  page,
  seenChannel,
  text,
} from './method.ts';

function shown(call: Call, channel: SandboxChannel): JsonObject {
  if (channel.is_im)
    return { id: channel.id, is_im: true, user: channel.user, created: channel.created, is_open: true };
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: !channel.is_private,
    is_group: channel.is_private,
    is_im: false,
    is_mpim: false,
    is_private: channel.is_private,
    is_archived: channel.is_archived,
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_member: isMember(call.world, channel),
    created: channel.created,
    context_team_id: call.world.state.team.id,
    ...(flag(call, 'include_num_members') ? { num_members: channel.members.length } : {}),
  };
}

function readable(call: Call): SandboxChannel {
  const channel = seenChannel(call);
  if (!isMember(call.world, channel)) refuse('not_in_channel');
  return channel;
}

function within(call: Call, messages: SandboxMessage[]): SandboxMessage[] {
  const oldest = text(call, 'oldest') || '0';
  const latest = text(call, 'latest') || '9999999999.999999';
  const inclusive = flag(call, 'inclusive');
  return messages.filter((message) => {
    const after = Number(message.ts) > Number(oldest) || (inclusive && message.ts === oldest);
    const before = Number(message.ts) < Number(latest) || (inclusive && message.ts === latest);
    return after && before;
  });
}

function history(call: Call): JsonObject {
  const channel = readable(call);
  const topLevel = visibleMessages(call.world, channel.id).filter(
    (message) =>
      message.thread_ts === undefined ||
      message.thread_ts === message.ts ||
      message.subtype === 'thread_broadcast',
  );
  const { items, next } = page(call, within(call, topLevel).reverse());
  const metadata = flag(call, 'include_all_metadata');
  return { messages: items.map((item) => publicMessage(call.world, item, metadata)), ...next };
}

function replies(call: Call): JsonObject {
  const channel = readable(call);
  const ts = needed(call, 'ts');
  const parent = visibleMessages(call.world, channel.id).find((message) => message.ts === ts);
  if (parent === undefined) return refuse('thread_not_found');
  const root = parent.thread_ts ?? parent.ts;
  const first = visibleMessages(call.world, channel.id).filter((message) => message.ts === root);
  const { items, next } = page(call, within(call, repliesOf(call.world, channel.id, root)));
  const metadata = flag(call, 'include_all_metadata');
  return {
    messages: [...first, ...items].map((item) => publicMessage(call.world, item, metadata)),
    ...next,
  };
}

function open(call: Call): JsonObject {
  const { world } = call;
  const id = needed(call, 'users');
  const user = world.state.users.get(id);
  if (id.includes(',')) refuse('method_not_supported_for_channel_type');
  if (user === undefined) return refuse('user_not_found');
  if (user.deleted) refuse('user_disabled');
  if (user.team_id !== world.state.team.id) refuse('user_not_visible');
  return { channel: { id: directChannel(world, id).id } };
}

function join(call: Call): JsonObject {
  const channel = seenChannel(call);
  if (channel.is_private) refuse('method_not_supported_for_channel_type');
  if (channel.is_archived) refuse('is_archived');
  if (!isMember(call.world, channel)) channel.members.push(call.world.state.app.botUserId);
  emit(call.world, { type: 'world' });
  return { channel: shown(call, channel) };
}

function list(call: Call): JsonObject {
  const types = (text(call, 'types') || 'public_channel').split(',');
  const hideArchived = flag(call, 'exclude_archived');
  const all = [...call.world.state.channels.values()].filter((channel) => {
    const type = channel.is_im ? 'im' : channel.is_private ? 'private_channel' : 'public_channel';
    const seen = !channel.is_private || isMember(call.world, channel);
    return types.includes(type) && seen && !(hideArchived && channel.is_archived);
  });
  const { items, next } = page(call, all);
  return { channels: items.map((channel) => shown(call, channel)), ...next };
}

function members(call: Call): JsonObject {
  const { items, next } = page(call, seenChannel(call).members);
  return { members: items, ...next };
}

export const conversations: Methods = {
  'conversations.info': {
    scopes: channelScope('read'),
    run: (call) => ({ channel: shown(call, seenChannel(call)) }),
  },
  'conversations.members': { scopes: channelScope('read'), run: members },
  'conversations.history': { scopes: channelScope('history'), run: history },
  'conversations.replies': { scopes: channelScope('history'), run: replies },
  'conversations.open': { scopes: ['im:write'], run: open },
  'conversations.join': { scopes: ['channels:join'], run: join },
  'conversations.list': {
    scopes: (call) =>
      (text(call, 'types') || 'public_channel').includes('public') ? ['channels:read'] : ['groups:read'],
    run: list,
  },
};
