// Who is on duty by a calendar is called: by rules, by their steps, by people, and after an approval.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { type CalendarServer, calendar, shift, stamp, startCalendar } from '../support/calendar.ts';
import { databaseKinds } from '../support/store.ts';
import { ask, fillModal, openModal } from '../support/world.ts';
import { boardsUnder, boardUnder, callsTo, firing, isCalled, post } from './alerts/alert-flow.ts';
import { cardOf } from './approval/stage.ts';
import { becomes, current, type Flow, shownText, soon, startFlow, toldAlone } from './flow.ts';

const manifest = z
  .looseObject({ oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }) })
  .parse(JSON.parse(readFileSync(new URL('../../manifest/manifest.json', import.meta.url), 'utf8')));
const manifestScopes = manifest.oauth_config.scopes.bot;
const minute = 60_000;
const hour = 60 * minute;
const asha = '918563214120';
const zoe = '918563214999';
const ben = '919876543211';
const fallback = '918563213000';

const config = (ical: string, calleesOver = 1_000) => `
country: IN
voice: { loopCount: 2, submit: { concurrency: 2, perSecond: 200 } }
lists: { db-oncall: ["Fay: +91 85632 13000"] }
rosters:
  db: { ical: "${ical}", people: { Asha: "+91 85632 14120", zoe@example.com: "+91 85632 14999", Ben: U0BEN, Gone: U0GONE }, fallback: [db-oncall] }
approval: { calleesOver: ${calleesOver}, approvers: [U0BEN] }
rules:
  - { name: pager, channels: [C0ALERTS], match: { title: db- }, call: [db], say: "Database. {title}.", cooldown: 0s }
  - { name: ladder, channels: [C0ALERTS], match: { title: web- }, call: ["+91 85632 15001"], say: "Web. {title}.", enough: 2, then: [{ after: 5m, call: [db] }] }
  - { name: asked, channels: [C0ALERTS], match: { title: careful- }, call: [db], say: "Careful. {title}.", approval: policy }
`;

/** Whom the app has read to be on duty, by the command. */
async function onCall(flow: Flow): Promise<string> {
  const before = flow.slack.ephemerals('U0ASHA').length;
  await flow.slack.command('U0ASHA', 'C0OPS', 'oncall');
  return await toldAlone(flow, 'U0ASHA', before);
}

/** Serves a calendar, and waits until the app has it; `text`: what it keeps afterwards. */
async function serves(flow: Flow, server: CalendarServer, events: string[]): Promise<void> {
  const text = calendar(events);
  server.serve(text);
  await stored(flow, (row) => row?.body === text && row.problem === null);
}

async function stored(
  flow: Flow,
  holds: (row: { body: string | null; problem: string | null } | undefined) => boolean,
): Promise<void> {
  const store = await flow.database.open();
  try {
    await soon(
      flow,
      'the calendar is stored',
      async () => holds(await store.read.selectFrom('rosters').selectAll().executeTakeFirst()),
      { stepMs: 10_000 },
    );
  } finally {
    await store.close();
  }
}

