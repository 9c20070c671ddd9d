/**
 * Draws what people see as PNG files, one for each surface: the real app, with the sandbox. `npm run screens --
 * [folder]` (default: screens). Look at each: is it clear what happened, and what to press?
 */

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { phonesOf } from '../../sandbox/page/platform.ts';
import { startPage } from '../../sandbox/page/server.ts';
import type { FieldValues, SandboxMessage } from '../../sandbox/slack/types.ts';
import type { Call } from '../../sandbox/voice/types.ts';
import { alertmanager, boardUnder, tool } from '../e2e/alert-flow.ts';
import { ask, becomes, type Flow, soon, startFlow } from '../e2e/flow.ts';
import { configOf, fillModal, openModal, recording, showOptions } from '../support/world.ts';
import { launchBrowser, skip } from './browser.ts';

// Times on the screens are in the time zone of the sandbox's people.
process.env.TZ = 'Asia/Kolkata';

const floor = Array.from({ length: 150 }, (_, i) => `"+91 85632 ${14_100 + i}"`);
const configText = (approveOver: number) => `
country: IN
voice: { loopCount: 2, maxRingingTime: 30, submit: { concurrency: 1, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
reach: { confirmKey: "1" }
lists:
  db-oncall: ["Dana: +91 85632 15001", "Emil: +91 85632 15002", "Farah: +91 85632 15003", "Gwen: +91 85632 15004"]
  leads: ["Farah: +91 85632 15003", "Gwen: +91 85632 15004", "Hugo: +91 85632 15005"]
  night-oncall: ["Dana: +91 85632 15001", "Emil: +91 85632 15002"]
  building: [${floor.join(', ')}]
limits: { calleesPerRequest: 1000, callsPerHour: 10000, perCallee: { calls: 50, per: 15m } }
approval: { calleesOver: ${approveOver}, approvers: [U0BEN, U0CLEO], channel: C0APPROVE, quorum: 1, expiresAfter: 30m }
rules:
  - { name: db-critical, channels: [C0ALERTS], match: { severity: [critical], from: [B0OTHER] }, call: [night-oncall],
      say: "Database alert. {title}.", cooldown: 1h }
`;

interface Stage {
  flow: Flow;
  /** Opens the page as a person, in a channel or thread. */
  look(me: string, channel: string, thread?: string): Promise<void>;
  page: Page;
  /** Writes one file with these parts of the page and everything between them. */
  shoot(name: string, ...parts: Locator[]): Promise<void>;
}

const message = (page: Page, { ts }: SandboxMessage, pane = '#messages') =>
  page.locator(`${pane} .message[data-ts="${ts}"]`);

/** A phone that only rings, until a person acts on it. */
function ringing(flow: Flow, count: number): Promise<Call[]> {
  return soon(flow, `${count} phones ring`, () => {
    const calls = flow.voice.calls.filter((call) => call.state === 'ringing');
    return calls.length === count ? calls : undefined;
  });
}

/** Waits until no message has been posted or edited for a while. */
async function quiet(flow: Flow): Promise<void> {
  let before = '';
  let same = 0;
  await soon(flow, 'nothing more is shown', () => {
    const all = [...flow.slack.state.messages.values()].flat();
    const now = all.map(({ ts, edits }) => `${ts} ${edits}`).join();
    same = now === before ? same + 1 : 0;
    before = now;
    return same > 40;
  });
}

/** How a ringing phone ends. */
type End = 'answered' | 'pressed 1' | 'busy' | 'declined' | 'no answer';

/** Ends the calls at once, in the order of their numbers: for them a second of ringing or talking takes 1 ms. */
function endCalls(flow: Flow, calls: Call[], ends: End[]): void {
  const sorted = [...calls].sort((a, b) => a.callee.localeCompare(b.callee));
  flow.voice.setBehaviour({ secondMs: 1 });
  for (const [i, { voiceId }] of sorted.entries()) {
    const end = ends[i % ends.length];
    if (end === 'answered') flow.voice.answer(voiceId, { seconds: 13 });
    if (end === 'pressed 1') flow.voice.answer(voiceId, { seconds: 9, key: '1' });
    if (end === 'busy') flow.voice.busy(voiceId);
    if (end === 'declined') flow.voice.decline(voiceId);
    if (end === 'no answer') flow.voice.leaveRinging(voiceId);
  }
  flow.voice.setBehaviour({ secondMs: 1000 });
}

