/** Starts the sandbox's Slack: one HTTP server for the Web API, its other addresses, Socket Mode and the control API. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { answerApi } from './api.ts';
import { answerControl } from './control.ts';
import { deliver } from './delivery.ts';
import { answerHook, createWebhook, webhookMessage } from './hooks.ts';
import { plainReply, send } from './http.ts';
import * as act from './interactions.ts';
import {
  addMessage,
  changeMessage,
  messageFields,
  removeMessage,
  sendEvent,
  visibleMessages,
} from './messages.ts';
import { createFile } from './methods/files.ts';
import * as modals from './modals.ts';
import { serveSockets } from './socket.ts';
import type { JsonObject, Poster, SandboxMessage, SandboxOptions, SandboxSlack } from './types.ts';
import { publicView } from './views.ts';
import {
  channelOf,
  createWorld,
  emit,
  endWaits,
  messageOf,
  nextTs,
  resetWorld,
  track,
  userOf,
  type World,
} from './world.ts';

/** The sender's fields of a message. */
function posterFields(world: World, poster: Poster, channel: string, content: string | JsonObject) {
  const args: JsonObject = typeof content === 'string' ? { text: content } : content;
  if ('webhook' in poster) return webhookMessage(world, poster.webhook, channel, args);
  const fields = { channel, ...messageFields(args) };
  if ('user' in poster) {
    userOf(world, poster.user);
    if (typeof content === 'string') fields.text = act.escapeTyped(world, content);
    return { ...fields, user: poster.user };
  }
  const bot = world.state.bots.get(poster.bot);
  if (bot === undefined) throw new Error(`the sandbox has no bot ${poster.bot}`);
  const as = bot.user_id === undefined ? {} : { user: bot.user_id };
  return { ...fields, ...as, bot_id: bot.id, app_id: bot.app_id };
}

function editAs(world: World, poster: Poster, target: SandboxMessage, content: string | JsonObject): void {
  const fields = posterFields(world, poster, target.channel, content);
  const by = fields.user ?? fields.bot_id ?? '';
  const change = (message: SandboxMessage): void => {
    message.text = fields.text ?? '';
    for (const key of ['blocks', 'attachments'] as const) delete message[key];
    if (fields.blocks !== undefined) message.blocks = fields.blocks;
    if (fields.attachments !== undefined) message.attachments = fields.attachments;
  };
  changeMessage(world, target, change, by);
}

function homeOpened(world: World, user: string): void {
  userOf(world, user);
  const home = world.state.homes.get(user);
  sendEvent(world, {
    type: 'app_home_opened',
    user,
    channel: `D${user.slice(1)}`,
    tab: 'home',
    event_ts: nextTs(world, 'home'),
    ...(home === undefined ? {} : { view: publicView(world, home) }),
  });
}

async function settled(world: World): Promise<void> {
  while (world.pending.size > 0) await Promise.allSettled([...world.pending]);
}

