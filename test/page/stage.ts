/** What the pictures are taken of: the real app with the sandbox's page, in Chromium. */

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { phonesOf } from '../../sandbox/page/platform.ts';
import { startPage } from '../../sandbox/page/server.ts';
import type { FieldValues, SandboxMessage } from '../../sandbox/slack/types.ts';
import type { Call } from '../../sandbox/voice/types.ts';
import { tokens } from '../e2e/alerts/source-flow.ts';
import { ask, becomes, type Flow, soon, startFlow } from '../e2e/flow.ts';
import { configOf, recording } from '../support/world.ts';
import { launchBrowser } from './browser.ts';

// Times on the screens are in the time zone of the sandbox's people.
process.env.TZ = 'Asia/Kolkata';

const floor = Array.from({ length: 150 }, (_, i) => `"+91 85632 ${14_100 + i}"`);
export const configText = (approveOver: number) => `
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
  - { name: web, channels: [C0ALERTS], match: { title: web- }, call: [night-oncall], say: "Web alert. {title}.",
      until: confirmed, then: [{ after: 5m, call: [leads] }] }
  - { name: pushed, sources: [prometheus], channel: C0ALERTS, match: { severity: [critical] }, call: [leads], say: "Alert. {title}." }
sources: { prometheus: { format: alertmanager, channel: C0ALERTS } }
`;

export interface Stage {
  flow: Flow;
  /** Opens the page as a person, in a channel or thread. */
  look(me: string, channel: string, thread?: string): Promise<void>;
  page: Page;
  /** Writes one file with these parts of the page and everything between them. */
  shoot(name: string, ...parts: Locator[]): Promise<void>;
}

export const message = (page: Page, { ts }: SandboxMessage, pane = '#messages') =>
  page.locator(`${pane} .message[data-ts="${ts}"]`);

/** A phone that only rings, until a person acts on it. */
export function ringing(flow: Flow, count: number): Promise<Call[]> {
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
export type End = 'answered' | 'pressed 1' | 'busy' | 'declined' | 'no answer';

/** Ends the calls at once, in the order of their numbers: for them a second of ringing or talking takes 1 ms. */
export function endCalls(flow: Flow, calls: Call[], ends: End[]): void {
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

export async function called(flow: Flow, values: FieldValues, ends: End[]): Promise<SandboxMessage> {
  const count = ends.length;
  const board = await ask(flow, values);
  endCalls(flow, await ringing(flow, count), ends);
  await becomes(flow, board, 'done', { callees: count });
  return board;
}

/** Draws each of the surfaces into a folder. */
export async function draw(folder: string, surfaces: ((stage: Stage) => Promise<void>)[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // Phones ring until they are told to end, so that the screen can be drawn.
  const flow = await startFlow({
    config: configText(1000),
    env: tokens,
    voice: { autoAnswerMs: null, secondMs: 1000, ringAfterMs: 5 },
  });
  const night = new Date(flow.clock.now());
  night.setHours(25, 30, 0, 0);
  flow.clock.jump(night.getTime() - flow.clock.now());
  const server = await startPage({
    slack: flow.slack,
    phones: phonesOf(flow.voice, new Map()),
    alertChannel: 'C0ALERTS',
    rules: configOf(configText(1000)).rules,
    port: 0,
    status: () => ({ state: 'running', detail: '' }),
    post: async () => '',
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 4000 }, deviceScaleFactor: 2 });
    page.setDefaultTimeout(60_000);
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
    for (const surface of surfaces) await surface(stage);
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
