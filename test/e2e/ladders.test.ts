// Steps of a rule: who is called next, and what ends a ladder.
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { recording } from '../support/world.ts';
import { boardUnder, callsTo, firing, post, resolved, said } from './alerts/alert-flow.ts';
import { becomes, current, type Flow, shownText, soon, startFlow, toldAlone } from './flow.ts';

const config = `
country: IN
voice: { submit: { concurrency: 2, perSecond: 200 } }
recordings: { fire-drill: ${recording} }
reach: { confirmKey: "1" }
limits: { deny: ["+918563224700", "+918563224701"] }
lists: { oncall: ["+91 85632 24100", "+91 85632 24101"], leads: ["+91 85632 24200"], cto: ["+91 85632 24300"] }
rules:
  - { name: ladder, channels: [C0ALERTS], match: { from: [B0OTHER], title: db- }, call: [oncall], say: "{title}. Press 1 to take it.",
      until: confirmed, enough: 1, then: [{ after: 5m, call: [leads], say: "Leads. {title}. Press 1." }, { after: 10m, call: [cto] }] }
  - { name: offline, channels: [C0ALERTS], match: { from: [B0OTHER], title: net- }, call: ["+91 85632 24500"], say: "{title}. Press 1.",
      until: confirmed, then: [{ after: 1m, call: [U0BEN] }, { after: 1m, call: ["+91 85632 24501"] }] }
  - { name: gone, channels: [C0ALERTS], match: { from: [B0OTHER], title: gone- }, call: [U0GONE, S0EMPTY], say: "{title}. Press 1.",
      until: confirmed, then: [{ after: 5m, call: [U0GONE] }, { after: 5m, call: ["+65 9111 0601"] }, { after: 5m, call: ["+91 85632 24601"] }] }
  - { name: nobody, channels: [C0ALERTS], match: { from: [B0OTHER], title: nobody- }, call: ["+91 85632 24700"], say: "{title}. Press 1.",
      until: confirmed, then: [{ after: 5m, call: ["+91 85632 24701"] }] }
`;

/** On a busy machine too, the test must look and act before the next step, five minutes later. */
const shortStepMs = 500;

/** The board's metadata. */
function told(flow: Flow, board: Parameters<typeof current>[1]) {
  return current(flow, board).metadata?.event_payload ?? {};
}

