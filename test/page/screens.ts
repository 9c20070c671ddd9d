/**
 * Draws what people see as PNG files, one for each surface: the real app, with the sandbox. `npm run screens --
 * [folder [surface …]]` (default: screens, all). Look at each: is it clear what happened, and what to press?
 */

import { resolve } from 'node:path';
import type { SandboxMessage } from '../../sandbox/slack/types.ts';
import { alertmanager, boardUnder, tool } from '../e2e/alerts/alert-flow.ts';
import { ask, becomes, soon } from '../e2e/flow.ts';
import { fillModal, openModal, showOptions } from '../support/world.ts';
import { skip } from './browser.ts';
import { answers, boardsInTime, views } from './more-screens.ts';
import { called, configText, draw, type End, endCalls, message, ringing, type Stage } from './stage.ts';

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

if (skip) {
  console.error(`Cannot draw: ${skip}.`);
  process.exit(1);
}
const surfaces = [form, boards, approval, alert, crowd, home, answers, views, boardsInTime];
const chosen = process.argv.slice(3);
await draw(
  resolve(process.argv[2] ?? 'screens'),
  surfaces.filter(({ name }) => chosen.length === 0 || chosen.includes(name)),
);
