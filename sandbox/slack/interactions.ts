/** What people do outside forms: commands, presses, shortcuts. Each is one delivery to the app. */

import { isObject } from './block-checks.ts';
import { deliver } from './delivery.ts';
import { type Element, elementsOf, valueFor } from './fields.ts';
import { respond } from './hooks.ts';
import { publicMessage } from './messages.ts';
import { common, plainResult } from './payloads.ts';
import type { Block, CommandResult, JsonObject, PressResult, StateValue, SuggestResult } from './types.ts';
import { publicView, viewOf } from './views.ts';
import { channelOf, messageOf, newResponseUrl, newTrigger, userOf, type World } from './world.ts';

/**
 * Escapes what a person typed, and replaces the names of people, groups and channels as `should_escape: true` does.
 */
export function escapeTyped(world: World, text: string): string {
  const { users, usergroups, channels } = world.state;
  return text.replace(/<[@#!][^>]*>|[&<>]|[@#][\w.-]+/g, (found) => {
    if (found.length === 1)
      return found === '&' ? '&amp;' : found === '<' ? '&lt;' : found === '>' ? '&gt;' : found;
    if (found.startsWith('<')) return found;
    const name = found.slice(1).toLowerCase();
    if (found.startsWith('#')) {
      const channel = [...channels.values()].find((item) => item.name === name && name !== '');
      return channel === undefined ? found : `<#${channel.id}|${channel.name}>`;
    }
    const user = [...users.values()].find((item) => item.name === name);
    if (user !== undefined) return `<@${user.id}|${user.name}>`;
    const group = [...usergroups.values()].find((item) => item.handle === name);
    return group === undefined ? found : `<!subteam^${group.id}|@${group.handle}>`;
  });
}

export async function command(
  world: World,
  user: string,
  channelId: string,
  text: string,
  name = '/voicecall',
): Promise<CommandResult> {
  const { team, app } = world.state;
  const channel = channelOf(world, channelId);
  const person = userOf(world, user);
  const triggerId = newTrigger(world, user);
  const responseUrl = newResponseUrl(world, user, channelId);
  const result = await deliver(world, 'command', {
    token: 'sandbox-verification-token',
    team_id: team.id,
    team_domain: team.domain,
    channel_id: channelId,
    channel_name: channel.is_im ? 'directmessage' : channel.is_private ? 'privategroup' : channel.name,
    user_id: user,
    user_name: person.name,
    command: name,
    text: escapeTyped(world, text),
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: triggerId,
  });
  const answer = result.outcome === 'ok' ? result.answer : null;
  const says = answer !== null && (typeof answer.text === 'string' || Array.isArray(answer.blocks));
  const right = { user, channel: channelId, uses: 0, expiresAt: 0 };
  const reply = says ? respond(world, right, answer) : null;
  return { ...plainResult(result), triggerId, responseUrl, reply };
}

function findElement(
  blocks: Block[],
  actionId: string,
  blockId?: string,
): { block: Block; element: Element } {
  for (const block of blocks) {
    if (blockId !== undefined && block.block_id !== blockId) continue;
    const element = elementsOf(block).find((item) => item.action_id === actionId);
    if (element !== undefined) return { block, element };
  }
  throw new Error(`there is no ${actionId} to press`);
}

function actionPayload(
  world: World,
  block: Block,
  element: Element,
  value?: string | string[],
): { action: JsonObject; state: StateValue | null } {
  const base = {
    action_id: element.action_id,
    block_id: block.block_id,
    action_ts: (Date.now() / 1000).toFixed(6),
  };
  if (element.type === 'button' || element.type === 'workflow_button') {
    const { text, style } = element;
    const own = value ?? element.value;
    const action = {
      ...base,
      type: 'button',
      text,
      ...(style ? { style } : {}),
      ...(own ? { value: own } : {}),
    };
    return { action, state: null };
  }
  const state = valueFor(world, element, value);
  return { action: { ...base, ...state }, state };
}

