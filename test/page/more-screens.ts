/** Pictures of what people ask for: answers to commands, windows, and boards that wait for something. */

import { alertmanager, boardUnder, tool } from '../e2e/alerts/alert-flow.ts';
import { postTo, webhook } from '../e2e/alerts/source-flow.ts';
import { ask, becomes, boards, soon } from '../e2e/flow.ts';
import { fillModal } from '../support/world.ts';
import { called, configText, endCalls, message, ringing, type Stage } from './stage.ts';

/** Types a command and draws its answer. */
async function answerTo({ flow, look, page, shoot }: Stage, command: string, name: string, user = 'U0ASHA') {
  const before = flow.slack.ephemerals(user).length;
  await flow.slack.command(user, 'C0ALERTS', command);
  const told = await soon(flow, `${command} is answered`, () => {
    const all = flow.slack.ephemerals(user);
    return all.length > before ? all.at(-1) : undefined;
  });
  await look(user, 'C0ALERTS');
  await shoot(name, message(page, told));
}

export async function answers(stage: Stage): Promise<void> {
  const { flow } = stage;
  flow.setConfig(configText(2));
  const waiting = await ask(flow, { lists: ['leads'] });
  await answerTo(stage, 'status', 'answer-status');
  await flow.slack.press('U0ASHA', 'C0OPS', waiting.ts, 'call_cancel');
  await becomes(flow, waiting, 'cancelled');
  flow.setConfig(configText(1000));
  await called(flow, { lists: ['leads'] }, ['answered', 'busy', 'answered']);
  const id = String(waiting.metadata?.event_payload.request_id);
  for (const command of ['help', 'history', 'lists', 'rules', 'recordings', 'oncall', 'me', 'statsu', 'Asha'])
    await answerTo(stage, command, `answer-${command}`);
  // The test call of `me`.
  endCalls(flow, await ringing(flow, 1), ['answered']);
  await answerTo(stage, `status ${id}`, 'answer-status-one');
  await answerTo(stage, `cancel ${id}`, 'answer-cancel');
}

export async function views({ flow, look, page, shoot }: Stage): Promise<void> {
  const modal = page.locator('#modal');
  const shown = async (name: string, callback: string, user = 'U0ASHA') => {
    await page.locator(`form[data-callback="${callback}"]`).waitFor();
    await shoot(name, modal);
    await flow.slack.closeView(user, flow.slack.state.views.get(user)?.at(-1)?.id ?? '', true);
  };
  const board = await called(flow, { lists: ['db-oncall'] }, ['pressed 1', 'busy', 'declined', 'no answer']);
  await look('U0ASHA', 'C0OPS');
  await flow.slack.press('U0ASHA', 'C0OPS', board.ts, 'call_details');
  await shown('view-details', 'voicecall_details');
  await flow.slack.press('U0ASHA', 'C0OPS', board.ts, 'call_redial');
  await shown('view-redial', 'voicecall');
  flow.setConfig(configText(2));
  await fillModal(flow, { lists: ['leads'] });
  await shown('view-confirm-approval', 'voicecall_confirm');
  const cards = flow.slack.history('C0APPROVE').length;
  const waiting = await ask(flow, { lists: ['leads'] });
  const card = await soon(flow, 'the card', () => flow.slack.history('C0APPROVE')[cards]);
  await flow.slack.openHome('U0BEN');
  await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0BEN'));
  await look('U0BEN', 'home');
  await shoot('home-approver', page.locator('#home'));
  await look('U0BEN', 'C0APPROVE');
  await flow.slack.press('U0BEN', 'C0APPROVE', card.ts, 'call_reject');
  await shown('view-reject', 'voicecall_reject', 'U0BEN');
  await flow.slack.press('U0BEN', 'C0APPROVE', card.ts, 'call_review');
  await shown('view-review', 'voicecall_review', 'U0BEN');
  await flow.slack.press('U0BEN', 'C0APPROVE', card.ts, 'call_approve');
  endCalls(flow, await ringing(flow, 3), ['answered']);
  await becomes(flow, waiting, 'done');
  await look('U0ASHA', 'C0OPS', waiting.ts);
  await shoot(
    'approved-thread',
    page.locator('#replies .message').first(),
    page.locator('#replies .message').last(),
  );
  await look('U0BEN', 'C0APPROVE');
  await shoot('approved-card', message(page, card));
  flow.setConfig(configText(1000));
}

