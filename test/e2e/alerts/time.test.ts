import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { checkDatabase } from '../../../src/cli/doctor-database.ts';
import { createDatabaseFacts } from '../../../src/http/database-facts.ts';
import { createLog } from '../../../src/log.ts';
import { databaseKinds } from '../../support/store.ts';
import { becomes, current, type Flow, pressStop, shownText, soon, startFlow, toldAlone } from '../flow.ts';
import {
  boardsUnder,
  boardUnder,
  callsTo,
  firing,
  isCalled,
  post,
  resolved,
  said,
  under,
  understood,
} from './alert-flow.ts';

const minute = 60_000;
const callee = '918563214120';

async function startAlerts(
  t: TestContext,
  database: 'sqlite' | 'postgres',
  rule: string,
  more = '',
): Promise<Flow> {
  const flow = await startFlow({
    database,
    slack: { eventRetryDelaysMs: [] },
    config: `
callers: [U0ASHA, U0BEN]
voice: { submit: { concurrency: 1, perSecond: 200 } }
lists: { one: ["+91 85632 14120"], two: ["+91 85632 14120", "+91 85632 13000"] }
${more}
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER] }, say: "{title}", ${rule} }
`,
  });
  t.after(() => flow.stop());
  return flow;
}

const queries = (flow: Flow) => flow.voice.requests.filter((each) => each.endpoint === 'recordGroupQuery');
const posts = (flow: Flow) => flow.voice.requests.filter((each) => each.endpoint === 'sendCode');

/** Moves time by minutes in steps, so that everything due in between happens in order. */
async function pass(flow: Flow, minutes: number, stepMs = 4_000): Promise<void> {
  for (let passed = 0; passed < minutes * minute; passed += stepMs) {
    flow.clock.jump(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 15));
    // On a busy machine its work takes longer.
    await fetch(`http://127.0.0.1:${flow.app.port()}/readyz`);
  }
}

