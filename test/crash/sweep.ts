// Kills the app at every outgoing request and every commit of a story, starts it again, and checks what must hold.
// SWEEP=all plays every moment (some minutes for each story); SWEEP=<number> plays that many random moments of each
// story.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ActionResult, SandboxMessage } from '../../sandbox/slack/types.ts';
import { type ChildApp, type Stage, startStage } from '../support/child.ts';
import { type DatabaseKind, databaseKinds } from '../support/store.ts';
import { boards, eventually, messages, patienceMs, recording, usualConfig } from '../support/world.ts';
import { lapseLeases, numbers, seeded, seedOfRun } from './accounts.ts';

const wanted = process.env.SWEEP ?? '2';
/** How many run at once; each waits most of the time for starts and pauses. */
const atOnce = 3;
/** After it no form can come any more, so the command can be typed again. */
const formWithinMs = 9_000;
const preload = pathToFileURL(join(import.meta.dirname, '../support/kill-at.ts')).href;

const config = `${usualConfig}
approval: { calleesOver: 4, approvers: [U0BEN], channel: C0APPROVE }
rules:
  - name: db
    channels: [C0ALERTS]
    match: { title: replica lag, from: [B0OTHER] }
    call: ["+91 98000 00001"]
    say: "Database alert. {title}."
  - name: ladder
    channels: [C0ALERTS]
    match: { title: payments, from: [B0OTHER] }
    call: ["+91 98000 00011"]
    say: "{title}"
    onUnknown: hold
    then: [{ after: 2s, call: ["+91 98000 00012"] }, { after: 2s, call: ["+91 98000 00013", "+91 98000 00014"] }]
`;

interface Story {
  name: string;
  /** Changes `end`, the expected result, if a kill loses what the story needs. */
  play(stage: Stage, end: { requests: number; calls: number }): Promise<void>;
  /** The expected number of requests and of calls at the end. */
  requests: number;
  calls: number;
  channel?: string;
  /** False: nobody is called at the end. */
  posts?: false;
}

const stories: Story[] = [
  { name: 'a call', requests: 1, calls: 2, play: (stage) => ask(stage, numbers(2)).then(() => {}) },
  {
    name: 'an approval',
    requests: 1,
    calls: 5,
    async play(stage) {
      await ask(stage, numbers(5));
      const card = await button(stage, 'call_approve', 'C0APPROVE');
      await press(stage, 'U0BEN', card, 'call_approve');
    },
  },
  {
    name: 'a cancel',
    requests: 1,
    calls: 5,
    posts: false,
    async play(stage) {
      await ask(stage, numbers(5));
      const board = await button(stage, 'call_cancel');
      await press(stage, 'U0ASHA', board, 'call_cancel');
    },
  },
  {
    name: 'a redial',
    requests: 2,
    calls: 4,
    async play(stage, end) {
      stage.voice.faults.next({ refuse: { code: '-10', reason: 'insufficient balance' } });
      await ask(stage, numbers(2));
      const board = await button(stage, 'call_redial', 'C0OPS', 'call_settle');
      // The refusal was lost with the process. Nobody can know, so the calls stay unknown and are not repeated.
      if (!JSON.stringify(board.blocks).includes('"call_redial"')) {
        Object.assign(end, { requests: 1, calls: 2 });
        return;
      }
      await untilDone('Redial', () => stage.slack.press('U0ASHA', 'C0OPS', board.ts, 'call_redial'));
      await submitBoth(stage, {});
    },
  },
  {
    name: 'a report before the answer',
    requests: 1,
    calls: 2,
    async play(stage) {
      stage.voice.faults.next({ reportBeforeAnswer: true, delayMs: 200 });
      await ask(stage, numbers(2));
    },
  },
  {
    name: 'a lost answer that a report settles',
    requests: 1,
    calls: 2,
    async play(stage) {
      stage.voice.faults.next({ reset: 'after-dialling' });
      await ask(stage, numbers(2));
    },
  },
  {
    name: 'an alert',
    requests: 1,
    calls: 1,
    channel: 'C0ALERTS',
    async play(stage) {
      stage.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', 'FIRING: replica lag on db1');
      await button(stage, 'call_details', 'C0ALERTS');
    },
  },
  {
    name: 'a ladder',
    requests: 1,
    calls: 4,
    channel: 'C0ALERTS',
    async play(stage) {
      const never = { '0011': 'busy', '0012': 'rejected', '0013': 'busy', '0014': 'busy' } as const;
      stage.voice.setBehaviour({ phones: never });
      stage.slack.postAs({ bot: 'B0OTHER' }, 'C0ALERTS', 'FIRING: payments are down');
      await button(stage, 'call_details', 'C0ALERTS');
    },
  },
];