export async function boardsInTime(stage: Stage): Promise<void> {
  const { flow, look, page, shoot } = stage;
  const thread = async (name: string, channel: string, ts: string) => {
    await look('U0ASHA', channel, ts);
    await shoot(name, page.locator('#replies .message').first(), page.locator('#replies .message').last());
  };
  const when = String(Math.floor((flow.clock.wallOf(flow.clock.now()) + 3_600_000) / 1000));
  const later = await ask(flow, { lists: ['leads'], when });
  await thread('scheduled', 'C0OPS', later.ts);

  const fires = flow.slack.postAs(tool, 'C0ALERTS', alertmanager('FIRING:1', 'web-1 is down', 'warning'));
  const ladder = await boardUnder(flow, fires);
  endCalls(flow, await ringing(flow, 2), ['declined', 'no answer']);
  await becomes(flow, ladder, 'sending', { not_answered: 2 });
  await thread('ladder', 'C0ALERTS', fires.ts);
  await answerTo(stage, 'status', 'answer-status-ladder', 'U0BEN');
  await flow.slack.press('U0BEN', 'C0ALERTS', ladder.ts, 'call_cancel');
  await becomes(flow, ladder, 'sent');
  await thread('ladder-stopping', 'C0ALERTS', fires.ts);
  endCalls(flow, await ringing(flow, 3), ['no answer', 'busy', 'answered']);
  await becomes(flow, ladder, 'done');
  await thread('ladder-stopped', 'C0ALERTS', fires.ts);

  const taken = flow.slack.postAs(tool, 'C0ALERTS', alertmanager('FIRING:1', 'web-2 is down', 'warning'));
  const second = await boardUnder(flow, taken);
  endCalls(flow, await ringing(flow, 2), ['answered', 'pressed 1']);
  await becomes(flow, second, 'done');
  await thread('ladder-taken', 'C0ALERTS', taken.ts);

  flow.slack.postAs(tool, 'C0ALERTS', alertmanager('RESOLVED', 'web-2 is down', 'warning'));
  await soon(flow, 'the board says so', () =>
    boards(flow, 'C0ALERTS').some(({ text }) => text.startsWith('Resolved')),
  );
  await thread('alert-resolved', 'C0ALERTS', taken.ts);

  const before = boards(flow, 'C0ALERTS').length;
  await postTo(
    flow.app.port(),
    'prometheus',
    webhook('HighLatency', { annotations: { summary: 'p99 above 2 s' } }),
  );
  const pushed = await soon(flow, 'the board', () => boards(flow, 'C0ALERTS')[before]);
  endCalls(flow, await ringing(flow, 3), ['answered', 'busy', 'no answer']);
  await becomes(flow, pushed, 'done');
  await thread('posted-alert', 'C0ALERTS', pushed.thread_ts ?? '');

  flow.setConfig(`${configText(1000).replace('calls: 50', 'calls: 1')}hours: { between: "08:00-21:00" }\n`);
  const some = await ask(flow, { lists: ['leads'], callee: '+1 415 555 0132' });
  await becomes(flow, some, 'sending');
  await thread('hours', 'C0OPS', some.ts);
  await flow.slack.press('U0ASHA', 'C0OPS', some.ts, 'call_cancel');
  const again = flow.slack.postAs(tool, 'C0ALERTS', alertmanager('FIRING:1', 'web-3 is down', 'warning'));
  await thread('held', 'C0ALERTS', (await boardUnder(flow, again)).thread_ts ?? '');
}
