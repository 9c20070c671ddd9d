/** The sandbox's workspace: the state that every part shares. */

import { randomBytes } from 'node:crypto';
import { defaultState } from './default-world.ts';
import type {
  Change,
  Fault,
  JsonObject,
  SandboxChannel,
  SandboxMessage,
  SandboxOptions,
  SandboxState,
  SandboxUser,
} from './types.ts';

/** The rights of a response_url: five uses within thirty minutes. */
export interface ResponseUrl {
  user: string;
  channel: string;
  /** The message that the interaction came from. */
  ts?: string;
  uses: number;
  expiresAt: number;
}

/** The app's answer over a socket; resolves the waiting delivery. */
export type SocketAnswer = (payload: JsonObject | null) => void;

export interface World {
  options: Required<Omit<SandboxOptions, 'requestUrl' | 'scopes'>>;
  state: SandboxState;
  origin: string;
  triggers: Map<string, { user: string; expiresAt: number; used: boolean }>;
  responseUrls: Map<string, ResponseUrl>;
  webhooks: Map<string, { botId: string; channel: string }>;
  buckets: Map<string, { tokens: number; at: number }>;
  sockets: {
    send(envelope: JsonObject): boolean;
    count(): number;
    waiting: Map<string, SocketAnswer>;
  };
  socketTickets: Set<string>;
  rateLimits: boolean;
  /** When faults with a time limit end. */
  faultEnds: WeakMap<Fault, number>;
  lastTs: Map<string, number>;
  listeners: Set<(change: Change) => void>;
  pending: Set<Promise<unknown>>;
  /** Running waits, each with a function that ends it early. */
  timers: Map<NodeJS.Timeout, () => void>;
  stopped: boolean;
  counter: number;
}

/** A new workspace. The server fills in `origin` and `sockets` when it listens. */
export function createWorld(options: SandboxOptions): World {
  return {
    options: {
      port: options.port ?? 0,
      host: options.host ?? '127.0.0.1',
      rateLimits: options.rateLimits ?? false,
      ackTimeoutMs: options.ackTimeoutMs ?? 3000,
      triggerLifeMs: options.triggerLifeMs ?? 3000,
      eventRetryDelaysMs: options.eventRetryDelaysMs ?? [0, 60_000, 300_000],
      botToken: options.botToken ?? 'xoxb-sandbox',
      appToken: options.appToken ?? 'xapp-sandbox',
      signingSecret: options.signingSecret ?? 'sandbox-signing-secret',
      logSize: options.logSize ?? 20_000,
      now: options.now ?? Date.now,
    },
    state: defaultState(options),
    origin: '',
    triggers: new Map(),
    responseUrls: new Map(),
    webhooks: new Map(),
    buckets: new Map(),
    sockets: { send: () => false, count: () => 0, waiting: new Map() },
    socketTickets: new Set(),
    rateLimits: options.rateLimits ?? false,
    faultEnds: new WeakMap(),
    lastTs: new Map(),
    listeners: new Set(),
    pending: new Set(),
    timers: new Map(),
    stopped: false,
    counter: 0,
  };
}

/** Restores the default workspace. The request URL, scopes and secrets stay. */
export function resetWorld(world: World): void {
  const { scopes } = world.state.app;
  const { requestUrl } = world.state;
  const fresh = defaultState({ ...world.options, scopes });
  Object.assign(world.state, fresh, { requestUrl });
  for (const map of [world.triggers, world.responseUrls, world.webhooks, world.buckets, world.lastTs])
    map.clear();
  endWaits(world);
  emit(world, { type: 'world' });
}

export function emit(world: World, change: Change): void {
  for (const listener of world.listeners) listener(change);
}

/** A new id such as `V00000000A1`, unique in this sandbox. */
export function newId(world: World, prefix: string): string {
  world.counter += 1;
  return `${prefix}0${world.counter.toString(36).toUpperCase().padStart(9, '0')}`;
}

export const secret = (): string => randomBytes(12).toString('hex');

/** A ts for a message in this channel: the time in microseconds, unique and increasing. */
export function nextTs(world: World, channelId: string): string {
  const micros = Math.max(world.options.now() * 1000, (world.lastTs.get(channelId) ?? 0) + 1);
  world.lastTs.set(channelId, micros);
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

export function newTrigger(world: World, user: string): string {
  const id = `${newId(world, 'trigger')}.${secret()}`;
  world.triggers.set(id, { user, expiresAt: Date.now() + world.options.triggerLifeMs, used: false });
  return id;
}

export function newResponseUrl(world: World, user: string, channelId: string, ts?: string): string {
  const id = secret();
  world.responseUrls.set(id, {
    user,
    channel: channelId,
    uses: 0,
    expiresAt: Date.now() + 30 * 60_000,
    ...(ts === undefined ? {} : { ts }),
  });
  return `${world.origin}/response/${id}`;
}

/** Throws if the workspace has no such person. That is a test's mistake; Slack would not answer it. */
export function userOf(world: World, id: string): SandboxUser {
  const user = world.state.users.get(id);
  if (user === undefined) throw new Error(`the sandbox has no user ${id}`);
  return user;
}

export function channelOf(world: World, id: string): SandboxChannel {
  const found = world.state.channels.get(id);
  if (found === undefined) throw new Error(`the sandbox has no channel ${id}`);
  return found;
}

export function messageOf(world: World, channelId: string, ts: string): SandboxMessage {
  const found = world.state.messages.get(channelId)?.find((message) => message.ts === ts && !message.deleted);
  if (found === undefined) throw new Error(`the sandbox has no message ${ts} in ${channelId}`);
  return found;
}

/** The direct message channel between the app and a person, created on first use. */
export function directChannel(world: World, user: string): SandboxChannel {
  const id = `D${user.slice(1)}`;
  const found = world.state.channels.get(id);
  if (found !== undefined) return found;
  const created: SandboxChannel = {
    id,
    name: '',
    is_private: true,
    is_im: true,
    is_archived: false,
    user,
    members: [user, world.state.app.botUserId],
    created: Math.floor(Date.now() / 1000),
  };
  world.state.channels.set(id, created);
  return created;
}

/** Waits. False if `stop` or `reset` ended the wait early. */
export function later(world: World, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      world.timers.delete(timer);
      resolve(true);
    }, delayMs);
    world.timers.set(timer, () => resolve(false));
  });
}

export function endWaits(world: World): void {
  for (const [timer, end] of world.timers) {
    clearTimeout(timer);
    end();
  }
  world.timers.clear();
}

/** Registers background work for `settled`. */
export function track(world: World, work: Promise<unknown>): void {
  const kept = work.finally(() => world.pending.delete(kept));
  world.pending.add(kept);
}

/** Appends to a log that keeps its newest `logSize` entries. */
export function log<T>(world: World, entries: T[], entry: T): void {
  entries.push(entry);
  if (entries.length > world.options.logSize) entries.splice(0, entries.length - world.options.logSize);
}
