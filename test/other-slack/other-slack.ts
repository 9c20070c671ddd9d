// A Slack emulator by others: the npm package `emulate`. It checks tokens, scopes, triggers, views, membership and
// uploads as its authors understand them. It has neither slash commands nor interactivity, so this file signs and
// sends them. A recorder in front of it keeps each call with its answer.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createEmulator } from 'emulate';
import { z } from 'zod';
import { freePort } from '../../sandbox/free-port.ts';

const botToken = 'xoxb-voicecall';
const adminToken = 'xoxp-admin';
const monitorToken = 'xoxb-monitor';
const signingSecret = 'a-signing-secret';

const manifest = z
  .object({ oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../manifest/manifest.json'), 'utf8')));

type Json = Record<string, unknown>;

export interface SlackCall {
  method: string;
  sent: Json;
  answer: Json;
}

const blockShape = z.looseObject({
  type: z.string(),
  /** Unlike Slack, the emulator gives no id to a block without one. */
  block_id: z.string().optional(),
  element: z.looseObject({ type: z.string(), action_id: z.string() }).optional(),
});

const viewShape = z.looseObject({
  id: z.string(),
  root_view_id: z.string(),
  callback_id: z.string(),
  private_metadata: z.string(),
  blocks: z.array(blockShape),
});

type View = z.infer<typeof viewShape>;

const messageShape = z.looseObject({
  ts: z.string(),
  text: z.string(),
  thread_ts: z.string().optional(),
  blocks: z.array(blockShape).optional(),
  metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
});

export type Message = z.infer<typeof messageShape>;

export type OtherSlack = Awaited<ReturnType<typeof startOtherSlack>>;

/** Starts the emulator with two people, a monitoring bot and our app with the manifest's scopes. */
export async function startOtherSlack() {
  const scopes = manifest.oauth_config.scopes.bot;
  const app = { app_id: 'A0VOICE', bot_id: 'B0VOICE', bot_user_id: 'U0VOICE' };
  const monitor = { app_id: 'A0MON', bot_id: 'B0MON', bot_user_id: 'U0MON' };
  const emulator = await createEmulator({
    service: 'slack',
    port: await freePort(),
    seed: {
      slack: {
        signing_secret: signingSecret,
        strict_scopes: true,
        users: [
          { name: 'asha', real_name: 'Asha' },
          { name: 'ben', real_name: 'Ben' },
        ],
        channels: [{ name: 'ops' }, { name: 'alerts' }],
        oauth_apps: [
          installed('Voicecall', { ...app, scopes }),
          installed('Monitor', { ...monitor, scopes: ['chat:write'] }),
        ],
        tokens: [
          { token: botToken, type: 'bot', user_id: app.bot_user_id, scopes, ...app },
          {
            token: monitorToken,
            type: 'bot',
            user_id: monitor.bot_user_id,
            scopes: ['chat:write'],
            ...monitor,
          },
          { token: adminToken, type: 'user', user: 'admin', scopes: adminScopes },
        ],
      },
    },
  });
  const calls: SlackCall[] = [];
  const recorder = await startRecorder(emulator.url, calls);
  let requestUrl = '';

  async function api(token: string, method: string, body: Json): Promise<Json> {
    const response = await fetch(`${emulator.url}/api/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = z.record(z.string(), z.unknown()).parse(await response.json());
    assert.equal(answer.ok, true, `${method}: ${JSON.stringify(answer)}`);
    return answer;
  }

  const users = list(await api(adminToken, 'users.list', {}), 'members');
  const channels = list(await api(adminToken, 'conversations.list', {}), 'channels');
  const people = { asha: idOf(users, 'asha'), ben: idOf(users, 'ben') };
  const rooms = { ops: idOf(channels, 'ops'), alerts: idOf(channels, 'alerts') };
  for (const channel of Object.values(rooms)) {
    await api(adminToken, 'conversations.join', { channel });
    await api(adminToken, 'conversations.invite', {
      channel,
      users: `${app.bot_user_id},${monitor.bot_user_id}`,
    });
  }

  async function post(body: string, type: string): Promise<Json> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sign = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    const response = await fetch(requestUrl, {
      method: 'POST',
      headers: {
        'content-type': type,
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${sign}`,
      },
      body,
    });
    assert.equal(response.status, 200, await response.clone().text());
    const text = await response.text();
    return text === '' ? {} : z.record(z.string(), z.unknown()).catch({}).parse(safeJson(text));
  }

  async function trigger(user: string): Promise<string> {
    const answer = await api(botToken, 'views.generateTriggerId', { user_id: user });
    return String(answer.trigger_id);
  }

  const person = (user: string) => ({
    team: { id: 'T000000001', domain: 'emulate' },
    user: { id: user, username: user, team_id: 'T000000001' },
    api_app_id: app.app_id,
  });

  async function interact(payload: Json): Promise<Json> {
    return await post(
      new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
      'application/x-www-form-urlencoded',
    );
  }

  return {
    apiUrl: `${recorder.url}/api/`,
    botToken,
    signingSecret,
    people,
    rooms,
    calls,
    setRequestUrl(url: string) {
      requestUrl = url;
    },
    /** Types a command. */
    async command(user: string, channel: string, text: string): Promise<Json> {
      const fields = {
        command: '/voicecall',
        text,
        user_id: user,
        user_name: user,
        channel_id: channel,
        channel_name: 'ops',
        team_id: 'T000000001',
        team_domain: 'emulate',
        api_app_id: app.app_id,
        trigger_id: await trigger(user),
        response_url: `${recorder.url}/response`,
      };
      return await post(new URLSearchParams(fields).toString(), 'application/x-www-form-urlencoded');
    },
    /** The view that was last opened or updated. */
    lastView(): View | undefined {
      const shown = calls.filter(
        ({ method, answer }) => /^views\.(open|update|push)$/.test(method) && answer.ok,
      );
      return viewShape.optional().parse(shown.at(-1)?.answer.view);
    },
    /** Submits a view; `typed` is by block_id. Returns the listener's response. */
    async submit(user: string, view: View, typed: Json = {}): Promise<Json> {
      return await interact({
        type: 'view_submission',
        ...person(user),
        trigger_id: await trigger(user),
        response_urls: [],
        view: { ...view, state: { values: stateOf(view, typed) } },
      });
    },
    /** Presses a button of a message, found by its action_id. */
    async press(user: string, channel: string, message: Message, actionId: string): Promise<void> {
      const found = (message.blocks ?? [])
        .flatMap((block) =>
          (Array.isArray(block.elements) ? block.elements : []).map((element: Json) => ({ block, element })),
        )
        .find(({ element }) => element.action_id === actionId);
      assert.ok(found, `${actionId} is not on the message: ${JSON.stringify(message.blocks)}`);
      await interact({
        type: 'block_actions',
        ...person(user),
        trigger_id: await trigger(user),
        channel: { id: channel, name: 'ops' },
        container: { type: 'message', message_ts: message.ts, channel_id: channel },
        message,
        response_url: `${recorder.url}/response`,
        actions: [{ ...found.element, block_id: found.block.block_id, action_ts: String(Date.now() / 1000) }],
      });
    },
    /** The monitoring tool posts, and Slack sends us the event. Returns the alert's ts. */
    async alert(channel: string, text: string): Promise<string> {
      const { ts } = await api(monitorToken, 'chat.postMessage', { channel, text });
      await post(
        JSON.stringify({
          type: 'event_callback',
          team_id: 'T000000001',
          api_app_id: app.app_id,
          event_id: `Ev${ts}`,
          event_time: Math.floor(Date.now() / 1000),
          authorizations: [{ team_id: 'T000000001', user_id: app.bot_user_id, is_bot: true }],
          event: {
            type: 'message',
            channel,
            channel_type: 'channel',
            user: monitor.bot_user_id,
            bot_id: monitor.bot_id,
            app_id: monitor.app_id,
            ts,
            event_ts: ts,
            text,
          },
        }),
        'application/json',
      );
      return String(ts);
    },
    /** The emulator's messages of a channel, or with `under` of a thread. */
    async messages(channel: string, under?: string): Promise<Message[]> {
      const answer =
        under === undefined
          ? await api(adminToken, 'conversations.history', {
              channel,
              include_all_metadata: true,
              limit: 100,
            })
          : await api(adminToken, 'conversations.replies', {
              channel,
              ts: under,
              include_all_metadata: true,
              limit: 100,
            });
      return z.array(messageShape).parse(answer.messages);
    },
    /** The calls that the emulator refused. None of ours may be refused. */
    refused(): SlackCall[] {
      return calls.filter(({ answer }) => answer.ok === false);
    },
    async stop() {
      await recorder.stop();
      await emulator.close();
    },
  };
}

