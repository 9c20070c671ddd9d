import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SandboxFile, SandboxMessage, SandboxView } from '../../sandbox/slack/types.ts';
import { describeCode, documentedCodes } from '../../src/voice/codes.ts';
import { databaseKinds } from '../support/store.ts';
import { fillModal, usualConfig } from '../support/world.ts';
import {
  ask,
  becomes,
  boards,
  current,
  dialled,
  type Flow,
  pressCall,
  replies,
  resultsOf,
  shownText,
  soon,
  startFlow,
  toldAlone,
} from './flow.ts';

const config = `${usualConfig.replace('IN', 'SG')}
limits: { calleesPerRequest: 10000 }
`;

for (const database of databaseKinds) {
  describe(`results, on ${database}`, () => {
    let flow: Flow;
    let next = 6591200100;
    before(async () => {
      flow = await startFlow({ database, config, voice: { report: { form: 'array', gatherMs: 60 } } });
    });
    after(() => flow.end());

    const numbers = (count: number) => Array.from({ length: count }, () => `+${next++}`);
    const askMany = (count: number) => {
      const file = flow.slack.uploadFile('U0ASHA', 'callees.csv', numbers(count).join('\n'));
      return ask(flow, { file: [file.id] });
    };
    const files = (name: RegExp): SandboxFile[] =>
      [...flow.slack.state.files.values()].filter((each) => each.complete && name.test(each.name));

    test('the table has masked numbers and names, outcomes, codes, words and voiceIds', async () => {
      const refused = '+6591209001';
      flow.voice.faults.next({ refuseRows: { code: '-26', reason: 'no <price>', callees: ['6591209001'] } });
      flow.voice.setBehaviour({ phones: { '6591209002': 'busy' } });
      const board = await ask(flow, { callee: `${refused}, +6591209002`, lists: ['db-oncall'] });
      await becomes(flow, board, 'done', {
        callees: 4,
        accepted: 3,
        refused: 1,
        answered: 2,
        not_answered: 1,
      });
      const text = await resultsOf(
        flow,
        board,
        (each) => /"Busy"/.test(each) && (each.match(/"Answered/g) ?? []).length === 2,
      );
      assert.match(text, /\+65 …9002"[^+]*"Busy".*\+65 …9001"[^+]*"Refused by the platform".*"Answered/s);
      assert.match(text, /db-oncall|\+91 …4120/);
      for (const call of flow.voice.calls) {
        assert.ok(!text.includes(call.callee), 'no number in full');
        assert.ok(!text.includes(call.voiceId), 'ids of the platform stand in the details alone');
      }
      assert.match(text, /^2 of 4 answered/);
      await flow.slack.press('U0BEN', board.channel, board.ts, 'call_details');
      const details = await soon(flow, 'the details', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      const shown = JSON.stringify(details.blocks);
      for (const call of flow.voice.calls) assert.ok(shown.includes(call.voiceId), 'every voiceId');
      assert.match(shown, /no price for this destination.*-26/s);
      await flow.slack.closeView('U0BEN', details.id, true);
    });

    test('if every row is refused for one reason, the board says it, and the history claims no call', async () => {
      flow.voice.faults.next({ refuseRows: { code: '-26', count: 1 } });
      const board = await ask(flow, { callee: '+6591209003' });
      await becomes(flow, board, 'done', { callees: 1, refused: 1 });
      await soon(flow, 'the reason and what to do', () =>
        /platform refused \(destination\).*no price for this destination.*account manager/s.test(
          shownText(current(flow, board)),
        ),
      );
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_details');
      const details = await soon(flow, 'the details', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.match(JSON.stringify(details.blocks), /Voicecall finished sending the calls/);
      assert.doesNotMatch(JSON.stringify(details.blocks), /placed the calls/);
      await flow.slack.closeView('U0ASHA', details.id, true);
    });

    test('200 callees of which 3 are refused: one POST, the three in the table, all in the file', async () => {
      const posts = dialled(flow).length;
      flow.voice.faults.next({ refuseRows: { code: '-9', count: 3 } });
      const board = await askMany(200);
      await becomes(flow, board, 'done', { callees: 200, accepted: 197, refused: 3, answered: 197 });
      assert.equal(dialled(flow).length, posts + 1);
      const text = await resultsOf(flow, board, (each) => each.startsWith('197 of 200 answered'));
      assert.equal((text.match(/"Refused by the platform"/g) ?? []).length, 3);
      assert.match(text, /CSV file/);
      const id = String(board.metadata?.event_payload.request_id);
      const file = await soon(flow, 'the file', () => files(new RegExp(`${id}-results`))[0]);
      const lines = file.content.toString().trim().split('\r\n');
      assert.equal(lines.length, 201);
      assert.equal(lines.filter((line) => line.includes(',answered,')).length, 197);
      assert.equal(lines.filter((line) => line.includes(',refused,')).length, 3);
      for (const call of flow.voice.calls.slice(-197))
        assert.ok(!file.content.includes(call.callee), 'masked');
      assert.ok(
        replies(flow, board).some((each) => each.file_ids.includes(file.id)),
        'it stands in the thread',
      );
    });

    test('the board of more than five people says why nobody answered, once all calls have ended', async () => {
      flow.voice.setBehaviour({ phones: { '6591209011': 'busy', '6591209012': 'busy' } });
      const some = [1, 2, 3, 4, 5, 6].map((each) => `+659120901${each}`);
      const board = await ask(flow, { callee: some.join(', '), lists: ['db-oncall'] });
      await becomes(flow, board, 'done', { answered: 6, not_answered: 2 });
      const shown = flow.slack.history(board.channel).find(({ ts }) => ts === board.ts);
      assert.match(JSON.stringify(shown?.blocks), /6 of 8 answered.*\*List:\* db-oncall.*"2 busy"/);
    });

    test('the requester gets the full file privately, others do not', async () => {
      const board = await askMany(120);
      await becomes(flow, board, 'done', { answered: 120 });
      const id = String(board.metadata?.event_payload.request_id);
      await flow.slack.press('U0CLEO', board.channel, board.ts, 'call_details');
      const masked = await soon(flow, 'the details', () => flow.slack.state.views.get('U0CLEO')?.at(-1));
      const callees = flow.voice.calls.slice(-120).map((call) => call.callee);
      for (const callee of callees) assert.ok(!JSON.stringify(masked).includes(callee));
      await flow.slack.closeView('U0CLEO', masked.id, true);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_details');
      const view = await soon(flow, 'the details', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.ok(JSON.stringify(view.blocks).includes(callees[0] ?? '?'), 'full for the requester');
      await flow.slack.closeView('U0ASHA', view.id, true);
      const file = await soon(flow, 'the full file', () => files(new RegExp(`${id}-full`))[0]);
      assert.equal(files(new RegExp(`${id}-full`)).length, 1);
      for (const callee of callees) assert.ok(file.content.includes(callee));
      for (const channel of file.channels) {
        assert.equal(
          flow.slack.state.channels.get(channel)?.is_im ?? true,
          true,
          'in a direct message alone',
        );
        assert.equal(flow.slack.state.channels.get(channel)?.user ?? 'U0ASHA', 'U0ASHA');
      }
    });

    test('missing rows are unknown, rows in any order find their callees, accepted rows may lack a voiceId', async () => {
      flow.voice.faults.next({ missingRows: 2, shuffleRows: true, report: { copies: 0 } });
      const some = await ask(flow, { callee: numbers(5).join('\n') });
      await becomes(flow, some, 'sent', { callees: 5, accepted: 3, unknown: 2 });
      assert.match(
        shownText(current(flow, some)),
        /Did the phones of 2 of 5 people ring\?.*for the other calls, but not for these/,
      );
      flow.voice.faults.next({ voiceIds: 'null-all' });
      const nameless = await ask(flow, { callee: numbers(2).join('\n') });
      await becomes(flow, nameless, 'done', { accepted: 2, answered: 2 });
      flow.voice.faults.next({ missingRows: 3 });
      const none = await ask(flow, { callee: numbers(3).join('\n') });
      await becomes(flow, none, 'done', { accepted: 3, answered: 3 });
    });

    test('a foreign note, name or reason notifies nobody', async () => {
      flow.voice.faults.next({ refuse: { code: '-22', reason: '<!channel> & <@U0BEN>' } });
      const board = await ask(flow, { callee: numbers(1).join(''), calledInfo: '<!here> <@U0BEN>' });
      await becomes(flow, board, 'done', { refused: 1 });
      const text = `${await resultsOf(flow, board)}${shownText(current(flow, board))}`;
      assert.doesNotMatch(text, /<!channel>|<!here>|<@U0BEN>/);
      await flow.slack.press('U0BEN', board.channel, board.ts, 'call_details');
      const details = await soon(flow, 'the details', () => flow.slack.state.views.get('U0BEN')?.at(-1));
      const shown = JSON.stringify(details.blocks);
      await flow.slack.closeView('U0BEN', details.id, true);
      assert.match(shown, /&lt;!channel&gt; &amp; /);
      assert.doesNotMatch(shown, /<!channel>|<!here>|<@U0BEN>/);
    });

    test('more than 10,000 callees are refused in words; 1,000 are five POSTs with one outcome each', async () => {
      const tooMany = flow.slack.uploadFile('U0ASHA', 'all.csv', numbers(10_001).join('\n'));
      const refused = await fillModal(flow, { file: [tooMany.id] });
      assert.match(refused.errors.file ?? '', /10001 people, and one request may call 10000/);
      await flow.slack.closeView('U0ASHA', refused.view?.id ?? '', true);
      const posts = dialled(flow).length;
      const board = await askMany(1_000);
      await becomes(flow, board, 'done', { callees: 1_000, accepted: 1_000 });
      assert.equal(dialled(flow).length, posts + 5);
      const callees = flow.voice.calls.slice(-1_000).map((call) => call.callee);
      assert.equal(new Set(callees).size, 1_000);
    });
  });

  describe(`whole submissions refused, on ${database}`, () => {
    let flow: Flow;
    before(async () => {
      const approval = 'approval: { calleesOver: 1000, approvers: [U0CLEO] }';
      flow = await startFlow({ database, config: `${usualConfig}\n${approval}\n` });
      // About seventy messages, each edited in its turn.
      flow.stepMs = 500;
    });
    after(() => flow.end());

    test('each documented code is refused or unknown, in words with the remedy, and is not sent again', async () => {
      const asked: { code: string; board: SandboxMessage }[] = [];
      const calls = flow.voice.calls.length;
      // -15 asks to wait a minute; it is sent again after that.
      for (const code of documentedCodes.filter((each) => each !== '0' && each !== '-15')) {
        const posts = dialled(flow).length;
        const times = code === '-16' ? 2 : 1;
        flow.voice.faults.next({ refuse: { code, reason: 'said so' }, times });
        const channel = asked.length % 2 === 0 ? 'C0OPS' : 'C0ALERTS';
        asked.push({ code, board: await ask(flow, { callee: '+6591300001, +6591300002' }, { channel }) });
        await soon(flow, 'it is sent', () => dialled(flow).length === posts + times);
      }
      const posts = dialled(flow).length;
      for (const { code, board } of asked) {
        const { submitted, meaning, remedy } = describeCode(code);
        const unknown = submitted === 'unknown';
        const counts = unknown ? { unknown: 2, refused: 0 } : { unknown: 0, refused: 2 };
        await becomes(flow, board, unknown ? 'sent' : 'done', { ...counts, accepted: 0 });
        await resultsOf(flow, board);
        const text = shownText(current(flow, board)).replaceAll('&amp;', '&');
        assert.ok(text.includes(meaning.slice(0, -1)), text);
        assert.ok(unknown ? /Did the phones of 2 people ring/.test(text) : text.includes(remedy), text);
      }
      assert.equal(flow.voice.calls.length, calls, 'nobody was called');
      assert.equal(dialled(flow).length, posts, 'nothing was sent again');
    });

    test('a request that was refused as a whole can be tried again, with the same callees, audio and names of lists', async () => {
      flow.voice.faults.next({ refuse: { code: '-10' } });
      const boardsBefore = boards(flow).length;
      const callee = '+6591300003, +6591300004, +6591300005, +6591300006';
      const board = await ask(flow, { callee, lists: ['db-oncall'] });
      await becomes(flow, board, 'done', { refused: 6 });
      assert.match(shownText(current(flow, board)), /"Not called: the platform refused \(balance\)"/);
      assert.match(shownText(current(flow, board)), /\*List:\* db-oncall/);
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const again = await flow.slack.submitView('U0ASHA', view.id);
      assert.match(JSON.stringify(again.view), /\*List:\* db-oncall/);
      const before = flow.voice.calls.length;
      await pressCall(flow, again.view);
      await soon(flow, 'all ring now', () => flow.voice.calls.length === before + 6);
      const second = await soon(flow, 'the second board', () => boards(flow)[boardsBefore + 1]);
      assert.match(shownText(current(flow, second)), /\*List:\* db-oncall/);
    });

    test('pressed once more on the old board, it calls nobody whom the later request may have reached', async () => {
      flow.voice.setBehaviour({ phones: { '0031': 'busy', '0032': 'busy' } });
      const board = await ask(flow, { callee: '+6591300031, +6591300032' });
      await becomes(flow, board, 'done', { not_answered: 2 });
      const boardsBefore = boards(flow).length;
      const redial = () => flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      await redial();
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      flow.voice.setBehaviour({ phones: { '0031': 'busy', '0032': { answer: {} } } });
      await pressCall(flow, (await flow.slack.submitView('U0ASHA', view.id)).view);
      const later = await soon(flow, 'the second board', () => boards(flow)[boardsBefore]);
      await becomes(flow, later, 'done', { answered: 1, not_answered: 1 });
      await redial();
      const third = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      const shown = await flow.slack.submitView('U0ASHA', third.id);
      assert.match(JSON.stringify(shown.view), /…0031/);
      assert.doesNotMatch(JSON.stringify(shown.view), /…0032/, 'this person was reached since');
      await flow.slack.closeView('U0ASHA', shown.view?.id ?? '', true);
    });

    test('two people who opened the form at once: the second one calls nobody whom the first one calls', async () => {
      flow.voice.setBehaviour({ phones: { '0041': 'busy', '0042': 'busy' } });
      const board = await ask(flow, { callee: '+6591300041, +6591300042' });
      await becomes(flow, board, 'done', { not_answered: 2 });
      const callsBefore = flow.voice.calls.length;
      const opened: SandboxView[] = [];
      for (const user of ['U0ASHA', 'U0CLEO']) {
        await flow.slack.press(user, board.channel, board.ts, 'call_redial');
        const view = await soon(flow, 'the modal', () => flow.slack.state.views.get(user)?.at(-1));
        const shown = await flow.slack.submitView(user, view.id);
        assert.ok(shown.view);
        opened.push(shown.view);
      }
      const [first, second] = opened;
      await pressCall(flow, first ?? null);
      const refused = await flow.slack.submitView('U0CLEO', second?.id ?? '');
      assert.match(JSON.stringify(refused.view), /Somebody else has asked for these people/);
      await soon(flow, 'the first one calls both', () => flow.voice.calls.length === callsBefore + 2);
      await flow.slack.closeView('U0CLEO', refused.view?.id ?? '', true);
    });

    test('a repeat of a repeat calls nobody whom another repeat of the first request reached', async () => {
      flow.voice.setBehaviour({ phones: { '0044': 'busy' } });
      const boardsBefore = boards(flow).length;
      const redial = async (board: SandboxMessage) => {
        await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
        const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
        await pressCall(flow, (await flow.slack.submitView('U0ASHA', view.id)).view);
      };
      const board = await ask(flow, { callee: '+6591300044' });
      await becomes(flow, board, 'done', { not_answered: 1 });
      await redial(board);
      const second = await soon(flow, 'the second board', () => boards(flow)[boardsBefore + 1]);
      await becomes(flow, second, 'done', { not_answered: 1 });
      flow.voice.setBehaviour({ phones: { '0044': { answer: {} } } });
      await redial(board);
      const third = await soon(flow, 'the third board', () => boards(flow)[boardsBefore + 2]);
      await becomes(flow, third, 'done', { answered: 1 });
      const told = flow.slack.ephemerals('U0ASHA').length;
      await flow.slack.press('U0ASHA', second.channel, second.ts, 'call_redial');
      assert.match(await toldAlone(flow, 'U0ASHA', told), /Nobody is left to call again/);
    });

    test('trying again reads no name as a number, and shows no full number', async () => {
      const dia = flow.slack.state.users.get('U0BEN');
      assert.ok(dia);
      const { display_name: name } = dia.profile;
      dia.profile.display_name = '+19005550100，Dia';
      flow.clock.jump(61_000);
      flow.voice.faults.next({ refuse: { code: '-10' } });
      const board = await ask(flow, { callee: '+6591300007', people: ['U0BEN'] });
      await becomes(flow, board, 'done', { refused: 2 });
      await flow.slack.press('U0ASHA', board.channel, board.ts, 'call_redial');
      const view = await soon(flow, 'the modal', () => flow.slack.state.views.get('U0ASHA')?.at(-1));
      assert.doesNotMatch(JSON.stringify(view), /91300007|9876543210|9005550100/);
      const again = await flow.slack.submitView('U0ASHA', view.id);
      assert.doesNotMatch(JSON.stringify(again.view), /91300007|9876543210|9005550100/);
      const before = flow.voice.calls.length;
      await pressCall(flow, again.view);
      await soon(flow, 'both ring now', () => flow.voice.calls.length === before + 2);
      const called = flow.voice.calls.slice(before).map((call) => call.callee);
      assert.ok(called.includes('6591300007') && !called.some((callee) => callee.startsWith('1900')));
      dia.profile.display_name = name;
      flow.clock.jump(61_000);
    });

    test('success that mentions no callee is unknown, with that as its cause', async () => {
      const body = JSON.stringify({ status: '0', reason: 'success', data: null });
      flow.voice.faults.next({ http: { status: 200, body, contentType: 'application/json' } });
      const board = await ask(flow, { callee: '+6591300005, +6591300006' });
      await becomes(flow, board, 'sent', { unknown: 2 });
      assert.match(
        shownText(current(flow, board)),
        /Did the phones of 2 people ring\?\* .*The voice platform reported success, but said nothing about/,
      );
    });

    test('a result with an undocumented code is unknown', async () => {
      flow.voice.faults.next({ refuse: { code: '-777' } });
      const board = await ask(flow, { callee: '+6591300001' });
      await becomes(flow, board, 'sent', { unknown: 1 });
    });

    test('the clock is corrected after -16, and the second attempt calls', async () => {
      const before = dialled(flow).length;
      flow.voice.setBehaviour({ clockOffsetMs: 3 * 3_600_000 });
      const board = await ask(flow, { callee: '+6591300009' });
      await becomes(flow, board, 'done', { answered: 1 });
      assert.deepEqual(
        dialled(flow)
          .slice(before)
          .map((each) => each.code),
        ['-16', '0'],
      );
      flow.voice.setBehaviour({ clockOffsetMs: 0 });
    });
  });
}