/** Declares the tests on one database. Each database has a file of its own, so that they run at the same time. */
export function sweep(database: DatabaseKind): void {
  describe(`a kill at any moment, on ${database}`, { skip: !databaseKinds.includes(database) }, () => {
    for (const story of stories) {
      test(`of ${story.name}`, async (t) => {
        const moments = await playThrough(database, story, 0);
        assert.ok(moments.length > 10, `the moments were counted: ${moments.join(', ')}`);
        if (story.posts !== false)
          assert.ok(moments.some((each) => /^before POST .*send(Group|Code)/.test(each)));
        assert.ok(moments.includes('after commit'));
        const random = seeded(seedOfRun((line) => t.diagnostic(line)));
        const all = moments.map((_, index) => index + 1);
        const chosen =
          wanted === 'all' ? all : all.toSorted(() => random() - 0.5).slice(0, Math.max(0, Number(wanted)));
        t.diagnostic(`${chosen.length} of ${moments.length} moments`);
        const left = [...chosen];
        let kills = 0;
        // On a busy machine each takes long, so there are fewer.
        const enough = wanted === 'all' ? Number.POSITIVE_INFINITY : performance.now() + 15_000;
        const next = () => (kills > 0 && performance.now() > enough ? undefined : left.pop());
        const worker = async () => {
          for (let at = next(); at !== undefined; at = next()) {
            const told = `killed at ${at}: ${moments[at - 1]}`;
            const lived = await playThrough(database, story, at).catch((error) => {
              throw new Error(`${told}: ${error instanceof Error ? error.message : error}`, { cause: error });
            });
            if (lived.length === at) kills += 1;
            // This run had fewer moments, and ended before its kill.
            else if (wanted !== 'all') left.push(1 + Math.floor(random() * lived.length));
          }
        };
        await Promise.all(Array.from({ length: atOnce }, worker));
        t.diagnostic(`${kills} kills`);
        assert.ok(wanted === '0' || kills > 0, `${kills} kills of ${chosen.length}`);
      });
    }
  });
}

/**
 * Plays a story with a kill at moment `killAt` (0: none) and then a start. Returns the moments of the first process.
 */