for (const database of databaseKinds) {
  describe(`a ladder of a rule, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
      flow.stepMs = 3_000;
      const { usergroups } = flow.slack.state;
      const empty = {
        id: 'S0EMPTY',
        handle: 'empty',
        name: 'Empty',
        description: '',
        users: [],
        date_delete: 0,
      };
      usergroups.set('S0EMPTY', empty);
    });
    after(() => flow.end());

    function takeShortSteps(t: TestContext): void {
      const { stepMs } = flow;
      flow.stepMs = shortStepMs;
      t.after(() => {
        flow.stepMs = stepMs;
      });
    }

    test('a ladder whose first step can call nobody begins with the first step that can', async () => {
      flow.voice.setBehaviour({ phones: { '0601': 'busy', '4601': { answer: { seconds: 3, key: '1' } } } });
      const alert = post(flow, firing('gone-1'));
      const board = await boardUnder(flow, alert);
      await said(
        flow,
        alert,
        'Step 1 of rule gone calls nobody, so the next step starts at once: The user group S0EMPTY has no members; Gone is deactivated in Slack.',
      );
      await becomes(flow, board, 'done', { callees: 2, accepted: 2, answered: 1, not_answered: 1 });
      assert.match(shownText(current(flow, board)), /called \*2 people in 2 countries\*/);
      assert.equal(told(flow, board).step, 4);
      assert.equal(callsTo(flow, '6591110601').length, 1);
      assert.equal(callsTo(flow, '918563224601').length, 1);
    });

    test('a ladder in which nobody can be called now is tried again as a whole', async () => {
      const alert = post(flow, firing('nobody-1'));
      await said(flow, alert, 'Rule nobody called nobody yet: ');
      flow.voice.setBehaviour({ phones: { '4701': { answer: { seconds: 3, key: '1' } } } });
      flow.setConfig(config.replace(', "+918563224701"]', ']'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, '918563224701').length, 1);
      flow.setConfig(config);
    });

    test('a key ends a ladder, acknowledges the alert and names who pressed', async () => {
      flow.voice.setBehaviour({
        phones: { '4100': 'rejected', '4101': 'rejected', '4200': { answer: { seconds: 4, key: '1' } } },
      });
      const alert = post(flow, firing('db-key lag', 'critical'));
      const board = await boardUnder(flow, alert);
      await soon(flow, 'the leads are called', () => callsTo(flow, '918563224200').length === 1, {
        stepMs: 2_000,
      });
      assert.equal(callsTo(flow, '918563224200')[0]?.text, 'Leads. db-key lag critical. Press 1.');
      await becomes(flow, board, 'done', { callees: 3, answered: 1 });
      await soon(flow, 'who pressed is shown as having it', () =>
        /pressed 1/.test(shownText(current(flow, board))),
      );
      assert.equal(told(flow, board).confirmed, 1);
      assert.equal(told(flow, board).step, 2);
      await soon(flow, 'the alert is taken', () => /has got it/.test(shownText(current(flow, board))));
      assert.equal(callsTo(flow, '918563224300').length, 0);
    });

    test('status and the Home tab show a running ladder to everybody who may call, without what the alert says', async () => {
      flow.voice.setBehaviour({ phones: { '4100': 'rejected', '4101': 'rejected' } });
      const alert = post(flow, firing('db-secret lag', 'critical'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'sent', { not_answered: 2 });
      const shown = async (user: string) => {
        const { reply } = await flow.slack.command(user, 'C0OPS', 'status');
        await flow.slack.openHome(user);
        const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get(user));
        return [shownText(reply ?? {}), JSON.stringify(home.blocks)];
      };
      for (const text of await shown('U0CLEO')) {
        assert.match(text, /rule ladder/);
        assert.match(text, /Step \d of 3, goes on at/);
        assert.match(text, /<#C0ALERTS>/);
        assert.doesNotMatch(text, /secret/);
      }
      for (const text of await shown('U0GUEST')) assert.doesNotMatch(text, /rule ladder/);
      post(flow, resolved('db-secret lag', 'critical'));
      await becomes(flow, board, 'done');
      await soon(flow, 'it is over there too', async () =>
        (await shown('U0CLEO')).every((text) => !/rule ladder/.test(text)),
      );
    });

    test('a ladder that reaches nobody calls every step once and ends', async () => {
      flow.voice.setBehaviour({
        phones: {
          '4100': 'rejected',
          '4101': { answer: { seconds: 2 } },
          '4200': 'busy',
          '4300': 'no-answer',
        },
      });
      const before = flow.voice.calls.length;
      const alert = post(flow, firing('db-nobody lag', 'critical'));
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { callees: 4, answered: 1, not_answered: 3 });
      assert.equal(flow.voice.calls.length, before + 4);
      assert.match(shownText(current(flow, board)), /Nobody is left to call/);
      assert.equal(told(flow, board).confirmed, 0);
      assert.equal(told(flow, board).reached, 0);
      assert.equal(told(flow, board).step, 3);
    });

    test('a resolve ends a ladder between its steps', async (t) => {
      takeShortSteps(t);
      const alert = post(flow, firing('db-resolve lag', 'critical'));
      const board = await boardUnder(flow, alert);
      await soon(flow, 'the first step is over', () => told(flow, board).accepted === 2);
      const before = callsTo(flow, '918563224200').length;
      post(flow, resolved('db-resolve lag', 'critical'));
      await said(flow, alert, 'Resolved');
      await becomes(flow, board, 'done', { callees: 2 });
      flow.clock.jump(3_600_000);
      await soon(flow, 'it says so', () =>
        /Resolved · .*Nobody else is called/s.test(shownText(current(flow, board))),
      );
      assert.equal(callsTo(flow, '918563224200').length, before);
    });

    test('Stop and *I’ve got it* end the ladder while no call is running', async (t) => {
      takeShortSteps(t);
      for (const [button, words] of [
        ['call_cancel', 'Stopped by'],
        ['call_ack', 'has got it'],
      ] as const) {
        const alert = post(flow, firing(`db-${button} lag`, 'critical'));
        const board = await boardUnder(flow, alert);
        await soon(
          flow,
          'the first step is over',
          () => told(flow, board).answered === 1 && told(flow, board).not_answered === 1,
        );
        const before = flow.voice.calls.length;
        await flow.slack.press('U0ASHA', board.channel, board.ts, button);
        await becomes(flow, board, 'done', { callees: 2 });
        await soon(flow, words, () => shownText(current(flow, board)).includes(words));
        flow.clock.jump(3_600_000);
        await toldAlone(flow, 'U0ASHA');
        assert.equal(flow.voice.calls.length, before);
      }
    });

    test('Slack is down during the whole ladder: people are called, and the board comes later', async () => {
      flow.voice.setBehaviour({
        phones: { '4500': 'busy', '3211': 'rejected', '4501': { answer: { seconds: 2, key: '1' } } },
      });
      const alert = post(flow, firing('net-down lag', 'critical'));
      flow.slack.fault({ method: '*', times: 1_000_000, kind: 'drop_before' });
      await soon(flow, 'the last step is called', () => callsTo(flow, '918563224501').length === 1);
      assert.equal(callsTo(flow, '918563224500').length, 1);
      assert.equal(
        callsTo(flow, '919876543211').length,
        1,
        'a person of Slack, by the number that Slack told before',
      );
      flow.slack.clearFaults();
      const board = await boardUnder(flow, alert);
      await becomes(flow, board, 'done', { callees: 3, answered: 1 });
      assert.equal(told(flow, board).confirmed, 1);
    });

    test('every caller can look at a ladder by its id, as /voicecall status lists it, and cancel it', async () => {
      const by = async (user: string, text: string) => {
        const before = flow.slack.ephemerals(user).length;
        await flow.slack.command(user, 'C0OPS', text);
        const said = await soon(flow, 'the answer', () => flow.slack.ephemerals(user)[before], { stepMs: 0 });
        return shownText(said);
      };
      flow.voice.setBehaviour({ phones: { '4100': 'busy', '4101': 'busy' } });
      const board = await boardUnder(flow, post(flow, firing('db-looked at', 'critical')));
      // In short steps, so that the second step does not start.
      await soon(flow, 'the first step is over', () => told(flow, board).not_answered === 2, { stepMs: 50 });
      const id = String(told(flow, board).request_id);
      assert.match(await by('U0CLEO', 'status'), new RegExp(id));
      const looked = await by('U0CLEO', `status ${id}`);
      assert.match(looked, /rule ladder asked to call 2 people/);
      assert.doesNotMatch(looked, /looked at/, 'she may not be in the channel of the alert');
      assert.match(await by('U0GUEST', `status ${id}`), /no request|Guests may not/);
      assert.match(await by('U0CLEO', `cancel ${id}`), /Stopped: nobody else is called/);
      await becomes(flow, board, 'done', { callees: 2 });
    });

    test('a rule deleted from the configuration ends its ladder, and the board says so', async () => {
      const alert = post(flow, firing('db-removed lag', 'critical'));
      const board = await boardUnder(flow, alert);
      await soon(flow, 'the first step is over', () => told(flow, board).accepted === 2, {
        stepMs: shortStepMs,
      });
      const before = flow.voice.calls.length;
      flow.setConfig(config.replace('name: ladder', 'name: renamed'));
      await becomes(flow, board, 'done', { callees: 2 });
      assert.match(shownText(current(flow, board)), /not in the configuration any more/);
      assert.equal(flow.voice.calls.length, before);
      flow.setConfig(config);
    });

    test('a step whose list was taken out of the configuration says so, and the next step starts', async (t) => {
      t.after(() => flow.setConfig(config));
      flow.voice.setBehaviour({ phones: { '4500': 'busy', '4501': { answer: { seconds: 3, key: '1' } } } });
      const rule = (list: string) =>
        `${config}  - { name: removed, channels: [C0ALERTS], match: { from: [B0OTHER], title: removed- }, call: ["+91 85632 24500"], say: "{title}. Press 1.", until: confirmed, then: [{ after: 60m, call: [${list}] }, { after: 60m, call: ["+91 85632 24501"] }] }\n`;
      flow.setConfig(rule('cto'));
      const board = await boardUnder(flow, post(flow, firing('removed-1')));
      flow.setConfig(
        rule('leads')
          .replace(/, cto: \[.*?\]/, '')
          .replace('call: [cto]', 'call: [leads]'),
      );
      await soon(flow, 'the third step', () => told(flow, board).step === 3, { stepMs: 60_000 });
      const words = shownText(current(flow, board));
      assert.match(words, /Step 2: The configuration has no list or roster “cto” any more\./);
      await becomes(flow, board, 'done', { callees: 2, answered: 1 });
    });

    test('the key pressed in a request that repeats an alert’s one takes the alert', async () => {
      flow.voice.setBehaviour({
        phones: { '4100': 'busy', '4101': 'busy', '4200': 'busy', '4300': 'busy' },
      });
      const board = await boardUnder(flow, post(flow, firing('db-again lag', 'critical')));
      await becomes(flow, board, 'done', { callees: 4, not_answered: 4 });
      flow.voice.setBehaviour({ phones: { '4101': { answer: { seconds: 2, key: '1' } } } });
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const form = await soon(flow, 'the form', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const second = await flow.slack.submitView('U0ASHA', form.id, {});
      assert.deepEqual(second.errors, {});
      await flow.slack.submitView('U0ASHA', second.view?.id ?? '', {});
      await soon(flow, 'the alert is taken', () => /has got it/.test(shownText(current(flow, board))));
    });
  });
}