/** Everything that a person or a test can do in one workspace. */
function actions(
  world: World,
): Omit<SandboxSlack, 'url' | 'origin' | 'state' | 'stop' | 'disconnectSockets'> {
  /** `settled` also waits for running deliveries. */
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    track(
      world,
      work.catch(() => undefined),
    );
    return work;
  };
  return {
    onChange(listener) {
      world.listeners.add(listener);
      return () => world.listeners.delete(listener);
    },
    setRequestUrl: (url) => {
      world.state.requestUrl = url;
    },
    setRateLimits: (on) => {
      world.rateLimits = on;
    },
    fault: (fault) => {
      const added = { ...fault };
      world.state.faults.push(added);
      if (fault.forMs !== undefined) world.faultEnds.set(added, Date.now() + fault.forMs);
    },
    clearFaults: () => {
      world.state.faults.length = 0;
    },
    socketCount: () => world.sockets.count(),
    command: (...args) => tracked(act.command(world, ...args)),
    fillView: (...args) => modals.fillView(world, ...args),
    submitView: (...args) => tracked(modals.submitView(world, ...args)),
    closeView: (...args) => tracked(modals.closeView(world, ...args)),
    press: (...args) => tracked(act.press(world, ...args)),
    pressInView: (...args) => tracked(act.pressInView(world, ...args)),
    suggest: (...args) => tracked(act.suggest(world, ...args)),
    messageShortcut: (user, channel, ts, callbackId) =>
      tracked(act.shortcut(world, user, callbackId, { channel, ts })),
    globalShortcut: (user, callbackId) => tracked(act.shortcut(world, user, callbackId)),
    async openHome(user) {
      homeOpened(world, user);
    },
    uploadFile: (user, name, content) => createFile(world, user, name, Buffer.from(content), true),
    postAs(poster, channel, message) {
      channelOf(world, channel);
      return addMessage(world, posterFields(world, poster, channel, message));
    },
    editAs(poster, channel, ts, message) {
      const target = messageOf(world, channel, ts);
      editAs(world, poster, target, message);
      return target;
    },
    deleteMessage: (channel, ts) => removeMessage(world, messageOf(world, channel, ts)),
    createWebhook: (channel, name, id) => createWebhook(world, channelOf(world, channel).id, name, id),
    invite(channel, user) {
      const { members } = channelOf(world, channel);
      if (!members.includes(user)) members.push(user);
      emit(world, { type: 'world' });
    },
    removeMember(channel, user) {
      const found = channelOf(world, channel);
      found.members = found.members.filter((member) => member !== user);
      emit(world, { type: 'world' });
    },
    setArchived(channel, archived) {
      channelOf(world, channel).is_archived = archived;
      emit(world, { type: 'world' });
    },
    redeliver(deliveryId, retryNum = 0) {
      const found = world.state.deliveries.find((delivery) => delivery.id === deliveryId);
      if (found === undefined) throw new Error(`the sandbox has no delivery ${deliveryId}`);
      return tracked(deliver(world, found.kind, found.body, { num: retryNum, reason: 'http_timeout' }));
    },
    settled: () => settled(world),
    history: (channel) => visibleMessages(world, channel),
    ephemerals: (user) =>
      [...world.state.messages.values()]
        .flat()
        .filter((item) => item.ephemeral_to === user && !item.deleted)
        .sort((one, other) => Number(one.ts) - Number(other.ts)),
    reset: () => resetWorld(world),
  };
}

async function route(
  world: World,
  slack: SandboxSlack,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', world.origin);
  const [, area = '', name = ''] = /^\/(api|control)\/(.*)$/.exec(url.pathname) ?? [];
  if (area === 'api') return answerApi(world, name, url, request, response);
  if (area === 'control') return answerControl(slack, name, request, response);
  if (await answerHook(world, url.pathname, request, response)) return;
  send(response, plainReply(404, 'not found'));
}

/**
 * Starts a Slack on a free port (or `options.port`). Listens on 127.0.0.1 by default, because it gives tokens to
 * everybody and does what anybody asks.
 */
export async function startSlack(options: SandboxOptions = {}): Promise<SandboxSlack> {
  const world = createWorld(options);
  const server = createServer((request, response) => {
    route(world, slack, request, response).catch((error: unknown) => {
      process.stderr.write(`sandbox slack: ${error instanceof Error ? error.stack : String(error)}\n`);
      if (!response.headersSent) send(response, plainReply(500, 'sandbox error'));
    });
  });
  const { host } = world.options;
  const port = await listen(server, world.options.port, host);
  world.origin = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  const sockets = serveSockets(world, server);
  const slack: SandboxSlack = {
    ...actions(world),
    url: `${world.origin}/api/`,
    origin: world.origin,
    state: world.state,
    disconnectSockets: (reason = 'refresh_requested') => sockets.disconnect(reason),
    async stop() {
      world.stopped = true;
      endWaits(world);
      await sockets.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await settled(world);
    },
  };
  return slack;
}
