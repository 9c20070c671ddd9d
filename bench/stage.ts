// The app as a separate process, with the sandbox's Slack and voice platform in this one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { appEnvironment } from '../sandbox/app-environment.ts';
import { startSlack } from '../sandbox/slack/slack.ts';
import type { FieldValues, SandboxMessage, SandboxSlack } from '../sandbox/slack/types.ts';
import { startVoicePlatform, type VoicePlatform } from '../sandbox/voice/server.ts';
import type { VoicePlatformOptions } from '../sandbox/voice/world.ts';
import { type Measured, startMeasured, voicecall } from './child.ts';

export const recording = '12022022570cc2484c59d4f8b9745d34226285b1e.mp3';
const reportToken = 'bench-report-token';

export interface StageOptions {
  /** voicecall.yaml. */
  config: string;
  voice?: VoicePlatformOptions;
  env?: Record<string, string>;
  /** Runs before the app starts, with the folder that holds its `data`. */
  prepare?: (folder: string) => Promise<void>;
  /** How many instances of the app. Default 1. */
  instances?: number;
}

export interface Stage {
  slack: SandboxSlack;
  voice: VoicePlatform;
  /** The first instance. */
  app: Measured;
  apps: Measured[];
  /** Chooses the instance for Slack and the voice platform from now on. */
  face(app: Measured): void;
  stop(): Promise<void>;
}

/** Starts the sandbox and the app, without metrics unless `env` has a METRICS_PORT: they cost 3 ms in each second. */
export async function startStage(options: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'voicecall-bench-'));
  const slack = await startSlack();
  const voice = await startVoicePlatform({
    apiKey: 'bench-key',
    apiSecret: 'bench-secret',
    ringAfterMs: 50,
    autoAnswerMs: 100,
    talkSeconds: 5,
    secondMs: 20,
    queueMs: 50,
    ...options.voice,
  });
  const configPath = join(folder, 'voicecall.yaml');
  await writeFile(configPath, options.config);
  // No balance is read, so that nothing but calls reaches the platform.
  const { VOICE_BALANCE_URL, ...withoutBalance } = appEnvironment(slack, voice);
  const apps: Measured[] = [];
  const face = (app: Measured) => {
    slack.setRequestUrl(`http://127.0.0.1:${app.port}/slack/events`);
    voice.setReportUrl(`http://127.0.0.1:${app.port}/voice/reports/${reportToken}`);
  };
  const stop = async () => {
    for (const app of apps) await app.stop();
    await Promise.all([slack.stop(), voice.stop()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await options.prepare?.(folder);
    for (let instance = 0; instance < (options.instances ?? 1); instance++) {
      const env = {
        ...withoutBalance,
        VOICE_REPORT_TOKEN: reportToken,
        VOICECALL_CONFIG: configPath,
        DATA_DIR: join(folder, 'data'),
        ...options.env,
      };
      apps.push(await startMeasured(voicecall, env, folder));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const [app] = apps;
  if (app === undefined) throw new Error('no instance was asked for');
  face(app);
  return { slack, voice, app, apps, face, stop };
}

/** The URL to which the voice platform pushes its reports. */
export function reportUrl(stage: Stage): string {
  return `http://127.0.0.1:${stage.app.port}/voice/reports/${reportToken}`;
}

/** Calls `look` every 2 ms until it returns a value. Undefined after `withinMs`. */
export async function soon<Value>(
  look: () => Value | undefined,
  withinMs: number,
): Promise<Value | undefined> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = look();
    if (value !== undefined || performance.now() > until) return value;
    await wait(2);
  }
}

/** Opens the modal and fills it in. `submit` of the result presses the last Submit. */
export async function fill(
  stage: Stage,
  values: FieldValues,
  channel = 'C0OPS',
): Promise<{ submit: () => Promise<void> }> {
  const { slack } = stage;
  const user = 'U0ASHA';
  const opened = await slack.command(user, channel, '');
  if (opened.outcome !== 'ok') throw new Error(`/voicecall: ${opened.outcome}`);
  const view = await soon(() => slack.state.views.get(user)?.at(-1), 5_000);
  if (view === undefined) throw new Error('no modal was opened');
  if (values.file !== undefined) {
    await slack.pressInView(user, view.id, 'call_options');
    const shown = () =>
      slack.state.views
        .get(user)
        ?.at(-1)
        ?.blocks.some((block) => block.block_id === 'file');
    if ((await soon(() => shown() || undefined, 5_000)) === undefined)
      throw new Error('no options were shown');
  }
  const first = await slack.submitView(user, view.id, { fileId: recording, channel, ...values });
  if (first.view?.callback_id !== 'voicecall_confirm')
    throw new Error(`Submit: ${JSON.stringify(first.errors)}`);
  const confirm = first.view.id;
  return {
    async submit() {
      const second = await slack.submitView(user, confirm, {});
      if (second.action !== 'cleared') throw new Error(`the second Submit: ${second.action}`);
    },
  };
}

/** Runs `act`. Resolves with the ms until the voice platform has the next POST that calls; undefined after 3 s. */
export async function untilPost(stage: Stage, act: () => unknown): Promise<number | undefined> {
  const posted = Promise.withResolvers<number | undefined>();
  // Each request is reported twice, when it arrives and when it is answered; ignore the answer of an earlier one.
  const last = stage.voice.requests.at(-1)?.id ?? 0;
  const startedAt = performance.now();
  const stopListening = stage.voice.onChange((change) => {
    if (change.kind !== 'request' || change.request.id <= last || !isDial(change.request)) return;
    posted.resolve(performance.now() - startedAt);
  });
  const timer = setTimeout(() => posted.resolve(undefined), 3_000);
  const acted = act();
  const took = await posted.promise;
  clearTimeout(timer);
  stopListening();
  await acted;
  return took;
}

function isDial(request: { endpoint: string | null; code: string | null }): boolean {
  return request.endpoint === 'sendGroup' || request.endpoint === 'sendCode';
}

/** How many POSTs that call people the voice platform has received. */
export function posts(stage: Stage): number {
  return stage.voice.requests.filter(isDial).length;
}

/** The app's messages with this metadata event type, oldest first. */
export function messagesOf(stage: Stage, channel: string, eventType: string): SandboxMessage[] {
  return stage.slack.history(channel).filter((each) => each.metadata?.event_type === eventType);
}

/** A number that nobody has; different for each index. */
export function numberOf(index: number): string {
  return `+91 98${String(10_000_000 + index).padStart(8, '0')}`;
}