for (const database of databaseKinds) {
  describe(`alerts and time, on ${database}`, () => {
    test('a firing after a resolve calls again after the cooldown, if it still fires then', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one], cooldown: 30m');
      post(flow, firing('disk'));
      await isCalled(flow, callee, 1);
      post(flow, resolved('disk'));
      await understood(flow);
      const second = post(flow, firing('disk'));
      await understood(flow);
      await said(
        flow,
        second,
        /^Calls again at \d{4}-\d\d-\d\d \d\d:\d\d UTC if it still fires \(rule pager\)\./,
      );
      post(flow, firing('disk'));
      await pass(flow, 28, 4 * minute);
      await isCalled(flow, callee, 1);
      assert.equal(under(flow, second).filter((each) => each.text.startsWith('Calls again')).length, 1);
      await pass(flow, 3);
      await isCalled(flow, callee, 2);
      await boardUnder(flow, second);
      post(flow, resolved('disk'));
      await understood(flow);
      post(flow, firing('disk'));
      post(flow, resolved('disk'));
      await understood(flow);
      await pass(flow, 32, 4 * minute);
      await isCalled(flow, callee, 2);
      post(flow, firing('disk'));
      await isCalled(flow, callee, 3);
      await flow.end();
    });

    test('an alert with U+0000 and lone surrogates everywhere calls like any other', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one]');
      const odd = 'disk \u0000 full \ud800 on\udc00 db-1';
      post(flow, {
        text: odd,
        username: odd,
        attachments: [
          {
            color: 'danger',
            title: odd,
            title_link: `https://x.test/incidents/A1\u0000?a=%00\ud800`,
            fallback: odd,
            fields: [{ title: 'Host\u0000', value: odd }],
          },
        ],
      });
      await isCalled(flow, callee, 1);
      await flow.end();
    });

    test('an event that cannot be read is set aside after a few tries, and does not delay the others', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one]');
      const store = await flow.database.open();
      await store.transaction(async (tx) => {
        const row = {
          team_id: 'T1',
          channel_id: 'C0ALERTS',
          received_at: 1,
          processed_at: null,
          set_aside_at: null,
        };
        await tx
          .insertInto('alert_events')
          .values({ ...row, event_id: 'Ev0BROKEN', body: '{' })
          .execute();
      });
      post(flow, firing('disk'));
      await isCalled(flow, callee, 1);
      const event = await soon(flow, 'it is set aside', async () => {
        const row = await store.read
          .selectFrom('alert_events')
          .selectAll()
          .where('event_id', '=', 'Ev0BROKEN')
          .executeTakeFirst();
        return row?.set_aside_at === null ? undefined : row;
      });
      assert.deepEqual([event.attempts, event.processed_at], [5, null]);
      const [finding] = (await checkDatabase(flow.database.databaseUrl, flow.database.dataDir)).slice(1);
      assert.match(finding?.text ?? '', /1 alert event was set aside/);
      assert.equal(
        (await createDatabaseFacts({ store, clock: flow.clock, log: createLog('silent') })())?.setAside,
        1,
      );
      post(flow, firing('other'));
      await isCalled(flow, callee, 2);
      await store.close();
      await flow.end();
    });

    test('a key that was silent for expireAfter calls again; an earlier repeat only refreshes', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one], cooldown: 1m, expireAfter: 2h');
      post(flow, firing('disk'));
      await isCalled(flow, callee, 1);
      flow.clock.jump(119 * minute);
      post(flow, firing('disk'));
      await understood(flow);
      flow.clock.jump(119 * minute);
      post(flow, firing('disk'));
      await understood(flow);
      await isCalled(flow, callee, 1);
      flow.clock.jump(121 * minute);
      const late = post(flow, firing('disk'));
      await isCalled(flow, callee, 2);
      await boardUnder(flow, late);
      await flow.end();
    });

    test('a rule only calls within its hours and days', async (t) => {
      const flow = await startAlerts(
        t,
        database,
        'call: [one], between: "22:00-07:00", days: [mon-sun], timeZone: Asia/Kolkata',
      );
      const at = (clock: string) => {
        const now = flow.clock.now();
        const wanted = Date.parse(
          `${new Date(now + 86_400_000).toISOString().slice(0, 10)}T${clock}:00+05:30`,
        );
        flow.clock.jump(wanted - now);
      };
      at('12:00');
      post(flow, firing('noon'));
      await understood(flow);
      await isCalled(flow, callee, 0);
      at('23:30');
      post(flow, firing('night'));
      await isCalled(flow, callee, 1);
      await flow.end();
    });

    test('a cooldown that ends outside the rule’s hours calls when they begin, if the alert still fires', async (t) => {
      const flow = await startAlerts(
        t,
        database,
        'call: [one], cooldown: 15m, between: "22:00-07:00", timeZone: Asia/Kolkata',
      );
      const to = (clock: string) => {
        const day = 86_400_000;
        const now = flow.clock.now();
        const today = Math.floor((now + 330 * minute) / day) * day - 330 * minute;
        const [hours = 0, minutes = 0] = clock.split(':').map(Number);
        const wanted = today + (hours * 60 + minutes) * minute;
        flow.clock.jump(wanted > now ? wanted - now : wanted + day - now);
      };
      to('06:50');
      post(flow, firing('disk'));
      await isCalled(flow, callee, 1);
      post(flow, resolved('disk'));
      const again = post(flow, firing('disk'));
      await understood(flow);
      await said(flow, again, 'Calls again when the rule’s hours begin if it still fires (rule pager).');
      to('12:00');
      const store = await flow.database.open();
      await soon(
        flow,
        'it was looked at, and waits',
        async () => {
          const task = await store.read
            .selectFrom('tasks')
            .select('run_at')
            .where('kind', '=', 'alerts.cooldown')
            .executeTakeFirst();
          return task !== undefined && Number(task.run_at) > flow.clock.now();
        },
        { stepMs: 0 },
      );
      await store.close();
      assert.equal(callsTo(flow, callee).length, 1);
      to('22:30');
      await isCalled(flow, callee, 2);
      await flow.end();
    });

    test('a rule that was changed during the cooldown calls only if it still matches', async (t) => {
      const rule = (title: string) => `
voice: { submit: { concurrency: 1, perSecond: 200 } }
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER], text: lag }, not: { title: ${title} }, call: ["+91 85632 14120"], say: "{title}" }
`;
      const flow = await startAlerts(t, database, 'call: [one]');
      flow.setConfig(rule('none'));
      for (const name of ['noisy lag', 'db lag']) {
        post(flow, firing(name));
        await understood(flow);
        post(flow, resolved(name));
        post(flow, firing(name));
        await understood(flow);
      }
      await isCalled(flow, callee, 2);
      flow.setConfig(rule('noisy'));
      await pass(flow, 16, 20_000);
      await isCalled(flow, callee, 3);
      assert.match(callsTo(flow, callee)[2]?.text ?? '', /db lag/);
      await flow.end();
    });

    test('onUnknown again: looked up for a minute, then sent again once, shown as such, and never a third time', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one]');
      flow.voice.faults.next({ reset: 'after-reading', times: 2 });
      const alert = post(flow, firing('disk'));
      await understood(flow);
      const board = await soon(
        flow,
        'it is unknown',
        () => boardsUnder(flow, alert).find((each) => /Did the phones? .*ring\?/.test(shownText(each))),
        { stepMs: 500 },
      );
      assert.equal(posts(flow).length, 1);
      assert.match(shownText(board), /they are placed once more/);
      assert.doesNotMatch(shownText(board), /Nobody is called a second time by itself/);
      await soon(flow, 'it is sent once more', () => posts(flow).length === 2, { stepMs: 500 });
      assert.ok(queries(flow).length >= 1, 'it was looked for first');
      const infos = posts(flow).map((each) => String(each.body?.calledInfo));
      assert.notEqual(infos[0], infos[1], 'a new submission has a token of its own');
      await soon(flow, 'it is shown', () => shownText(current(flow, board)).includes('Called once more'), {
        stepMs: 2_000,
      });
      await pass(flow, 10, minute);
      assert.equal(posts(flow).length, 2);
      await flow.end();
    });

    test('a call found in the records is not sent again', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one]');
      flow.voice.setReportUrl(null);
      flow.voice.faults.next({ reset: 'after-dialling' });
      const alert = post(flow, firing('disk'));
      await isCalled(flow, callee, 1);
      await pass(flow, 3);
      await isCalled(flow, callee, 1);
      await becomes(flow, await boardUnder(flow, alert), 'done', { answered: 1 });
      await flow.end();
    });

    for (const [what, action] of [
      ['got', 'call_ack'],
      ['resolved', null],
    ] as const) {
      test(`a request that is ${what} before then is not sent again`, async (t) => {
        const flow = await startAlerts(t, database, 'call: [one]');
        flow.voice.faults.next({ reset: 'after-reading' });
        const alert = post(flow, firing('disk'));
        const board = await boardUnder(flow, alert);
        await soon(flow, 'it is unknown', () =>
          /Did the phones? .*ring\?/.test(shownText(current(flow, board))),
        );
        if (action === null) post(flow, resolved('disk'));
        else await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, action);
        await understood(flow);
        await becomes(flow, board, 'sent', { unknown: 1 });
        await pass(flow, 3);
        assert.equal(posts(flow).length, 1);
        await flow.end();
      });
    }

    test('a rule with onUnknown hold leaves an unknown call to a person', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one], onUnknown: hold');
      flow.voice.faults.next({ reset: 'after-reading' });
      const board = await boardUnder(flow, post(flow, firing('disk')));
      await becomes(flow, board, 'sent', { unknown: 1 });
      await pass(flow, 3);
      assert.equal(posts(flow).length, 1);
      await flow.end();
    });

    test('a platform that is down is retried while the alert fires, and the calls are made when it is back', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one], expireAfter: 6h');
      await flow.voice.goDown();
      const board = await boardUnder(flow, post(flow, firing('disk')));
      const said = () => shownText(current(flow, board));
      await soon(flow, 'it says so', () => said().includes('not called yet'));
      const before = said();
      flow.clock.jump(15 * minute);
      await soon(
        flow,
        'it is tried after the ten minutes of other requests',
        () => said() !== before && said().includes('not called yet'),
      );
      await flow.voice.comeBack();
      await soon(flow, 'it rings', () => callsTo(flow, callee).length === 1, { stepMs: 500 });
      await becomes(flow, board, 'done', { answered: 1 });
      await flow.end();
    });

    test('a platform that is down is not retried after the alert is resolved or silent for long', async (t) => {
      const flow = await startAlerts(t, database, 'call: [one], expireAfter: 1h');
      await flow.voice.goDown();
      const gone = post(flow, firing('disk'));
      const board = await boardUnder(flow, gone);
      const silent = await boardUnder(flow, post(flow, firing('fan')));
      const store = await flow.database.open();
      t.after(() => store.close());
      // By then the next try is 16 s away, so the resolve comes between two tries.
      await soon(flow, 'it was tried some times', async () => {
        const disk = await store.read
          .selectFrom('submissions')
          .innerJoin('requests', 'requests.id', 'submissions.request_id')
          .innerJoin('alerts', 'alerts.id', 'requests.alert_id')
          .select('submissions.id')
          .where('alerts.thread_ts', '=', gone.ts)
          .where('submissions.state', '=', 'ready')
          .where('submissions.tries', '>=', 5)
          .executeTakeFirst();
        return disk !== undefined;
      });
      post(flow, resolved('disk'));
      await said(flow, gone, '1 call not sent yet will not be made');
      await becomes(flow, board, 'cancelled', { cancelled: 1 });
      flow.clock.jump(61 * minute);
      await becomes(flow, silent, 'failed', { failed: 1 });
      await flow.voice.comeBack();
      await pass(flow, 5, minute);
      await isCalled(flow, callee, 0);
      await flow.end();
    });

    test('any caller’s *I’ve got it* is shown and stops the rest; others are refused; the same with Stop', async (t) => {
      const flow = await startAlerts(t, database, 'call: [two]');
      await flow.voice.goDown();
      const board = await boardUnder(flow, post(flow, firing('disk')));
      await flow.slack.press('U0CLEO', 'C0ALERTS', board.ts, 'call_ack');
      assert.match(await toldAlone(flow, 'U0CLEO'), /not on the list/);
      await flow.slack.press('U0BEN', 'C0ALERTS', board.ts, 'call_ack');
      await becomes(flow, board, 'cancelled', { cancelled: 2 });
      await soon(
        flow,
        'the board says who',
        () =>
          /<@U0BEN>.{0,20}has got it/.test(shownText(current(flow, board))) ||
          shownText(current(flow, board)).includes('has got it'),
      );
      const store = await flow.database.open();
      const row = await store.read.selectFrom('alerts').select(['acked_by', 'acked_at']).executeTakeFirst();
      assert.equal(row?.acked_by, 'U0BEN');
      assert.ok((row?.acked_at ?? 0) > 0);
      await store.close();
      const other = await boardUnder(flow, post(flow, firing('fan')));
      await pressStop(flow, 'U0ASHA', other);
      await becomes(flow, other, 'cancelled', { cancelled: 2 });
      await flow.voice.comeBack();
      await pass(flow, 3);
      assert.equal(flow.voice.calls.length, 0);
      await flow.end();
    });

    test('limits hold calls, and say so once with the next possible time', async (t) => {
      const flow = await startAlerts(
        t,
        database,
        'call: [one], limits: { calls: 3, per: 1h }',
        'limits: { perCallee: { calls: 2, per: 15m }, callsPerHour: 50 }',
      );
      post(flow, firing('disk a'));
      post(flow, firing('disk b'));
      await isCalled(flow, callee, 2);
      const third = post(flow, firing('disk c'));
      const board = await boardUnder(flow, third);
      await becomes(flow, board, 'approved', { held: 1 });
      const text = await said(flow, third, /next possible: <!date/);
      assert.match(text, /called as often as the limit for one number allows/);
      assert.equal(under(flow, third).length, 1);
      // The call is not lost: it is made when the limit allows it.
      flow.clock.jump(16 * minute);
      await isCalled(flow, callee, 3);
      await becomes(flow, board, 'done', { held: 0, accepted: 1 });
      flow.clock.jump(16 * minute);
      const fourth = post(flow, firing('disk d'));
      assert.match(
        await said(flow, fourth, /next possible: <!date/),
        /the rule's own limit of calls is reached/,
      );
      await isCalled(flow, callee, 3);
      await flow.end();
    });
  });
}
