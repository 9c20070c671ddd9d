// A test call: the person's own number, an ordinary request, and its outcome in a direct message.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import { usualConfig } from '../support/world.ts';
import { ask, becomes, boards, type Flow, shownText, soon, startFlow } from './flow.ts';

const config = `${usualConfig.replace('voice: {', 'voice: { displayNum: "6591119999", displayNums: ["6591119999", "6591118888"],')}
callers: [U0ASHA, U0BEN, U0CLEO]
reach: { confirmKey: "5" }
approval: { calleesOver: 0, between: "00:00-23:59", outsideCountries: [IN], approvers: [U0BEN] }
`;
const asha = '919876543210';

for (const database of databaseKinds) {
  describe(`a test call, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      flow = await startFlow({ database, config });
    });
    afterEach(async () => {
      flow.voice.faults.clear();
      flow.voice.setBehaviour({
        autoKey: null,
        autoAnswerMs: 10,
        secondMs: 1,
        phones: { [asha]: { answer: {} } },
      });
      for (const user of ['U0ASHA', 'U0BEN'])
        for (const view of flow.slack.state.views.get(user) ?? [])
          await flow.slack.closeView(user, view.id, true);
      // After the two minutes in which a second ask is the same request, and the minute for which people are cached.
      flow.clock.jump(130_000);
    });
    after(() => flow.end());

    const direct = (user: string) => `D${user.slice(1)}`;
    const outcomes = (user: string) =>
      flow.slack
        .history(direct(user))
        .filter((each) => each.metadata?.event_type === 'voicecall_reply')
        .map(shownText);
    const callMe = async (user: string) => {
      const told = flow.slack.ephemerals(user).length;
      await flow.slack.command(user, 'C0OPS', 'me');
      return await soon(flow, `${user} is told`, () => flow.slack.ephemerals(user)[told]?.text);
    };
    const comesTo = (user: string, before: number, words: RegExp) =>
      soon(flow, `what came of it: ${words}, now ${outcomes(user)[before]}`, () =>
        words.test(outcomes(user)[before] ?? '') ? outcomes(user)[before] : undefined,
      );

    test('calls the number of the profile with a test text; the key and the caller number are told privately', async () => {
      flow.voice.setBehaviour({ autoKey: '5' });
      assert.match(await callMe('U0ASHA'), /Calling your phone \(\+91 …3210\) now.*direct message/);
      await comesTo('U0ASHA', 0, /You were reached:\* you answered and pressed \*5\*/);
      assert.match(outcomes('U0ASHA')[0] ?? '', /Caller number: `\+6591119999`/);
      assert.equal(flow.voice.calls.length, 1);
      const [sent] = flow.voice.requests.filter((each) => each.path.endsWith('/sendCode'));
      const body = sent?.body as Record<string, unknown>;
      assert.equal(body.callee, asha);
      assert.match(String(body.text), /^This is a test\b.*Press 5/);
      const [board] = boards(flow, direct('U0ASHA'));
      assert.ok(board);
      await becomes(flow, board, 'done', { answered: 1 });
      assert.equal(boards(flow, 'C0OPS').length, 0, 'nobody else sees it');
    });

    test('a later request’s confirm view shows who was reached, and how long ago', async () => {
      const board = await ask(flow, { callee: `+${asha}, +91 85632 14120` });
      assert.ok(board);
      const form = flow.views.findLast((view) => view.callback_id === 'voicecall');
      const lists = JSON.stringify(form?.blocks.find((each) => each.block_id === 'lists'));
      assert.match(lists, /"db-oncall".*"2 people, 2 of them never reached"/);
      const confirm = flow.views.findLast((view) => view.callback_id === 'voicecall_confirm');
      const text = JSON.stringify(confirm?.blocks);
      assert.match(text, /3210 · last reached within the hour/);
      assert.match(text, /4120 · never reached/);
    });

    test('nobody answers: the reason is shown, and the Home button calls again', async () => {
      flow.voice.setBehaviour({ phones: { [asha]: 'busy' } });
      const before = outcomes('U0ASHA').length;
      await flow.slack.openHome('U0ASHA');
      const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0ASHA'));
      await flow.slack.pressInView('U0ASHA', home.id, 'call_me');
      await comesTo('U0ASHA', before, /You were not reached\*.*busy/i);
      const message = flow.slack
        .history(direct('U0ASHA'))
        .findLast((each) => each.metadata?.event_type === 'voicecall_reply');
      flow.clock.jump(130_000);
      flow.voice.setBehaviour({ phones: { [asha]: { answer: {} } } });
      await flow.slack.press('U0ASHA', direct('U0ASHA'), message?.ts ?? '', 'call_me');
      await comesTo('U0ASHA', before + 1, /You were reached:\* you answered, and no key was reported/);
    });

    test('pressing twice calls once', async () => {
      const before = flow.voice.calls.length;
      // Rings for a minute of real time, so that it still rings at the third ask.
      flow.voice.setBehaviour({ autoAnswerMs: null, secondMs: 1_000, phones: { [asha]: 'wait' } });
      const told = flow.slack.ephemerals('U0ASHA').length;
      await Promise.all([callMe('U0ASHA'), callMe('U0ASHA')]);
      const answers = await soon(flow, 'both are answered', () => {
        const texts = flow.slack.ephemerals('U0ASHA').slice(told);
        return texts.length >= 2 ? texts.map(({ text }) => text) : undefined;
      });
      // In either order.
      assert.equal(answers.filter((text) => /Calling your phone/.test(text)).length, 1, answers.join('\n'));
      await flow.slack.command('U0ASHA', 'C0OPS', 'me');
      await soon(flow, 'a third is told the same', () =>
        flow.slack.ephemerals('U0ASHA').some((each) => /under way already/.test(each.text)),
      );
      const ringing = await soon(flow, 'it rings', () => flow.voice.calls[before]);
      flow.voice.decline(ringing.voiceId);
      await soon(flow, 'it is over', () => /not reached/.test(outcomes('U0ASHA').at(-1) ?? ''));
      assert.equal(flow.voice.calls.length, before + 1);
    });

    test('a lost result is shown as unknown, and nothing is sent again automatically', async () => {
      const before = outcomes('U0ASHA').length;
      flow.voice.faults.next({ on: 'sendCode', reset: 'after-reading' });
      const calls = flow.voice.calls.length;
      await callMe('U0ASHA');
      await comesTo('U0ASHA', before, /We don't know whether your phone \(\+91 …3210\) rang/);
      assert.equal(flow.voice.calls.length, calls);
      // Long after a reply about a lost result would have been posted: the person is not asked about their own phone.
      const later = flow.clock.now() + 10 * 60_000;
      await soon(flow, 'ten minutes pass', () => flow.clock.now() > later, { stepMs: 10_000 });
      assert.equal(outcomes('U0ASHA').length, before + 1);
    });

    test('a profile without a valid number: the answer says how to correct it', async () => {
      const ben = flow.slack.state.users.get('U0BEN');
      assert.ok(ben);
      ben.profile.phone = '';
      assert.match(await callMe('U0BEN'), /profile has no phone number, so nobody was called.*\*Phone\*/);
      flow.clock.jump(61_000);
      ben.profile.phone = 'ask Asha';
      assert.match(
        await callMe('U0BEN'),
        /phone number in your Slack profile .*nobody was called.*\*Phone\*/,
      );
      flow.clock.jump(61_000);
      // In the Home tab the answer is a modal.
      await flow.slack.openHome('U0BEN');
      const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0BEN'));
      await flow.slack.pressInView('U0BEN', home.id, 'call_me');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      assert.match(JSON.stringify(view.blocks), /nobody was called/);
      assert.equal(outcomes('U0BEN').length, 0);
    });

    test('a number whose calls need approval is not called without it', async () => {
      const cleo = flow.slack.state.users.get('U0CLEO');
      assert.ok(cleo);
      cleo.profile.phone = '+65 9111 0001';
      const before = flow.voice.calls.length;
      assert.match(await callMe('U0CLEO'), /need approval \(1 outside IN\), so nobody was called/);
      assert.equal(flow.voice.calls.length, before);
    });

    test('a limit that holds the call is told at once, and once; nobody is called', async () => {
      const shown = () => [
        flow.voice.calls.length,
        boards(flow, direct('U0ASHA')).length,
        outcomes('U0ASHA').length,
      ];
      const before = shown();
      flow.setConfig(`${config}limits: { perCallee: { calls: 1, per: 24h } }\n`);
      assert.match(
        await callMe('U0ASHA'),
        /Your phone was not called: held back: called as often as the limit for one number allows; next possible: /,
      );
      flow.setConfig(config);
      assert.deepEqual(shown(), before);
    });

    test('only callers may', async () => {
      assert.match(await callMe('U0GUEST'), /may not/);
      flow.slack.state.users.set('U0DAN', {
        ...(flow.slack.state.users.get('U0CLEO') ?? ([] as never)),
        id: 'U0DAN',
      });
      assert.match(await callMe('U0DAN'), /not on the list/);
      await flow.slack.openHome('U0DAN');
      const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0DAN'));
      assert.doesNotMatch(JSON.stringify(home.blocks), /call_me/);
      assert.match(JSON.stringify(home.blocks), /contact_card/);
    });

    test('the contact card comes as a file with all caller numbers, once', async () => {
      await flow.slack.openHome('U0BEN');
      const home = await soon(flow, 'the Home tab', () => flow.slack.state.homes.get('U0BEN'));
      const cards = () =>
        [...flow.slack.state.files.values()].filter((file) => file.complete && file.name === 'voicecall.vcf');
      await flow.slack.pressInView('U0BEN', home.id, 'contact_card');
      const [view] = flow.slack.state.views.get('U0BEN') ?? [];
      await flow.slack.closeView('U0BEN', view?.id ?? '', true);
      await flow.slack.pressInView('U0BEN', home.id, 'contact_card');
      const card = await soon(flow, 'the card', () => cards()[0]);
      assert.deepEqual(card.channels, [direct('U0BEN')]);
      const text = card.content.toString();
      assert.match(text, /^BEGIN:VCARD\r\nVERSION:3.0\r\nN:Voicecall;;;;\r\n/);
      assert.match(text, /TEL;TYPE=VOICE:\+6591119999\r\nTEL;TYPE=VOICE:\+6591118888\r\n/);
      await soon(flow, 'nothing waits', () => flow.slack.settled().then(() => true));
      assert.equal(cards().length, 1);
    });
  });
}