async function playThrough(database: DatabaseKind, story: Story, killAt: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'voicecall-sweep-'));
  const log = join(folder, 'moments');
  writeFileSync(log, '');
  const stage = await startStage({
    database,
    config,
    voice: { report: { retries: 1_000, retryAfterMs: 500 } },
    // Slack's own retries come after a minute and after five; here they come sooner. The last comes when even a slow
    // machine has started the app again: an alert posted before the very first start is in no history that is read.
    slack: { eventRetryDelaysMs: [0, 3_000, 40_000], triggerLifeMs: formWithinMs - 1_000 },
  });
  const store = await stage.database.open();
  let over = false;
  try {
    const env = { NODE_OPTIONS: `--import ${preload}`, KILL_LOG: log, KILL_AT: String(killAt) };
    let app: ChildApp | undefined;
    const keeper = (async () => {
      // The first process may die before it is ready.
      app = await stage.start(env).catch(() => undefined);
      while (!over) {
        if (app === undefined || !app.running()) {
          await lapseLeases(store);
          app = await stage.start();
        }
        await sleep(20);
      }
    })();
    await eventually('the app is up', async () => stage.apps.some((each) => each.running()));
    const end = { requests: story.requests, calls: story.calls };
    await story.play(stage, end);
    await ended(stage, { ...story, ...end });
    over = true;
    await keeper;
    return readFileSync(log, 'utf8').trim().split('\n');
  } finally {
    over = true;
    await stage.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until nothing is running, then checks that everything is shown once and no request called anybody twice. */
async function ended(stage: Stage, story: Story): Promise<void> {
  const store = await stage.database.open();
  const dialled = () => new Set(stage.voice.calls.map((call) => call.callee));
  const look = async () => {
    const calls = await store.read.selectFrom('calls').select(['state', 'callee', 'request_id']).execute();
    const open = calls.filter(
      ({ state, callee }) =>
        ['ready', 'sending', 'accepted'].includes(state) || (state === 'unknown' && dialled().has(callee)),
    );
    return { calls, open };
  };
  const until = performance.now() + patienceMs;
  let { calls, open } = await look();
  while (calls.length < story.calls || open.length > 0) {
    if (performance.now() > until)
      assert.fail(`still open: ${JSON.stringify(open)} of ${calls.length} calls`);
    await sleep(50);
    ({ calls, open } = await look());
  }
  assert.equal(calls.length, story.calls, 'each callee of each request has one call');
  assert.equal(new Set(calls.map((each) => each.request_id)).size, story.requests);
  // The token in calledInfo belongs to one submission: no two POSTs have the same token, and none is repeated.
  const posts = stage.voice.requests.filter((each) => /send(Group|Code)$/.test(each.path));
  const tokens = posts.map((each) => String(each.body?.calledInfo));
  assert.equal(new Set(tokens).size, tokens.length, 'no submission is in two POSTs');
  const called = stage.voice.calls.map((call) => call.callee);
  assert.equal(new Set(called).size, called.length, 'nobody is called twice');
  assert.deepEqual(stage.voice.violations, []);
  const channel = story.channel ?? 'C0OPS';
  await eventually('every board is posted', () => boards(stage, channel).length >= story.requests);
  assert.equal(boards(stage, channel).length, story.requests, 'each request has one board');
}

async function ask(stage: Stage, callees: string[]): Promise<void> {
  const opened = async () => {
    await untilDone('/voicecall', () => stage.slack.command('U0ASHA', 'C0OPS', ''));
    await eventually('the form opens', () => stage.slack.state.views.get('U0ASHA')?.at(-1), formWithinMs);
  };
  // A kill after the acknowledgement and before views.open loses the form, so the person types the command again.
  await again('the form', opened);
  await submitBoth(stage, { callee: callees.join('\n'), fileId: recording, channel: 'C0OPS' });
}

/** Presses *Continue*, then *Call*, until Slack has received that the modal is closed. */
async function submitBoth(stage: Stage, values: Record<string, string>): Promise<void> {
  const top = () => stage.slack.state.views.get('U0ASHA')?.at(-1);
  let pressedCall = false;
  await again('Call', async () => {
    const view = top();
    if (view === undefined && pressedCall) return;
    assert.ok(view, 'a form');
    const isLast = view.callback_id === 'voicecall_confirm';
    pressedCall ||= isLast;
    const result = await stage.slack.submitView('U0ASHA', view.id, isLast ? {} : values);
    assert.equal(result.action, 'cleared');
  });
}

/** Waits for a message with this button. */
async function button(
  stage: Stage,
  actionId: string,
  channel = 'C0OPS',
  orElse = actionId,
): Promise<SandboxMessage> {
  const has = (message: SandboxMessage, id: string) =>
    JSON.stringify(message.blocks ?? []).includes(`"${id}"`);
  return await eventually(`a button ${actionId}`, () =>
    messages(stage, channel).find((each) => has(each, actionId) || has(each, orElse)),
  );
}

/** Presses until Slack gets an answer, or the button is gone: the press took effect before the process died. */
async function press(stage: Stage, user: string, message: SandboxMessage, actionId: string): Promise<void> {
  const { channel, ts } = message;
  await untilDone(actionId, async () => {
    const now = messages(stage, channel).find((each) => each.ts === ts);
    if (!JSON.stringify(now?.blocks ?? []).includes(`"${actionId}"`)) return null;
    return await stage.slack.press(user, channel, ts, actionId);
  });
}

/** Repeats what a person does until Slack gets an answer: a failed press is made again. */
async function untilDone(what: string, act: () => Promise<ActionResult | null>): Promise<void> {
  await again(what, async () => {
    const result = await act();
    if (result !== null) assert.equal(result.outcome, 'ok', what);
  });
}

async function again(what: string, act: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (performance.now() > until) throw new Error(`${what} did not succeed`, { cause: error });
      await sleep(100);
    }
  }
}