async function called(flow: Flow, values: FieldValues, ends: End[]): Promise<SandboxMessage> {
  const count = ends.length;
  const board = await ask(flow, values);
  endCalls(flow, await ringing(flow, count), ends);
  await becomes(flow, board, 'done', { callees: count });
  return board;
}

async function form({ flow, look, page, shoot }: Stage): Promise<void> {
  await look('U0ASHA', 'C0OPS');
  const modal = page.locator('#modal');
  const formShown = page.locator('form[data-callback="voicecall"]');
  const close = () =>
    flow.slack.closeView('U0ASHA', flow.slack.state.views.get('U0ASHA')?.at(-1)?.id ?? '', true);

  const id = await openModal(flow);
  await formShown.waitFor();
  await shoot('form-short', modal);
  await showOptions(flow, 'U0ASHA', id, ['loopCount']);
  await modal.locator('[data-field="loopCount"]').waitFor();
  await shoot('form-long', modal);
  await close();
  await modal.waitFor({ state: 'hidden' });

  await openModal(flow);
  await formShown.waitFor();
  await modal.locator('[data-field="callee"] textarea').fill('12\n+91 98');
  await modal.locator('button[type=submit]').click();
  await modal.getByRole('alert').first().waitFor();
  await shoot('form-errors', modal);
  await close();

  await fillModal(flow, { callee: '+91 98765 00017', lists: ['db-oncall'], people: ['U0BEN'] });
  await page.locator('form[data-callback="voicecall_confirm"]').waitFor();
  await shoot('confirm', modal);
  await close();
}

async function boards({ flow, look, page, shoot }: Stage): Promise<void> {
  const text = 'The database is down. Please join the bridge.';
  const board = await ask(flow, { fileId: null, text, lists: ['db-oncall'] });
  const calls = await ringing(flow, 4);
  await becomes(flow, board, 'sent');
  await look('U0ASHA', 'C0OPS');
  await shoot('calling', message(page, board));
  endCalls(flow, calls, ['pressed 1', 'busy', 'declined', 'no answer']);
  await becomes(flow, board, 'done', { answered: 1, not_answered: 3 });
  await look('U0ASHA', 'C0OPS', board.ts);
  await shoot('done-unanswered', message(page, board));
  const thread = page.locator('#replies .message');
  await shoot('done-unanswered-thread', thread.first(), thread.last());
  await shoot('results', thread.nth(1), thread.last());

  const all = await called(flow, { lists: ['leads'] }, ['answered', 'pressed 1', 'answered']);
  await look('U0ASHA', 'C0OPS', all.ts);
  await shoot('all-answered', message(page, all));

  flow.voice.faults.next({ reset: 'after-reading' });
  const lost = await ask(flow, { lists: ['night-oncall'] });
  await becomes(flow, lost, 'sent', { unknown: 2 });
  await soon(flow, 'a person is asked', () =>
    flow.slack
      .history('C0OPS')
      .find(({ ts, blocks }) => ts === lost.ts && JSON.stringify(blocks).includes('call_settle')),
  );
  await look('U0ASHA', 'C0OPS', lost.ts);
  await shoot('unknown', message(page, lost));
}

async function approval({ flow, look, page, shoot }: Stage): Promise<void> {
  flow.setConfig(configText(2));
  const board = await ask(flow, { lists: ['leads'] });
  const card = await soon(flow, 'the card', () => flow.slack.history('C0APPROVE').at(-1));
  await look('U0BEN', 'C0APPROVE');
  await shoot('approval-card', message(page, card));
  await look('U0ASHA', 'C0OPS');
  await shoot('approval-board', message(page, board));
  await flow.slack.press('U0ASHA', 'C0OPS', board.ts, 'call_cancel');
  await becomes(flow, board, 'cancelled');
  flow.setConfig(configText(1000));
}

