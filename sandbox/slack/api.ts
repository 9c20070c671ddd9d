/** One Web API call: arguments, token, scopes, faults, rates, method, answer, log. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { takeFault, takeRate } from './faults.ts';
import { type Reply, readBody, send } from './http.ts';
import { chat } from './methods/chat.ts';
import { conversations } from './methods/conversations.ts';
import { files } from './methods/files.ts';
import type { Method } from './methods/method.ts';
import { people } from './methods/people.ts';
import { tools } from './methods/tools.ts';
import { views } from './methods/views.ts';
import { Refusal, refuse } from './refusal.ts';
import type { ApiCall, Fault, JsonObject } from './types.ts';
import { emit, later, log, type World } from './world.ts';

const METHODS = new Map<string, Method>(
  [chat, views, conversations, people, files, tools].flatMap((family) => Object.entries(family)),
);

/** Arguments that come as JSON strings in a form. */
const JSON_ARGUMENTS = ['blocks', 'attachments', 'view', 'metadata', 'files', 'message'];
const FLAGS = ['reply_broadcast', 'unfurl_links', 'unfurl_media', 'mrkdwn', 'link_names'];

function parseArguments(type: string, body: string, query: URLSearchParams): JsonObject {
  if (type.startsWith('application/json')) {
    const parsed: unknown = JSON.parse(body === '' ? '{}' : body);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) refuse('json_not_object');
    return parsed as JsonObject;
  }
  const args: JsonObject = { ...Object.fromEntries(query), ...Object.fromEntries(new URLSearchParams(body)) };
  for (const key of JSON_ARGUMENTS) {
    const value = args[key];
    if (typeof value !== 'string') continue;
    if (value === '') delete args[key];
    else args[key] = JSON.parse(value) as unknown;
  }
  for (const key of FLAGS) {
    if (typeof args[key] === 'string') args[key] = args[key] === 'true' || args[key] === '1';
  }
  return args;
}

function tokenOf(request: IncomingMessage, args: JsonObject): string {
  const header = request.headers.authorization;
  if (header?.startsWith('Bearer ')) return header.slice('Bearer '.length);
  return typeof args.token === 'string' ? args.token : '';
}

function checkToken(world: World, method: Method, token: string): void {
  const { app } = world.state;
  if (method.token === 'none') return;
  if (token === '') refuse('not_authed');
  if (token !== app.botToken && token !== app.appToken) refuse('invalid_auth');
  if ((method.token ?? 'bot') === 'app' ? token !== app.appToken : token !== app.botToken)
    refuse('not_allowed_token_type');
}

function checkScopes(world: World, method: Method, args: JsonObject): string[] {
  const wanted = typeof method.scopes === 'function' ? method.scopes({ world, args }) : (method.scopes ?? []);
  const { scopes } = world.state.app;
  if (wanted.length > 0 && !wanted.some((scope) => scopes.includes(scope)))
    refuse('missing_scope', { needed: wanted.join(','), provided: scopes.join(',') });
  return wanted;
}

interface Outcome {
  reply: Reply;
  cut: boolean;
}

function failure(error: string, extra: JsonObject = {}): JsonObject {
  return { ok: false, error, ...extra };
}

/** Runs the method itself, after token and scopes. */
function perform(world: World, name: string, args: JsonObject, token: string): Reply {
  const headers: Record<string, string> = { 'x-oauth-scopes': world.state.app.scopes.join(',') };
  const method = METHODS.get(name);
  try {
    if (method === undefined) refuse(`unknown_method: ${name}`);
    checkToken(world, method, token);
    const wanted = checkScopes(world, method, args);
    headers['x-accepted-oauth-scopes'] = wanted.join(',');
    return { status: 200, headers, body: { ok: true, ...method.run({ world, args }) } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: 200, headers, body: failure(error.error, error.extra) };
  }
}

const limited = (seconds: number): Reply => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body: failure('ratelimited'),
});

/** A proxy's page instead of Slack's answer. */
const page: Reply = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html><html><body>Please sign in.</body></html>',
};

function cutOff(reply: Reply): Reply {
  const whole = JSON.stringify(reply.body);
  const headers = { ...reply.headers, 'content-type': 'application/json; charset=utf-8' };
  return { ...reply, headers, body: whole.slice(0, Math.floor(whole.length / 2)) };
}

async function withFault(world: World, fault: Fault | undefined, run: () => Reply): Promise<Outcome> {
  if (fault === undefined) return { reply: run(), cut: false };
  const nothing: Reply = { status: 0, headers: {}, body: {} };
  switch (fault.kind) {
    case '429':
      return { reply: limited(fault.retryAfter ?? 1), cut: false };
    case '500':
      return { reply: { status: 500, headers: {}, body: failure('internal_error') }, cut: false };
    case 'error':
      return {
        reply: { status: 200, headers: {}, body: failure(fault.error ?? 'internal_error') },
        cut: false,
      };
    case 'html':
      return { reply: page, cut: false };
    case 'bare_ok':
      return { reply: { status: 200, headers: {}, body: { ok: true } }, cut: false };
    case 'cut_json':
      return { reply: cutOff(run()), cut: false };
    case 'drop_before':
      return { reply: nothing, cut: true };
    case 'drop_after':
      run();
      return { reply: nothing, cut: true };
    case 'hang':
      // Without a delay it hangs until the sandbox stops or is reset. A timer holds at most 2^31-1 ms.
      await later(world, fault.delayMs ?? 2_147_483_647);
      return { reply: nothing, cut: true };
    case 'slow':
      await later(world, fault.delayMs ?? 1000);
      return { reply: run(), cut: false };
  }
}

/** Answers one request to /api/<method>. */
export async function answerApi(
  world: World,
  name: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = (await readBody(request)).toString('utf8');
  let args: JsonObject;
  try {
    args = parseArguments(request.headers['content-type'] ?? '', body, url.searchParams);
  } catch (error) {
    const known = error instanceof Refusal ? error.error : 'invalid_arguments';
    send(response, { status: 200, headers: {}, body: failure(known) });
    return;
  }
  const token = tokenOf(request, args);
  const { token: _token, ...logged } = args;
  const channel = [args.channel, args.channel_id].find((item) => typeof item === 'string');
  const fault = takeFault(world, name, channel, logged);
  const call: ApiCall = { method: name, args: logged, at: Date.now(), status: 0, answer: null };
  if (fault !== undefined) call.fault = fault.kind;
  log(world, world.state.callsLog, call);
  const wait = fault === undefined ? takeRate(world, name, channel) : 0;
  const { reply, cut } =
    wait > 0
      ? { reply: limited(wait), cut: false }
      : await withFault(world, fault, () => perform(world, name, args, token));
  if (!cut) {
    call.status = reply.status;
    if (typeof reply.body === 'object') call.answer = reply.body as JsonObject;
  }
  emit(world, { type: 'call', method: name });
  if (cut) request.socket.destroy();
  else send(response, reply);
}
