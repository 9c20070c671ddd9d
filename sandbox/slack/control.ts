/**
 * Controls the sandbox by JSON over HTTP, for tests that run the app in a separate process: GET /control/state and
 * /control/calls, POST /control/<action> with the action's arguments by name.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readBody, send } from './http.ts';
import type { JsonObject, SandboxSlack } from './types.ts';

const id = z.string().min(1);
const choice = z.union([z.string(), z.array(z.string())]).optional();
const state = z.looseObject({ type: z.string() });
const field = z.union([z.string(), z.array(z.string()), z.number(), z.null(), state]);
const values = z.union([z.record(z.string(), field), z.record(z.string(), z.record(z.string(), state))]);
const poster = z.union([
  z.strictObject({ user: id }),
  z.strictObject({ bot: id }),
  z.strictObject({ webhook: id }),
]);
const message = z.union([z.string(), z.record(z.string(), z.unknown())]);

/** Drops absent optional keys, because exactOptionalPropertyTypes distinguishes them from undefined ones. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const fault = z.strictObject({
  method: id,
  channel: id.optional(),
  holds: z.string().optional(),
  forMs: z.number().optional(),
  times: z.number().int().positive().default(1),
  kind: z.enum([
    '429',
    '500',
    'hang',
    'drop_after',
    'drop_before',
    'slow',
    'error',
    'html',
    'bare_ok',
    'cut_json',
  ]),
  retryAfter: z.number().optional(),
  error: z.string().optional(),
  delayMs: z.number().optional(),
});

type Action = (slack: SandboxSlack, body: unknown) => unknown;

/** An action whose arguments are parsed first. */
function action<T>(schema: z.ZodType<T>, run: (slack: SandboxSlack, args: T) => unknown): Action {
  return (slack, body) => run(slack, schema.parse(body));
}

const person = z.object({ user: id });
const inChannel = z.object({ channel: id, user: id });
const inView = z.object({ user: id, viewId: id });
const none = z.unknown();

const ACTIONS: Record<string, Action> = {
  command: action(
    inChannel.extend({ text: z.string().default(''), command: z.string().optional() }),
    (slack, args) => slack.command(args.user, args.channel, args.text, args.command),
  ),
  fill: action(inView.extend({ values }), (slack, args) => {
    slack.fillView(args.user, args.viewId, args.values);
  }),
  submit: action(inView.extend({ values: values.optional() }), (slack, args) =>
    slack.submitView(args.user, args.viewId, args.values),
  ),
  close: action(inView.extend({ all: z.boolean().optional() }), (slack, args) =>
    slack.closeView(args.user, args.viewId, args.all),
  ),
  press: action(
    inChannel.extend({ ts: id, actionId: id, value: choice, blockId: id.optional() }),
    (slack, args) => slack.press(args.user, args.channel, args.ts, args.actionId, args.value, args.blockId),
  ),
  pressInView: action(inView.extend({ actionId: id, value: choice, blockId: id.optional() }), (slack, args) =>
    slack.pressInView(args.user, args.viewId, args.actionId, args.value, args.blockId),
  ),
  suggest: action(inView.extend({ actionId: id, query: z.string() }), (slack, args) =>
    slack.suggest(args.user, args.viewId, args.actionId, args.query),
  ),
  messageShortcut: action(inChannel.extend({ ts: id, callbackId: id }), (slack, args) =>
    slack.messageShortcut(args.user, args.channel, args.ts, args.callbackId),
  ),
  globalShortcut: action(person.extend({ callbackId: id }), (slack, args) =>
    slack.globalShortcut(args.user, args.callbackId),
  ),
  home: action(person, (slack, args) => slack.openHome(args.user)),
  upload: action(person.extend({ name: id, content: z.string() }), (slack, args) => {
    const { content: _content, ...file } = slack.uploadFile(args.user, args.name, args.content);
    return file;
  }),
  post: action(z.object({ as: poster, channel: id, message }), (slack, args) =>
    slack.postAs(args.as, args.channel, args.message),
  ),
  edit: action(z.object({ as: poster, channel: id, ts: id, message }), (slack, args) =>
    slack.editAs(args.as, args.channel, args.ts, args.message),
  ),
  delete: action(z.object({ channel: id, ts: id }), (slack, args) => {
    slack.deleteMessage(args.channel, args.ts);
  }),
  webhook: action(z.object({ channel: id, name: id }), (slack, args) =>
    slack.createWebhook(args.channel, args.name),
  ),
  invite: action(inChannel, (slack, args) => slack.invite(args.channel, args.user)),
  removeMember: action(inChannel, (slack, args) => slack.removeMember(args.channel, args.user)),
  archive: action(z.object({ channel: id, archived: z.boolean() }), (slack, args) =>
    slack.setArchived(args.channel, args.archived),
  ),
  redeliver: action(z.object({ deliveryId: id, retryNum: z.number().optional() }), (slack, args) =>
    slack.redeliver(args.deliveryId, args.retryNum),
  ),
  fault: action(fault, (slack, args) => slack.fault(present(args))),
  clearFaults: action(none, (slack) => slack.clearFaults()),
  requestUrl: action(z.object({ url: z.string().nullable() }), (slack, args) =>
    slack.setRequestUrl(args.url),
  ),
  rateLimits: action(z.object({ on: z.boolean() }), (slack, args) => slack.setRateLimits(args.on)),
  disconnect: action(z.object({ reason: z.string().optional() }), (slack, args) =>
    slack.disconnectSockets(args.reason),
  ),
  history: action(z.object({ channel: id }), (slack, args) => slack.history(args.channel)),
  ephemerals: action(person, (slack, args) => slack.ephemerals(args.user)),
  settled: action(none, (slack) => slack.settled()),
  reset: action(none, (slack) => slack.reset()),
};

/** The workspace as JSON: maps become objects, file contents are left out, logs only as counts. */
export function snapshot(slack: SandboxSlack): JsonObject {
  const { state: now } = slack;
  const object = (map: Map<string, unknown>): JsonObject => Object.fromEntries(map);
  return {
    url: slack.url,
    team: now.team,
    app: now.app,
    channels: object(now.channels),
    users: object(now.users),
    usergroups: object(now.usergroups),
    bots: object(now.bots),
    files: Object.fromEntries([...now.files].map(([key, { content: _content, ...file }]) => [key, file])),
    messages: object(now.messages),
    views: object(now.views),
    homes: object(now.homes),
    faults: now.faults,
    requestUrl: now.requestUrl,
    sockets: slack.socketCount(),
    calls: now.callsLog.length,
    deliveries: now.deliveries.length,
  };
}

async function run(slack: SandboxSlack, name: string, request: IncomingMessage): Promise<unknown> {
  if (name === 'state') return snapshot(slack);
  if (name === 'calls') return slack.state.callsLog;
  if (name === 'deliveries') return slack.state.deliveries;
  const chosen = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (chosen === undefined) throw new Error(`unknown action ${name}`);
  const body = (await readBody(request)).toString('utf8');
  return chosen(slack, body === '' ? {} : JSON.parse(body));
}

/** Answers /control/<name>: 200 with the result, or 400 with `{error}` for a caller's mistake. */
export async function answerControl(
  slack: SandboxSlack,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const result = await run(slack, name, request);
    send(response, { status: 200, headers: {}, body: (result ?? { ok: true }) as object });
  } catch (error) {
    const text = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    send(response, { status: 400, headers: {}, body: { error: text } });
  }
}
