import assert from 'node:assert/strict';
import { appEnvironment } from '../../sandbox/app-environment.ts';
import { startSlack } from '../../sandbox/slack/slack.ts';
import type {
  FieldValues,
  SandboxMessage,
  SandboxOptions,
  SandboxSlack,
  SandboxView,
  SubmitResult,
} from '../../sandbox/slack/types.ts';
import { startVoicePlatform, type VoicePlatform } from '../../sandbox/voice/server.ts';
import type { VoicePlatformOptions } from '../../sandbox/voice/world.ts';
import { createApp, type VoicecallApp } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { readConfig } from '../../src/config/file.ts';
import type { Config } from '../../src/config/types.ts';
import { createLog, type Log } from '../../src/log.ts';
import { watchShown } from './shown.ts';
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './store.ts';

export const reportToken = 'sandbox-report-token';
export const recording = '12022022570cc2484c59d4f8b9745d34226285b1e.mp3';

/** As fast as the sandbox allows, with lists and people to call. */
export const usualConfig = `
country: IN
voice: { loopCount: 2, submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
lists: { db-oncall: ["+91 85632 14120", "+91 85632 13000"] }
`;

export interface WorldOptions {
  database?: DatabaseKind;
  config?: string;
  env?: Record<string, string>;
  slack?: SandboxOptions;
  voice?: VoicePlatformOptions;
  clock?: Clock;
  /** How long the app's tasks stay leased, ms. Longer if its clock jumps. */
  leaseMs?: number;
  /** Collects the app's log. Default: nothing is logged. */
  log?: Log;
  /** False: reports are not pushed, and the app does not expect them. */
  reports?: boolean;
}

/** The real app with a sandbox Slack and a sandbox voice platform. */
export interface World {
  slack: SandboxSlack;
  voice: VoicePlatform;
  database: TestDatabase;
  app: VoicecallApp;
  setConfig(text: string): void;
  /** Stops the app, and starts it again on the same database. */
  restart(): Promise<void>;
  /** Another instance on the same database (PostgreSQL). It gets no requests from Slack. */
  startInstance(): Promise<VoicecallApp>;
  stop(): Promise<void>;
}

/** What is needed to act as a person and to read a channel, wherever the app runs. */
export type Played = Pick<World, 'slack'>;

/** Reads a configuration that has no faults. */
export function configOf(text: string): Config {
  const { config, faults } = readConfig(text, 'voicecall.yaml');
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const database = await createTestDatabase(options.database ?? 'sqlite');
  const slack = await startSlack(options.slack);
  const faultsShown = watchShown(slack);
  const voice = await startVoicePlatform({
    ringAfterMs: 5,
    autoAnswerMs: 10,
    secondMs: 1,
    queueMs: 0,
    ...options.voice,
  });
  let config = configOf(options.config ?? usualConfig);
  const log = options.log ?? createLog('silent');
  const { environment, faults } = readEnvironment({
    ...appEnvironment(slack, voice),
    ...(options.reports === false ? {} : { VOICE_REPORT_TOKEN: reportToken }),
    DATA_DIR: database.dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    ...(database.databaseUrl === undefined ? {} : { DATABASE_URL: database.databaseUrl }),
    ...options.env,
  });
  assert.deepEqual(faults, []);
  assert.ok(environment);
  const settings = {
    environment,
    config: () => config,
    log,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
  };
  const others: VoicecallApp[] = [];
  let stopped = false;

  async function start(): Promise<VoicecallApp> {
    const app = await createApp(settings);
    await app.start();
    return app;
  }

  function face(app: VoicecallApp): void {
    if (environment?.slackAppToken === undefined)
      slack.setRequestUrl(`http://127.0.0.1:${app.port()}/slack/events`);
    if (options.reports !== false)
      voice.setReportUrl(`http://127.0.0.1:${app.port()}/voice/reports/${reportToken}`);
  }

  const world: World = {
    slack,
    voice,
    database,
    app: await start(),
    setConfig(text) {
      config = configOf(text);
    },
    async restart() {
      await world.app.stop();
      world.app = await start();
      face(world.app);
    },
    async startInstance() {
      const app = await start();
      others.push(app);
      return app;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      for (const app of [world.app, ...others]) await app.stop();
      await slack.stop();
      await voice.stop();
      await database.remove();
      assert.deepEqual(faultsShown, [], 'what was shown fits the types of Slack');
    },
  };
  face(world.app);
  return world;
}