export async function press(
  world: World,
  user: string,
  channelId: string,
  ts: string,
  actionId: string,
  value?: string | string[],
  blockId?: string,
): Promise<PressResult> {
  const message = messageOf(world, channelId, ts);
  const channel = channelOf(world, channelId);
  if (message.ephemeral_to !== undefined && message.ephemeral_to !== user)
    throw new Error(`${user} does not see this message`);
  const inAttachments = (message.attachments ?? []).flatMap((item) =>
    Array.isArray(item.blocks) ? (item.blocks as Block[]) : [],
  );
  const blocks = [...(message.blocks ?? []), ...inAttachments];
  const { block, element } = findElement(blocks, actionId, blockId);
  const triggerId = newTrigger(world, user);
  const responseUrl = newResponseUrl(world, user, channelId, ts);
  const ephemeral = message.ephemeral_to !== undefined;
  const result = await deliver(world, 'block_actions', {
    type: 'block_actions',
    ...common(world, user),
    container: {
      type: 'message',
      message_ts: ts,
      channel_id: channelId,
      is_ephemeral: ephemeral,
      ...(message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
    },
    trigger_id: triggerId,
    channel: { id: channelId, name: channel.name },
    ...(ephemeral ? {} : { message: publicMessage(world, message) }),
    state: { values: {} },
    response_url: responseUrl,
    actions: [actionPayload(world, block, element, value).action],
  });
  return { ...plainResult(result), triggerId, responseUrl };
}

export async function pressInView(
  world: World,
  user: string,
  viewId: string,
  actionId: string,
  value?: string | string[],
  blockId?: string,
): Promise<PressResult> {
  const home = world.state.homes.get(user);
  const view = home?.id === viewId ? home : viewOf(world, user, viewId);
  const { block, element } = findElement(view.blocks, actionId, blockId);
  const { action, state } = actionPayload(world, block, element, value);
  const id = block.block_id ?? '';
  if (state !== null && element.type !== 'overflow')
    view.state.values[id] = { ...view.state.values[id], [actionId]: state };
  const triggerId = newTrigger(world, user);
  const result = await deliver(world, 'block_actions', {
    type: 'block_actions',
    ...common(world, user),
    container: { type: 'view', view_id: viewId },
    trigger_id: triggerId,
    view: publicView(world, view),
    actions: [action],
  });
  return { ...plainResult(result), triggerId, responseUrl: null };
}

export async function suggest(
  world: World,
  user: string,
  viewId: string,
  actionId: string,
  query: string,
): Promise<SuggestResult> {
  const view = viewOf(world, user, viewId);
  const { block } = findElement(view.blocks, actionId);
  const result = await deliver(world, 'block_suggestion', {
    type: 'block_suggestion',
    ...common(world, user),
    container: { type: 'view', view_id: viewId },
    view: publicView(world, view),
    block_id: block.block_id,
    action_id: actionId,
    value: query,
  });
  const answer = result.answer ?? {};
  const groups = Array.isArray(answer.option_groups) ? answer.option_groups : [];
  const options = [
    ...(Array.isArray(answer.options) ? answer.options : []),
    ...groups.flatMap((group: unknown) =>
      isObject(group) && Array.isArray(group.options) ? group.options : [],
    ),
  ].filter(isObject);
  return { ...plainResult(result), options };
}

/** A shortcut on a message, or a global one. */
export async function shortcut(
  world: World,
  user: string,
  callbackId: string,
  on?: { channel: string; ts: string },
): Promise<PressResult> {
  const triggerId = newTrigger(world, user);
  const base = {
    ...common(world, user),
    callback_id: callbackId,
    trigger_id: triggerId,
    action_ts: (Date.now() / 1000).toFixed(6),
  };
  if (on === undefined) {
    const result = await deliver(world, 'shortcut', { type: 'shortcut', ...base });
    return { ...plainResult(result), triggerId, responseUrl: null };
  }
  const message = messageOf(world, on.channel, on.ts);
  const responseUrl = newResponseUrl(world, user, on.channel, on.ts);
  const result = await deliver(world, 'message_action', {
    type: 'message_action',
    ...base,
    channel: { id: on.channel, name: channelOf(world, on.channel).name },
    message_ts: on.ts,
    message: publicMessage(world, message),
    response_url: responseUrl,
  });
  return { ...plainResult(result), triggerId, responseUrl };
}
