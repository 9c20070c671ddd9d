/** The common parts of every Web API method. */

import { refuse } from '../refusal.ts';
import type { JsonObject, SandboxChannel } from '../types.ts';
import { directChannel, type World } from '../world.ts';

export interface Call {
  world: World;
  args: JsonObject;
}

export interface Method {
  /** Default: `bot`. */
  token?: 'bot' | 'app' | 'none';
  /** One of these is needed. Absent: any token may call it. A function if it depends on the channel. */
  scopes?: string[] | ((call: Call) => string[]);
  run(call: Call): JsonObject;
}

export type Methods = Record<string, Method>;

/** A string argument. '' if it is absent. */
export function text(call: Call, name: string): string {
  const value = call.args[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function flag(call: Call, name: string): boolean {
  return call.args[name] === true || call.args[name] === 'true' || call.args[name] === '1';
}

/** A required string argument. */
export function needed(call: Call, name: string): string {
  const value = text(call, name);
  if (value === '') {
    refuse('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
    });
  }
  return value;
}

export function isMember(world: World, channel: SandboxChannel): boolean {
  return channel.members.includes(world.state.app.botUserId);
}

/** A channel that the app may see: a private one only as a member. */
export function seenChannel(call: Call, name = 'channel'): SandboxChannel {
  const channel = call.world.state.channels.get(needed(call, name));
  if (channel === undefined || (channel.is_private && !isMember(call.world, channel)))
    return refuse('channel_not_found');
  return channel;
}

/** Where a message may go: a channel, or a person's id for a direct message. */
export function postingChannel(call: Call): SandboxChannel {
  const { world } = call;
  const id = needed(call, 'channel');
  const user = world.state.users.get(id);
  if (user !== undefined) {
    if (user.deleted || user.team_id !== world.state.team.id || user.is_bot) refuse('channel_not_found');
    return directChannel(world, id);
  }
  const channel = seenChannel(call);
  if (channel.is_archived) refuse('is_archived');
  if (!isMember(world, channel) && !world.state.app.scopes.includes('chat:write.public'))
    refuse('not_in_channel');
  return channel;
}

/** `<kind>:<right>` for the channel in the call; the kind is channels, groups or im. */
export function channelScope(right: string) {
  return (call: Call): string[] => {
    const channel = call.world.state.channels.get(text(call, 'channel'));
    const kind = channel === undefined || !channel.is_private ? 'channels' : channel.is_im ? 'im' : 'groups';
    return [`${kind}:${right}`];
  };
}

/** Divides a list into pages by `limit` and `cursor`, like Slack. */
export function page<T>(call: Call, items: T[], usual = 100): { items: T[]; next: JsonObject } {
  const limit = Math.min(1000, Math.max(1, Number(call.args.limit ?? usual) || usual));
  const cursor = text(call, 'cursor');
  const from = cursor === '' ? 0 : Number(Buffer.from(cursor, 'base64').toString('utf8').replace('at:', ''));
  if (!Number.isInteger(from)) refuse('invalid_cursor');
  const more = from + limit < items.length;
  const next = more ? Buffer.from(`at:${from + limit}`).toString('base64') : '';
  return {
    items: items.slice(from, from + limit),
    next: { has_more: more, response_metadata: { next_cursor: next } },
  };
}