const adminScopes = [
  'channels:read',
  'channels:history',
  'channels:join',
  'channels:manage',
  'channels:write',
  'users:read',
];

function installed(
  name: string,
  ids: { app_id: string; bot_id: string; bot_user_id: string; scopes: string[] },
) {
  return {
    ...ids,
    name,
    client_id: `${ids.app_id}.1`,
    client_secret: 'secret',
    redirect_uris: [],
    bot_name: name.toLowerCase(),
  };
}

/** The state of a view's inputs: their initial values, and what was typed. */
function stateOf(view: View, typed: Json): Json {
  const values: Json = {};
  for (const block of view.blocks) {
    const { element, block_id: blockId } = block;
    if (block.type !== 'input' || element === undefined || blockId === undefined) continue;
    values[blockId] = { [element.action_id]: inputState(element, typed[blockId]) };
  }
  for (const blockId of Object.keys(typed)) assert.ok(values[blockId], `no input ${blockId} in the view`);
  return values;
}

function inputState(element: Json & { type: string }, typed: unknown): Json {
  const { type } = element;
  if (type === 'plain_text_input' || type === 'number_input')
    return { type, value: typed ?? element.initial_value ?? null };
  if (type.startsWith('multi_') || type === 'checkboxes') {
    const kind = type.replace(/^multi_|_select$/g, '').replace(/_select$/, '');
    const key = kind === 'users' ? 'selected_users' : 'selected_options';
    return { type, [key]: typed ?? element[key.replace('selected', 'initial')] ?? [] };
  }
  if (type === 'file_input') return { type, files: [] };
  if (type === 'conversations_select')
    return { type, selected_conversation: typed ?? element.initial_conversation ?? null };
  if (type === 'channels_select') return { type, selected_channel: typed ?? element.initial_channel ?? null };
  const options = [
    ...((element.options as Json[] | undefined) ?? []),
    ...((element.option_groups as { options: Json[] }[] | undefined) ?? []).flatMap((group) => group.options),
  ];
  const chosen = options.find((option) => option.value === typed);
  return { type, selected_option: chosen ?? element.initial_option ?? null };
}

/** Passes everything on to the emulator, and keeps each API call with its answer. */
async function startRecorder(target: string, calls: SlackCall[]) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!/^(host|connection|content-length|transfer-encoding)$/.test(name))
        headers.set(name, String(value));
    }
    const answer = await fetch(`${target}${path}`, {
      method: request.method ?? 'POST',
      headers,
      ...(request.method === 'GET' ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const method = /^\/api\/([\w.]+)/.exec(path)?.[1];
    if (method !== undefined)
      calls.push({
        method,
        sent: readBody(request.headers['content-type'], body),
        answer: safeJson(bytes.toString()) as Json,
      });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readBody(type: string | undefined, body: Buffer): Json {
  if (type?.startsWith('application/json')) return safeJson(body.toString()) as Json;
  if (type?.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(body.toString()));
  return {};
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}

function list(answer: Json, key: string): Json[] {
  return z.array(z.record(z.string(), z.unknown())).parse(answer[key]);
}

function idOf(those: Json[], name: string): string {
  const found = those.find((each) => each.name === name);
  assert.ok(found, name);
  return String(found.id);
}
