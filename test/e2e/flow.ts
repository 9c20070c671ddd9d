import assert from 'node:assert/strict';
import type { FieldValues, SandboxMessage, SandboxView } from '../../sandbox/slack/types.ts';
import type { Counts } from '../../src/calls/request/types.ts';
import type { Clock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { refreshMs } from '../../src/store/clock.ts';
import { viewShown } from '../support/shown.ts';
import {
  ask as askIn,
  boards,
  messages,
  patienceMs,
  pressCall as pressCallIn,
  reportToken,
  startWorld,
  type World,
  type WorldOptions,
} from '../support/world.ts';

export { boards };

/** A clock that runs by itself and can jump: timers that become due by a jump run at once. */
export interface JumpClock extends Clock {
  jump(ms: number): void;
}

export function createJumpClock(): JumpClock {
  let ahead = 0;
  const waiting = new Set<{ at: number; run: () => void; timer: NodeJS.Timeout }>();
  const monotonic = () => performance.now() + ahead;
  const fire = (entry: { at: number; run: () => void; timer: NodeJS.Timeout }) => {
    if (!waiting.delete(entry)) return;
    clearTimeout(entry.timer);
    entry.run();
  };
  return {
    now: () => Math.floor(Date.now() + ahead),
    wallOf: (at) => at,
    monotonic,
    after(delayMs, run) {
      // Measuring the time of PostgreSQL, which does not jump, would set the app's clock back.
      if (delayMs === refreshMs) return () => {};
      const timer = setTimeout(() => fire(entry), delayMs);
      timer.unref();
      const entry = { at: monotonic() + delayMs, run, timer };
      waiting.add(entry);
      return () => {
        waiting.delete(entry);
        clearTimeout(timer);
      };
    },
    jump(ms) {
      ahead += ms;
      for (const entry of [...waiting].filter((each) => each.at <= monotonic()).sort((a, b) => a.at - b.at))
        fire(entry);
    },
  };
}

/** A world whose clock can jump, and that keeps the log and every view that was shown. */
export interface Flow extends World {
  clock: JumpClock;
  logs: string[];
  views: SandboxView[];
  /** How far the clock jumps before each look, ms. */
  stepMs: number;
  /** Checks what must hold at the end of every test, and stops. */
  end(expected?: { violations?: number; refusals?: string[] }): Promise<void>;
}

/** Refusals that show a fault in a message or a view of ours, or a call that must not be made. */
const ownFaults =
  /^(invalid_|missing_|no_text|too_many|msg_|view_too_large|duplicate_|unknown_method|not_allowed_token|expired_trigger|exchanged_trigger)/;

export async function startFlow(options: WorldOptions = {}): Promise<Flow> {
  const clock = createJumpClock();
  const logs: string[] = [];
  const world = await startWorld({
    clock,
    // A jump must not take a task from its holder. Other tests cover lost leases.
    leaseMs: 24 * 3_600_000,
    log: createLog('debug', { sink: { write: (line) => logs.push(line) } }),
    ...options,
    voice: { now: () => clock.now(), ...options.voice },
    slack: { now: () => clock.now(), ...options.slack },
  });
  const views: SandboxView[] = [];
  world.slack.onChange((change) => {
    const shown = viewShown(world.slack, change);
    if (shown !== undefined) views.push(structuredClone(shown));
  });
  const stop = world.stop.bind(world);
  const flow: Flow = Object.assign(world, {
    clock,
    logs,
    views,
    stepMs: 200,
    async end({ violations = 0, refusals = [] }: { violations?: number; refusals?: string[] } = {}) {
      try {
        assert.equal(world.voice.violations.length, violations, world.voice.violations.join('\n'));
        checkAll(flow, refusals);
      } finally {
        await stop();
      }
    },
  });
  return flow;
}

/** Checks that nothing shown contains a secret, and that nothing of ours was refused. `stop` checks its shape. */
function checkAll(flow: Flow, refusals: string[]): void {
  const { state } = flow.slack;
  const numbers = [...new Set(flow.voice.calls.map((call) => call.callee))];
  for (const channel of state.messages.keys()) {
    for (const message of messages(flow, channel)) {
      if (message.user !== state.app.botUserId) continue;
      assert.notEqual(message.text.trim(), '', 'every message has a text of its own');
      assertWithout(
        hidden(message.blocks) + JSON.stringify(message.metadata ?? {}),
        numbers,
        'hidden data of a message',
      );
    }
  }
  for (const view of flow.views) {
    assertWithout(view.private_metadata + hidden(view.blocks), numbers, 'hidden data of a view');
  }
  const wrong = state.callsLog.filter(({ answer }) => {
    const error = answer?.ok === false ? String(answer.error) : '';
    return ownFaults.test(error) && !refusals.includes(error);
  });
  assert.deepEqual(
    wrong.map(({ method, answer }) => [method, answer]),
    [],
  );
  const { apiKey, apiSecret } = flow.voice.credentials;
  const secrets = [state.app.botToken, state.app.signingSecret, apiKey, apiSecret, reportToken];
  for (const line of flow.logs) assertWithout(line, [...numbers, ...secrets], 'a line of the log');
}

function assertWithout(text: string, secrets: string[], where: string): void {
  const found = secrets.find((each) => text.includes(each));
  assert.equal(found, undefined, `${where} holds ${found}: ${text.slice(0, 300)}`);
}

/** Values of buttons and ids of blocks: invisible, but every client receives them. */
function hidden(blocks: unknown): string {
  return [...JSON.stringify(blocks ?? []).matchAll(/"(?:value|block_id|action_id)":"([^"]*)"/g)]
    .map(([, value]) => value)
    .join(' ');
}

/** Presses Stop once the board has it. While its only submission is being sent, there is nothing to stop. */
export async function pressStop(flow: Flow, user: string, board: SandboxMessage): Promise<void> {
  await soon(flow, 'there is something to stop', () =>
    JSON.stringify(current(flow, board).blocks ?? []).includes('"call_cancel"'),
  );
  await flow.slack.press(user, board.channel, board.ts, 'call_cancel');
}

/** Waits like `eventually`, while the app's clock runs about twenty times as fast. */
export async function soon<Value>(
  flow: Flow,
  what: string,
  look: () => Value | Promise<Value>,
  { stepMs = flow.stepMs, withinMs = patienceMs }: { stepMs?: number; withinMs?: number } = {},
): Promise<NonNullable<Value>> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Value>;
    if (performance.now() > until)
      assert.fail(`not within ${withinMs} ms: ${what}\n${flow.logs.slice(-15).join('')}`);
    flow.clock.jump(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface BoardCounts
  extends Pick<
    Counts,
    | 'callees'
    | 'accepted'
    | 'refused'
    | 'unknown'
    | 'held'
    | 'cancelled'
    | 'failed'
    | 'answered'
    | 'not_answered'
  > {
  state: string;
}

/** The board's counts. They add up once nothing is left to send. */
export function countsOf(flow: Flow, board: SandboxMessage): BoardCounts {
  const told = current(flow, board).metadata?.event_payload ?? {};
  const of = (name: string) => Number(told[name]);
  const counts: BoardCounts = {
    state: String(told.state),
    callees: of('callees'),
    accepted: of('accepted'),
    refused: of('refused'),
    unknown: of('unknown'),
    held: of('held'),
    cancelled: of('cancelled'),
    failed: of('failed'),
    answered: of('answered'),
    not_answered: of('not_answered'),
  };
  const {
    callees,
    accepted,
    refused,
    unknown,
    held,
    cancelled,
    failed,
    answered,
    not_answered: missed,
  } = counts;
  const sum = accepted + refused + unknown + held + cancelled + failed;
  if (['sent', 'done', 'failed', 'cancelled', 'rejected', 'expired'].includes(counts.state))
    assert.equal(sum, callees, JSON.stringify(counts));
  else assert.ok(sum <= callees, JSON.stringify(counts));
  assert.ok(answered + missed <= accepted, JSON.stringify(counts));
  return counts;
}

/** Waits until the board shows a state, and the values in `counts`. */
export async function becomes(
  flow: Flow,
  board: SandboxMessage,
  state: string,
  counts: Partial<BoardCounts> = {},
): Promise<BoardCounts> {
  const wanted = { ...counts, state };
  try {
    return await soon(flow, `the board becomes ${JSON.stringify(wanted)}`, () => {
      const now = countsOf(flow, board);
      const same = Object.entries(wanted).every(([key, value]) => now[key as keyof BoardCounts] === value);
      return same ? now : undefined;
    });
  } catch (error) {
    assert.deepEqual(countsOf(flow, board), wanted, error instanceof Error ? error.message : '');
    throw error;
  }
}

/** The message with the results, once `holds` accepts it. */
export async function resultsOf(
  flow: Flow,
  board: SandboxMessage,
  holds: (text: string) => boolean = () => true,
): Promise<string> {
  return await soon(flow, 'the results', () => {
    const found = replies(flow, board).filter((each) => each.metadata?.event_type === 'voicecall_results');
    assert.ok(found.length <= 1, 'one message has the results');
    const [results] = found;
    if (results === undefined) return undefined;
    const text = shownText(results);
    return holds(text) ? text : undefined;
  });
}

/** All replies to a board. */
export function replies(flow: Flow, board: SandboxMessage): SandboxMessage[] {
  return messages(flow, board.channel).filter((each) => each.thread_ts === board.ts && each.ts !== board.ts);
}

/** The current board, with its blocks. */
export function current(flow: Flow, board: SandboxMessage): SandboxMessage {
  const found = messages(flow, board.channel).find((each) => each.ts === board.ts);
  assert.ok(found);
  return found;
}

/** Top-level text and blocks as one text. */
export function shownText(message: { text?: string; blocks?: unknown }): string {
  return `${message.text ?? ''}\n${JSON.stringify(message.blocks ?? [])}`;
}

/** The last private message to a person. Waits until there are more than `before`. */
export async function toldAlone(flow: Flow, user: string, before = 0): Promise<string> {
  return await soon(flow, `${user} is told`, () => {
    const told = flow.slack.ephemerals(user);
    return told.length > before ? shownText(told.at(-1) ?? {}) : undefined;
  });
}

/** Presses a button by the end of its value, because several on a message may have the same action_id. */
export async function pressValue(
  flow: Flow,
  user: string,
  board: SandboxMessage,
  actionId: string,
  ending: string,
) {
  const now = current(flow, board);
  const block = (now.blocks ?? []).find((each) => {
    const text = JSON.stringify(each);
    return text.includes(`"action_id":"${actionId}"`) && text.includes(`${ending}"`);
  });
  assert.ok(block?.block_id, `a button ${actionId} with ${ending}`);
  return await flow.slack.press(user, board.channel, board.ts, actionId, undefined, block.block_id);
}

/** The POSTs that call people, as the platform received them. */
export function dialled(flow: Flow) {
  return flow.voice.requests.filter((each) => /send(Group|Code)$/.test(each.path));
}

/** `ask` of a world, while the app's clock runs faster. */
export async function ask(
  flow: Flow,
  values: FieldValues,
  who: { user?: string; channel?: string } = {},
): Promise<SandboxMessage> {
  return await askIn(flow, values, who, (what, look) => soon(flow, what, look));
}

/** `pressCall` of a world, while the app's clock runs faster. */
export async function pressCall(
  flow: Flow,
  view: SandboxView | null,
  who: { user?: string; channel?: string } = {},
): Promise<SandboxMessage> {
  return await pressCallIn(flow, view, who, (what, look) => soon(flow, what, look));
}