async function alert({ flow, look, page, shoot }: Stage): Promise<void> {
  const fires = (name: string) =>
    flow.slack.postAs(tool, 'C0ALERTS', alertmanager('FIRING:1', name, 'db-3 critical'));
  const thread = async (name: string, first: SandboxMessage) => {
    await look('U0ASHA', 'C0ALERTS', first.ts);
    await shoot(name, page.locator('#replies .message').first(), page.locator('#replies .message').last());
  };
  const missed = fires('Replica lag above 30 s');
  const board = await boardUnder(flow, missed);
  endCalls(flow, await ringing(flow, 2), ['no answer', 'declined']);
  await becomes(flow, board, 'done', { not_answered: 2 });
  await thread('alert-unanswered', missed);
  await shoot(
    'alert-unanswered-channel',
    page.locator('#messages .message').first(),
    page.locator('#messages .message').last(),
  );

  const taken = fires('Disk almost full');
  const second = await boardUnder(flow, taken);
  const calls = await ringing(flow, 2);
  await becomes(flow, second, 'sent');
  await thread('alert-calling', taken);
  await flow.slack.press('U0BEN', 'C0ALERTS', second.ts, 'call_ack');
  endCalls(flow, calls, ['answered', 'no answer']);
  await becomes(flow, second, 'done');
  await thread('alert-taken', taken);
}

async function crowd({ flow, look, page, shoot }: Stage): Promise<void> {
  const ends: End[] = ['no answer', 'busy', 'no answer', 'declined', 'answered', 'no answer'];
  const board = await called(
    flow,
    { lists: ['building'] },
    Array.from({ length: 150 }, (_, i) => ends[i % ends.length] ?? 'busy'),
  );
  await look('U0ASHA', 'C0OPS', board.ts);
  await shoot('crowd', message(page, board));
  await shoot(
    'crowd-thread',
    page.locator('#replies .message').first(),
    page.locator('#replies .message').last(),
  );
}

async function home({ flow, look, page, shoot }: Stage): Promise<void> {
  await flow.slack.openHome('U0ASHA');
  await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0ASHA'));
  await look('U0ASHA', 'home');
  await shoot('home', page.locator('#home'));
}

async function draw(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // Phones ring until they are told to end, so that the screen can be drawn.
  const flow = await startFlow({
    config: configText(1000),
    voice: { autoAnswerMs: null, secondMs: 1000, ringAfterMs: 5 },
  });
  const night = new Date(flow.clock.now());
  night.setHours(25, 30, 0, 0);
  flow.clock.jump(night.getTime() - flow.clock.now());
  const server = await startPage({
    slack: flow.slack,
    phones: phonesOf(flow.voice),
    alertChannel: 'C0ALERTS',
    rules: configOf(configText(1000)).rules,
    port: 0,
    status: () => ({ state: 'running', detail: '' }),
    post: async () => '',
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 4000 }, deviceScaleFactor: 2 });
    page.setDefaultTimeout(15_000);
    const stage: Stage = {
      flow,
      page,
      async look(me, channel, thread = '') {
        await quiet(flow);
        await page.goto('about:blank');
        await page.goto(`${server.url}#${new URLSearchParams({ me, channel, thread })}`);
        await page.locator(`#channel-${channel}[aria-current]`).waitFor();
        await page.mouse.move(0, 0);
      },
      async shoot(name, ...parts) {
        const boxes = await Promise.all(parts.map((part) => part.boundingBox()));
        await page.screenshot({ path: resolve(folder, `${name}.png`), clip: around(boxes) });
        console.log(`${name}.png`);
      },
    };
    for (const surface of [form, boards, approval, alert, crowd, home]) await surface(stage);
  } finally {
    await browser.close();
    await server.stop();
    await flow.stop();
  }
}

type Box = { x: number; y: number; width: number; height: number };

/** The smallest box around all of them. */
function around(boxes: (Box | null)[]): Box {
  const all = boxes.filter((box) => box !== null);
  const x = Math.min(...all.map((box) => box.x));
  const y = Math.min(...all.map((box) => box.y));
  const right = Math.max(...all.map((box) => box.x + box.width));
  const bottom = Math.max(...all.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

if (skip) {
  console.error(`Cannot draw: ${skip}.`);
  process.exit(1);
}
await draw(resolve(process.argv[2] ?? 'screens'));