for (const database of databaseKinds) {
  describe(`rosters, on ${database}`, () => {
    let flow: Flow;
    let server: CalendarServer;
    before(async () => {
      server = await startCalendar();
      flow = await startFlow({
        database,
        config: config(server.url),
        slack: { eventRetryDelaysMs: [] },
      });
    });
    after(async () => {
      await server.stop();
      await flow.end();
    });

    test('an alert calls the person on duty, and after the hand-over the next one', async () => {
      const now = flow.clock.now();
      const handOver = now + 30 * minute;
      await serves(flow, server, [
        shift('Database: Asha', now - hour, handOver),
        shift('On call', handOver, handOver + 4 * hour, ['ATTENDEE;CN=Zoe:mailto:ZOE@example.com']),
      ]);
      assert.match(await onCall(flow), /\*db\*: Asha \(never reached\) until <!date.*Then zoe\./);
      const board = await boardUnder(flow, post(flow, firing('db-1 lag')));
      await becomes(flow, board, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, asha).length, 1);
      const shown = shownText(current(flow, board));
      assert.match(shown, /\*On duty\* \(db\): Asha until <!date/);
      flow.clock.jump(handOver - flow.clock.now());
      const next = await boardUnder(flow, post(flow, firing('db-2 lag')));
      await becomes(flow, next, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, asha).length, 1, 'Asha is not on duty any more');
      assert.equal(callsTo(flow, zoe).length, 1);
    });

    test('a step of a ladder calls the person on duty when it starts', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [
        shift('Zoe zoe@example.com', now - hour, now + 3 * minute),
        shift('Ben', now + 3 * minute, now + hour),
      ]);
      const alert = post(flow, firing('web-1 slow'));
      await isCalled(flow, '918563215001', 1);
      await soon(flow, 'Ben is called', () => callsTo(flow, ben).length === 1, { stepMs: 5_000 });
      assert.equal(callsTo(flow, zoe).length, 1);
      const [board] = boardsUnder(flow, alert);
      assert.ok(board);
      await soon(flow, 'the board says so', () =>
        /\*On duty\* \(db\): Ben/.test(shownText(current(flow, board))),
      );
    });

    test('nobody on duty: the fallback is called, and the board says why', async () => {
      await serves(flow, server, [
        shift('Database: Yuri', flow.clock.now() + 10 * hour, flow.clock.now() + 11 * hour),
      ]);
      const board = await boardUnder(flow, post(flow, firing('db-3 lag')));
      await becomes(flow, board, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, fallback).length, 1);
      assert.match(
        shownText(current(flow, board)),
        /nobody, according to its calendar; the fallback is called: db-oncall/,
      );
    });

    test('nobody is recognised: the same, with the title as text, and no number in the title is called', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [shift('Yuri <!channel> +91 99999 99999', now - hour, now + hour)]);
      const board = await boardUnder(flow, post(flow, firing('db-4 lag')));
      await becomes(flow, board, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, fallback).length, 2);
      assert.equal(callsTo(flow, '919999999999').length, 0);
      const shown = shownText(current(flow, board));
      assert.match(shown, /nobody is recognised in “Yuri &lt;!channel&gt;/);
      assert.ok(!shown.includes('<!channel>'));
      assert.ok(!shown.includes('99999 99999'), 'a number in a title is masked');
    });

    test('while the calendar cannot be read, its last good copy counts; after an hour its age is shown', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [shift('Asha', now - hour, now + 10 * hour)]);
      server.serve(
        (_, response) => void response.writeHead(200).end('<!doctype html><title>Sign in</title>'),
      );
      await stored(flow, (row) => row?.problem != null);
      const before = callsTo(flow, asha).length;
      const board = await boardUnder(flow, post(flow, firing('db-5 lag')));
      await isCalled(flow, asha, before + 1);
      assert.ok(!shownText(current(flow, board)).includes('last read'));
      flow.clock.jump(2 * hour);
      const late = await boardUnder(flow, post(flow, firing('db-6 lag')));
      await isCalled(flow, asha, before + 2);
      await soon(flow, 'its age', () =>
        /The calendar was last read 2 h/.test(shownText(current(flow, late))),
      );
      assert.match(await onCall(flow), /last read 2 h.* ago: the address answers with a web page/);
    });

    test('the form offers the roster with the people on duty; its name can be called', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [shift('Asha', now - hour, now + hour)]);
      await openModal(flow);
      const view = flow.slack.state.views.get('U0ASHA')?.at(-1);
      assert.match(JSON.stringify(view?.blocks), /"text":"db".{0,200}Asha until \d{4}-/);
      const before = callsTo(flow, asha).length;
      const board = await ask(flow, { lists: ['db'] });
      await becomes(flow, board, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, asha).length, before + 1);
      const typed = await ask(flow, { callee: 'DB' });
      await becomes(flow, typed, 'done', { callees: 1, answered: 1 });
      assert.equal(callsTo(flow, asha).length, before + 2);
    });

    test('a further attempt after a hand-over calls the person on duty then, for a rule and for a person', async () => {
      const now = flow.clock.now();
      flow.setConfig(config(server.url).replace('cooldown: 0s', 'cooldown: 0s, attempts: 2, every: 90m'));
      await serves(flow, server, [
        shift('Asha', now - hour, now + hour),
        shift('zoe@example.com', now + hour, now + 9 * hour),
      ]);
      flow.voice.setBehaviour({ phones: { [asha]: 'busy' } });
      const before = { asha: callsTo(flow, asha).length, zoe: callsTo(flow, zoe).length };
      const asked = await ask(flow, { lists: ['db'], attempts: '2', every: '90' });
      const ruled = await boardUnder(flow, post(flow, firing('db-handed over')));
      for (const board of [asked, ruled]) await becomes(flow, board, 'sent', { not_answered: 1 });
      assert.equal(callsTo(flow, asha).length, before.asha + 2);
      flow.clock.jump(90 * minute);
      for (const board of [asked, ruled]) {
        await becomes(flow, board, 'done', { callees: 2, answered: 1, not_answered: 1 });
        assert.match(shownText(current(flow, board)), /\*On duty\* \(db\): zoe/);
      }
      assert.equal(callsTo(flow, asha).length, before.asha + 2, 'Asha is off duty');
      assert.equal(callsTo(flow, zoe).length, before.zoe + 2);
      flow.setConfig(config(server.url));
      flow.voice.setBehaviour({ phones: { [asha]: { answer: {} } } });
    });

    test('the person on duty at the confirmation is called, not the one when the form was filled in', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [
        shift('Asha', now - hour, now + 20 * minute),
        shift('zoe@example.com', now + 20 * minute, now + hour),
      ]);
      const before = { asha: callsTo(flow, asha).length, zoe: callsTo(flow, zoe).length };
      const first = await fillModal(flow, { lists: ['db'], callee: '+91 85632 16001' });
      assert.deepEqual(first.errors, {});
      flow.clock.jump(now + 21 * minute - flow.clock.now());
      await flow.slack.submitView('U0ASHA', first.view?.id ?? '', {});
      await isCalled(flow, zoe, before.zoe + 1);
      await isCalled(flow, '918563216001', 1);
      assert.equal(callsTo(flow, asha).length, before.asha);
    });

    test('more people are to be reached than are on duty: the form says so', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [shift('Asha', now - hour, now + hour)]);
      const first = await fillModal(flow, { lists: ['db'], callee: '+91 85632 16001', enough: '3' });
      assert.match(first.errors.enough ?? '', /^These are 2 people, so 3 cannot be reached/);
      await flow.slack.closeView('U0ASHA', flow.slack.state.views.get('U0ASHA')?.at(-1)?.id ?? '', true);
    });

    test('an approval binds to the roster’s name: the people on duty at the call are called', async () => {
      const now = flow.clock.now();
      flow.setConfig(config(server.url, 0));
      await serves(flow, server, [
        shift('Asha', now - hour, now + 10 * minute),
        shift('zoe@example.com', now + 10 * minute, now + hour),
      ]);
      const before = { asha: callsTo(flow, asha).length, zoe: callsTo(flow, zoe).length };
      const board = await ask(flow, { lists: ['db'] });
      const alert = post(flow, firing('careful-1'));
      const ruled = await boardUnder(flow, alert);
      await becomes(flow, board, 'awaiting_approval');
      await becomes(flow, ruled, 'awaiting_approval');
      flow.clock.jump(now + 11 * minute - flow.clock.now());
      for (const each of [board, ruled]) {
        const id = String(each.metadata?.event_payload.request_id);
        const card = await soon(flow, 'the card', () => cardOf(flow, id, each.channel));
        await flow.slack.press('U0BEN', card.channel, card.ts, 'call_approve');
        await becomes(flow, each, 'done', { callees: 2, held: 1, answered: 1 });
        assert.match(shownText(current(flow, each)), /\*On duty\* \(db\): zoe/);
      }
      assert.equal(callsTo(flow, asha).length, before.asha);
      assert.equal(callsTo(flow, zoe).length, before.zoe + 2);
      flow.setConfig(config(server.url));
    });

    test('who is on duty and cannot be called is named, with why', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [shift('Gone', now - hour, now + hour)]);
      assert.match(await onCall(flow), /Gone is deactivated in Slack\. The fallback is called\./);
      await serves(flow, server, [
        shift('Gone', now - hour, now + hour),
        shift('Asha', now - hour, now + hour),
      ]);
      assert.match(await onCall(flow), /Asha \(.*Gone is deactivated in Slack\.(?! The)/s);
    });

    test('who is on duty without an end is so until further notice, not until the part that was read ends', async () => {
      const from = stamp(flow.clock.now() - 48 * hour);
      await serves(flow, server, [`SUMMARY:Asha\nDTSTART:${from}\nDURATION:P1D\nRRULE:FREQ=DAILY`]);
      const told = await onCall(flow);
      assert.match(told, /\*db\*: Asha/);
      assert.doesNotMatch(told, /until|Then nobody/);
    });

    test('two on duty at once are both called', async () => {
      const now = flow.clock.now();
      await serves(flow, server, [
        shift('Asha', now - hour, now + hour),
        shift('ben and others', now - hour, now + 2 * hour),
      ]);
      const board = await boardUnder(flow, post(flow, firing('db-8 lag')));
      await becomes(flow, board, 'done', { callees: 2, answered: 2 });
    });

    test('the copy is there after a restart, while the calendar cannot be read', async () => {
      // After the restart the time is that of the database again.
      await serves(flow, server, [shift('Asha', Date.now() - 48 * hour, Date.now() + 48 * hour)]);
      server.serve((_, response) => void response.writeHead(503).end());
      await flow.restart();
      const before = callsTo(flow, asha).length;
      const board = await boardUnder(flow, post(flow, firing('db-9 lag')));
      await isCalled(flow, asha, before + 1);
      await becomes(flow, board, 'done', { callees: 1 });
    });

    test('the address of the calendar is in no log line and on no board', () => {
      const told = flow.logs.join('') + JSON.stringify([...flow.slack.state.messages.values()]);
      assert.ok(!told.includes('basic.ics'));
    });
  });

  describe(`attendees whom Slack knows by their mail, on ${database}`, () => {
    const cleo = '919876543212';
    const onCallOf = (flow: Flow, mail: string) => {
      const now = flow.clock.now();
      return [shift('On call', now - hour, now + 5 * hour, [`ATTENDEE:mailto:${mail}`])];
    };
    const start = async (scopes: string[]) =>
      await startFlow({
        database,
        config: config(server.url),
        slack: { eventRetryDelaysMs: [], scopes: [...manifestScopes, ...scopes] },
      });
    let server: CalendarServer;
    before(async () => {
      server = await startCalendar();
    });
    after(() => server.stop());

    test('are called where the scope was granted, and while Slack is down too; a mail that nobody has is not', async (t) => {
      const flow = await start(['users:read.email']);
      t.after(() => flow.stop());
      await serves(flow, server, onCallOf(flow, 'cleo@example.com'));
      await becomes(flow, await boardUnder(flow, post(flow, firing('db-1 lag'))), 'done', { answered: 1 });
      assert.equal(callsTo(flow, cleo).length, 1);
      const store = await flow.database.open();
      await soon(
        flow,
        'her number is kept',
        async () =>
          await store.read
            .selectFrom('learned_people')
            .select('id')
            .where('id', '=', 'U0CLEO')
            .executeTakeFirst(),
        { stepMs: 60_000 },
      );
      await store.close();
      await flow.restart();
      flow.slack.fault({
        method: 'users.info',
        times: 1_000_000,
        kind: 'error',
        error: 'service_unavailable',
      });
      post(flow, firing('db-2 lag'));
      await isCalled(flow, cleo, 2);
      flow.slack.state.faults.length = 0;
      await serves(flow, server, onCallOf(flow, 'unknown@example.com'));
      post(flow, firing('db-3 lag'));
      await isCalled(flow, fallback, 1);
    });

    test('without the scope: the fallback is called, and the log says once what is missing', async (t) => {
      const flow = await start([]);
      t.after(() => flow.stop());
      await serves(flow, server, onCallOf(flow, 'cleo@example.com'));
      const board = await boardUnder(flow, post(flow, firing('db-1 lag')));
      await isCalled(flow, fallback, 1);
      await soon(flow, 'why', () =>
        /nobody is recognised in “On call”/.test(shownText(current(flow, board))),
      );
      await serves(flow, server, [
        ...onCallOf(flow, 'cleo@example.com'),
        ...onCallOf(flow, 'ada@example.com'),
      ]);
      const said = flow.logs.filter((line) => line.includes('who has a mail address of a roster'));
      assert.equal(said.length, 1);
      assert.equal(callsTo(flow, cleo).length, 0);
    });
  });
}
