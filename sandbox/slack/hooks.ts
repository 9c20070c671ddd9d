/**
 * The addresses besides the Web API to which an app or a tool posts: response_url, incoming webhooks, uploads,
 * downloads.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject } from './block-checks.ts';
import { checkMessage } from './blocks.ts';
import { takeFault } from './faults.ts';
import { plainReply, type Reply, readBody, send } from './http.ts';
import { addMessage, changeMessage, messageFields, removeMessage } from './messages.ts';
import type { JsonObject, SandboxMessage } from './types.ts';
import { later, newId, type ResponseUrl, secret, type World } from './world.ts';

const USES = 5;

function parsePayload(request: IncomingMessage, body: Buffer): JsonObject | null {
  const text = body.toString('utf8');
  const form = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  try {
    const parsed: unknown = JSON.parse(form ? (new URLSearchParams(text).get('payload') ?? '') : text);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function original(world: World, right: ResponseUrl): SandboxMessage | undefined {
  return (world.state.messages.get(right.channel) ?? []).find(
    (message) => message.ts === right.ts && !message.deleted,
  );
}

/** Applies an answer to a command or an interaction: a new message, or a change of the message it came from. */
export function respond(world: World, right: ResponseUrl, args: JsonObject): SandboxMessage | null {
  const { app } = world.state;
  const source = original(world, right);
  if (args.delete_original === true) {
    if (source !== undefined) removeMessage(world, source);
    return null;
  }
  const fields = messageFields(args);
  if (args.replace_original === true && source !== undefined) {
    changeMessage(
      world,
      source,
      (target) => {
        target.text = fields.text ?? '';
        if (fields.blocks === undefined) delete target.blocks;
        else target.blocks = fields.blocks;
        if (fields.attachments !== undefined) target.attachments = fields.attachments;
      },
      app.botUserId,
    );
    return source;
  }
  return addMessage(world, {
    channel: right.channel,
    ...fields,
    user: app.botUserId,
    bot_id: app.botId,
    app_id: app.id,
    ...(args.response_type === 'in_channel' ? {} : { ephemeral_to: right.user }),
  });
}

function responseUrl(world: World, id: string, args: JsonObject | null): Reply {
  const right = world.responseUrls.get(id);
  const no = (status: number, error: string): Reply => ({ status, headers: {}, body: { ok: false, error } });
  if (right === undefined || Date.now() > right.expiresAt) return no(404, 'expired_url');
  if (right.uses >= USES) return no(404, 'used_url');
  if (args === null) return no(400, 'invalid_payload');
  if (args.delete_original !== true) {
    const problems = checkMessage(args);
    if (problems.length > 0) return no(400, problems[0]?.pointer === '/text' ? 'no_text' : 'invalid_blocks');
  }
  right.uses += 1;
  respond(world, right, args);
  return { status: 200, headers: {}, body: { ok: true } };
}

/** Posts as Slack does for an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function postByWebhook(world: World, path: string, args: JsonObject | null): Reply {
  const hook = world.webhooks.get(path);
  if (hook === undefined) return plainReply(404, 'no_service');
  if (args === null) return plainReply(400, 'invalid_payload');
  const channel = world.state.channels.get(hook.channel);
  if (channel === undefined) return plainReply(404, 'channel_not_found');
  if (channel.is_archived) return plainReply(410, 'channel_is_archived');
  const filled = ['attachments', 'blocks'].some(
    (key) => Array.isArray(args[key]) && (args[key] as unknown[]).length > 0,
  );
  if (!filled && (typeof args.text !== 'string' || args.text === '')) return plainReply(400, 'no_text');
  // Monitoring tools rarely send a top-level text, and Slack accepts that.
  const problems = checkMessage({ ...args, text: args.text || 'x' });
  if (problems.length > 0) return plainReply(400, 'invalid_blocks');
  addMessage(world, webhookMessage(world, hook.botId, hook.channel, args));
  return plainReply(200, 'ok');
}

/** The message for the payload of an incoming webhook: no user, subtype bot_message. */
export function webhookMessage(world: World, botId: string, channel: string, args: JsonObject) {
  const bot = world.state.bots.get(botId);
  const emoji = args.icon_emoji;
  return {
    channel,
    ...messageFields(args),
    subtype: 'bot_message',
    bot_id: botId,
    username: typeof args.username === 'string' ? args.username : (bot?.name ?? 'incoming-webhook'),
    ...(typeof emoji === 'string' ? { icons: { emoji } } : {}),
  };
}