/**
 * How long a test waits for a state that must come. Long, because other work of the machine may delay it; a test that
 * passes does not wait so long.
 */
export const patienceMs = 120_000;

/** Waits until `look` returns a value. Fails with `what` after `withinMs`. For work across processes and sockets. */
export async function eventually<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  withinMs = patienceMs,
): Promise<NonNullable<Value>> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Value>;
    if (performance.now() > until) assert.fail(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Types the command, and waits for its modal. */
export async function openModal(
  world: Played,
  user = 'U0ASHA',
  channel = 'C0OPS',
  text = '',
): Promise<string> {
  const answer = await world.slack.command(user, channel, text);
  assert.equal(answer.outcome, 'ok');
  const view = await eventually('the modal opens', () => world.slack.state.views.get(user)?.at(-1));
  return view.id;
}

/** Opens the modal, fills it in and submits the first view. */
export async function fillModal(
  world: Played,
  values: FieldValues,
  { user = 'U0ASHA', channel = 'C0OPS' }: { user?: string; channel?: string } = {},
): Promise<SubmitResult> {
  const viewId = await openModal(world, user, channel);
  const filled = { fileId: recording, channel, ...values };
  await showOptions(world, user, viewId, Object.keys(filled));
  return await world.slack.submitView(user, viewId, filled);
}

/** Presses *More options* if one of the fields is not in the form yet. */
export async function showOptions(
  world: Played,
  user: string,
  viewId: string,
  fields: readonly string[],
): Promise<void> {
  const missing = () => {
    const view = world.slack.state.views.get(user)?.at(-1);
    const there = new Set(view?.blocks.map((block) => block.block_id));
    return fields.some((field) => !there.has(field));
  };
  if (!missing()) return;
  await world.slack.pressInView(user, viewId, 'call_options');
  await eventually('the options are shown', () => !missing());
}

type WaitForBoard = (what: string, look: () => SandboxMessage | undefined) => Promise<SandboxMessage>;

/** Fills in and submits both views, which makes the request. Returns its board. */
export async function ask(
  world: Played,
  values: FieldValues,
  who: { user?: string; channel?: string } = {},
  wait: WaitForBoard = eventually,
): Promise<SandboxMessage> {
  const first = await fillModal(world, values, who);
  assert.deepEqual(first.errors, {});
  return await pressCall(world, first.view, who, wait);
}

/** Submits the second view and waits for its board; otherwise the next test would find it. */
export async function pressCall(
  world: Played,
  view: SandboxView | null,
  who: { user?: string; channel?: string } = {},
  wait: WaitForBoard = eventually,
): Promise<SandboxMessage> {
  const { user = 'U0ASHA', channel = 'C0OPS' } = who;
  assert.equal(view?.callback_id, 'voicecall_confirm');
  const before = boards(world, channel).length;
  const submitted = await world.slack.submitView(user, view.id);
  assert.equal(submitted.action, 'cleared', JSON.stringify(submitted.answer));
  return await wait('the board appears', () => boards(world, channel)[before]);
}

/** The boards in a channel, oldest first. */
export function boards(world: Played, channel = 'C0OPS'): SandboxMessage[] {
  return messages(world, channel).filter((each) => each.metadata?.event_type === 'voicecall_request');
}

/** What people can read in a channel, with its threads. */
export function messages(world: Played, channel = 'C0OPS'): SandboxMessage[] {
  return (world.slack.state.messages.get(channel) ?? []).filter((each) => !each.deleted);
}

/** The replies under a message, without ephemeral ones. */
export function thread(world: Played, parent: SandboxMessage): SandboxMessage[] {
  return messages(world, parent.channel).filter(
    (each) => each.thread_ts === parent.ts && each.ts !== parent.ts && each.ephemeral_to === undefined,
  );
}

/** The board's current metadata. */
export function boardNow(world: Played, board: SandboxMessage): Record<string, unknown> {
  const now = messages(world, board.channel).find((each) => each.ts === board.ts);
  return now?.metadata?.event_payload ?? {};
}

/** Waits until the board has a state. */
export async function boardBecomes(world: Played, board: SandboxMessage, state: string) {
  return await eventually(
    `the board becomes ${state}, it is ${JSON.stringify(boardNow(world, board))}`,
    () => (boardNow(world, board).state === state ? boardNow(world, board) : undefined),
  );
}