/** Creates another tool's incoming webhook for one channel. `id`: the bot that posts; a new bot if absent. */
export function createWebhook(
  world: World,
  channel: string,
  name: string,
  id?: string,
): { url: string; botId: string } {
  const botId = id ?? newId(world, 'B');
  world.state.bots.set(botId, { id: botId, app_id: newId(world, 'A'), name });
  const path = `/services/${world.state.team.id}/${botId}/${secret()}`;
  world.webhooks.set(path, { botId, channel });
  return { url: world.origin + path, botId };
}

async function upload(world: World, id: string, request: IncomingMessage): Promise<Reply> {
  let body = await readBody(request);
  const file = world.state.files.get(id);
  if (file === undefined || file.complete) return plainReply(404, 'no such upload');
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) {
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    const part = [...form.values()].find((value) => typeof value !== 'string');
    if (part === undefined) return plainReply(400, 'no file in the form');
    body = Buffer.from(await part.arrayBuffer());
  }
  if (body.length !== file.size) return plainReply(400, 'length differs from what was announced');
  file.content = body;
  return plainReply(200, `OK - ${body.length}`);
}

/** Without a token that may read the file, Slack answers with its sign-in page: a redirect, then status 200. */
function download(world: World, path: string, request: IncomingMessage): Reply {
  const id = /^\/files-pri\/[^-]+-([^/]+)\//.exec(path)?.[1] ?? '';
  const file = world.state.files.get(id);
  const { app } = world.state;
  const allowed =
    request.headers.authorization === `Bearer ${app.botToken}` && app.scopes.includes('files:read');
  if (!allowed)
    return { status: 302, headers: { location: `${world.origin}/signin?redir=${path}` }, body: '' };
  if (file === undefined) return plainReply(404, 'not found');
  return {
    status: 200,
    headers: { 'content-type': file.mimetype, 'content-disposition': 'attachment' },
    body: file.content,
  };
}

/** What a permalink opens for a signed-in person: audio plays, other files are saved. */
function filePage(world: World, path: string): Reply {
  const file = world.state.files.get(path.split('/')[3] ?? '');
  if (file === undefined || !file.complete) return plainReply(404, 'This file was deleted.');
  const plays = file.mimetype.startsWith('audio/');
  return {
    status: 200,
    headers: {
      'content-type': plays ? file.mimetype : 'application/octet-stream',
      'content-disposition': plays ? 'inline' : 'attachment',
      'x-content-type-options': 'nosniff',
    },
    body: file.content,
  };
}

async function route(world: World, path: string, request: IncomingMessage): Promise<Reply | null> {
  const id = path.split('/').at(-1) ?? '';
  if (path.startsWith('/response/'))
    return responseUrl(world, id, parsePayload(request, await readBody(request)));
  if (path.startsWith('/services/'))
    return postByWebhook(world, path, parsePayload(request, await readBody(request)));
  if (path.startsWith('/upload/v1/')) return upload(world, id, request);
  if (path.startsWith('/files-pri/')) return download(world, path, request);
  if (path.startsWith('/files/')) return filePage(world, path);
  if (path === '/signin')
    return {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!DOCTYPE html><title>Sign in</title>',
    };
  return null;
}

function faultName(path: string): string {
  if (path.startsWith('/response/')) return 'response_url';
  if (path.startsWith('/upload/')) return 'upload';
  return path.startsWith('/files-pri/') ? 'download' : 'other';
}

/** Answers one such request. False if the path is none of these. */
export async function answerHook(
  world: World,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const fault = takeFault(world, faultName(path));
  if (fault?.kind === 'slow' || fault?.kind === 'hang') await later(world, fault.delayMs ?? 2_147_483_647);
  if (fault?.kind === 'drop_before' || fault?.kind === 'hang') {
    request.socket.destroy();
    return true;
  }
  if (fault?.kind === '429' || fault?.kind === '500' || fault?.kind === 'error') {
    const status = fault.kind === '429' ? 429 : 500;
    send(response, {
      status,
      headers: { 'retry-after': String(fault.retryAfter ?? 1) },
      body: fault.error ?? '',
    });
    return true;
  }
  const reply = await route(world, path, request);
  if (reply === null) return false;
  if (fault?.kind === 'drop_after') request.socket.destroy();
  else send(response, reply);
  return true;
}
