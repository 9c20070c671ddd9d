import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { SandboxMessage } from '../../../sandbox/slack/types.ts';
import { createLog } from '../../../src/log.ts';
import type { Store } from '../../../src/store/types.ts';
import { databaseKinds } from '../../support/store.ts';
import {
  ask,
  boardBecomes,
  boards,
  eventually,
  fillModal,
  messages,
  startWorld,
  usualConfig,
  type World,
} from '../../support/world.ts';
import { firing, tool } from '../alerts/alert-flow.ts';
import { createJumpClock } from '../flow.ts';

const appToken = 'xapp-1-A0VOICECALL-0000000000-sandbox';

async function withSocketMode(
  options: Parameters<typeof startWorld>[0],
  use: (world: World) => Promise<void>,
): Promise<void> {
  const world = await startWorld({
    ...options,
    slack: {
      appToken,
      eventRetryDelaysMs: Array.from({ length: 40 }, () => 250),
      ...options?.slack,
    },
    env: { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: '' },
  });
  try {
    await eventually('a socket', () => world.slack.socketCount() > 0);
    await use(world);
  } finally {
    await world.stop();
  }
}

const alertConfig = `${usualConfig}
rules:
  - { name: pager, channels: [C0ALERTS], match: { from: [B0OTHER] }, call: ["+91 85632 15000"], say: "{title}" }
`;

const postAlert = (world: World, title: string) => world.slack.postAs(tool, 'C0ALERTS', firing(title));

/** How often Slack has sent each alert, oldest first. */
const broughtOf = (world: World, alert: SandboxMessage) =>
  world.slack.state.deliveries.filter(({ body }) => {
    const { event } = body;
    return typeof event === 'object' && event !== null && 'ts' in event && event.ts === alert.ts;
  });

/** Waits until the board under each alert is done. */
async function alertBoards(world: World, count: number): Promise<void> {
  await eventually(
    `${count} boards under alerts are done`,
    () =>
      boards(world, 'C0ALERTS').filter((each) => each.metadata?.event_payload.state === 'done').length ===
      count,
  );
}

/** Runs `use` while no alert can be stored. */
async function whileLocked<Value>(world: World, use: () => Promise<Value>): Promise<Value> {
  const store = await world.database.open();
  return await store.transaction(async (tx) => {
    if (store.dialect === 'postgres') await sql`lock table alert_events in exclusive mode`.execute(tx);
    return await use();
  });
}

async function alertEvents(store: Store): Promise<number> {
  const rows = await store.read.selectFrom('alert_events').select('event_id').execute();
  return rows.length;
}

/** How many connections the app has asked for. */
const opened = (world: World) =>
  world.slack.state.callsLog.filter((each) => each.method === 'apps.connections.open').length;

const transports = (world: World) => new Set(world.slack.state.deliveries.map((each) => each.transport));

for (const database of databaseKinds) {
  describe(`Socket Mode, on ${database}`, () => {
    test('the story from command to result, without a request URL, with health', async () => {
      await withSocketMode({ database }, async (world) => {
        const board = await ask(world, { callee: '+91 85632 14120', lists: ['db-oncall'] });
        assert.equal((await boardBecomes(world, board, 'done')).accepted, 2);
        assert.deepEqual(transports(world), new Set(['socket']));
        const get = async (path: string) =>
          (await fetch(`http://127.0.0.1:${world.app.port()}${path}`)).status;
        assert.equal(await get('/healthz'), 200);
        assert.equal(await get('/readyz'), 200);
        assert.equal(await get('/slack/events'), 404);
      });
    });

    test('continues after Slack has closed the socket', async () => {
      await withSocketMode({ database }, async (world) => {
        const before = opened(world);
        world.slack.disconnectSockets('refresh_requested');
        await eventually(
          'it has connected again',
          () => opened(world) > before && world.slack.socketCount() > 0,
        );
        const board = await ask(world, { callee: '', lists: ['db-oncall'] });
        assert.equal((await boardBecomes(world, board, 'done')).accepted, 2);
      });
    });

    test('a Submit whose acknowledgement is lost makes one request, however often it is pressed', async () => {
      await withSocketMode({ database }, async (world) => {
        const first = await fillModal(world, { callee: '', lists: ['db-oncall'] });
        const confirm = first.view?.id ?? '';
        world.slack.fault({ method: 'app:view_submission', times: 1, kind: 'drop_after' });
        const lost = await world.slack.submitView('U0ASHA', confirm, {});
        assert.equal(lost.action, 'kept');
        const again = await world.slack.submitView('U0ASHA', confirm, {});
        assert.equal(again.action, 'cleared');
        const board = await eventually('the board', () => boards(world)[0]);
        await boardBecomes(world, board, 'done');
        assert.equal(boards(world).length, 1);
        assert.equal(world.voice.calls.length, 2);
      });
    });

    test('a Submit that never arrived calls nobody until it is pressed again', async () => {
      await withSocketMode({ database }, async (world) => {
        const first = await fillModal(world, { callee: '', lists: ['db-oncall'] });
        const confirm = first.view?.id ?? '';
        world.slack.fault({ method: 'app:view_submission', times: 1, kind: 'drop_before' });
        assert.equal((await world.slack.submitView('U0ASHA', confirm, {})).action, 'kept');
        assert.equal(world.voice.calls.length, 0);
        assert.equal((await world.slack.submitView('U0ASHA', confirm, {})).action, 'cleared');
        await world.voice.until(() => world.voice.calls.length === 2);
      });
    });

    test('an alert is acknowledged only once it is stored, and calls', async () => {
      await withSocketMode({ database, config: alertConfig }, async (world) => {
        const alert = await whileLocked(world, async () => {
          const posted = postAlert(world, 'db-1 lag');
          await sleep(300);
          assert.equal(broughtOf(world, posted)[0]?.result, undefined, 'not acknowledged');
          return posted;
        });
        await eventually('it is acknowledged', () => broughtOf(world, alert)[0]?.result?.outcome === 'ok');
        await alertBoards(world, 1);
        assert.equal(world.voice.calls.length, 1);
        assert.deepEqual(transports(world), new Set(['socket']));
      });
    });

    test('an alert whose connection breaks before its acknowledgement comes again on another, and calls once', async () => {
      const slack = { ackTimeoutMs: 1_000 };
      await withSocketMode({ database, config: alertConfig, slack }, async (world) => {
        const alert = await whileLocked(world, async () => {
          const posted = postAlert(world, 'db-2 lag');
          await sleep(100);
          world.slack.disconnectSockets('refresh_requested');
          await eventually('Slack has waited in vain', () => broughtOf(world, posted)[0]?.result);
          return posted;
        });
        const stored = await world.database.open();
        await eventually('what came is stored all the same', async () => await alertEvents(stored));
        await world.slack.settled();
        const [first, ...again] = broughtOf(world, alert);
        assert.equal(first?.result?.outcome, 'operation_timeout');
        assert.equal(again.at(-1)?.result?.outcome, 'ok');
        await alertBoards(world, 1);
        assert.equal(await alertEvents(stored), 1);
        assert.equal(world.voice.calls.length, 1);
      });
    });

    test('an alert that cannot be stored is not acknowledged: it comes again, and calls once', async () => {
      await withSocketMode({ database, config: alertConfig }, async (world) => {
        const store = await world.database.open();
        await store.transaction(async (tx) => {
          await sql`alter table alert_events rename to alert_events_away`.execute(tx);
        });
        const alert = postAlert(world, 'db-3 lag');
        await eventually('Slack has waited in vain', () => broughtOf(world, alert)[0]?.result);
        assert.equal(broughtOf(world, alert)[0]?.result?.outcome, 'operation_timeout');
        await store.transaction(async (tx) => {
          await sql`alter table alert_events_away rename to alert_events`.execute(tx);
        });
        await world.slack.settled();
        assert.equal(broughtOf(world, alert).at(-1)?.result?.outcome, 'ok');
        await alertBoards(world, 1);
        assert.equal(world.voice.calls.length, 1);
      });
    });
  });
}

describe('two Socket Mode instances on one PostgreSQL', { skip: !databaseKinds.includes('postgres') }, () => {
  test('share the envelopes, and each callee is called once', async () => {
    await withSocketMode({ database: 'postgres' }, async (world) => {
      await world.startInstance();
      await eventually('two sockets', () => world.slack.socketCount() === 2);
      for (let turn = 0; turn < 4; turn++) {
        const callees = [0, 1, 2].map((each) => String(919811000000 + turn * 10 + each));
        await ask(world, { callee: callees.join('\n') });
      }
      await world.voice.until(() => world.voice.calls.length === 12);
      for (const board of boards(world)) await boardBecomes(world, board, 'done');
      const called = world.voice.calls.map((call) => call.callee);
      assert.equal(new Set(called).size, 12);
    });
  });

  test('a press reaches either, and an alert that one of them lost comes to the other', async () => {
    const approval = 'approval: { calleesOver: 0, approvers: [U0BEN, U0CLEO] }';
    const config = `${alertConfig}${approval}\n`;
    await withSocketMode({ database: 'postgres', config }, async (world) => {
      await world.startInstance();
      await eventually('two sockets', () => world.slack.socketCount() === 2);
      for (let turn = 1; turn <= 3; turn++) {
        const board = await ask(world, { callee: String(919811000000 + turn) });
        const id = String(board.metadata?.event_payload.request_id);
        const card = await eventually('the card', () =>
          messages(world).find((each) => {
            const blocks = JSON.stringify(each.blocks ?? []);
            return blocks.includes('"call_approve"') && blocks.includes(id);
          }),
        );
        // Envelopes go to the two in turn, so each gets one press.
        const press = (who: string) => world.slack.press(who, 'C0OPS', card.ts, 'call_approve');
        const pressed = await Promise.all([press('U0BEN'), press('U0CLEO')]);
        for (const { outcome } of pressed) assert.equal(outcome, 'ok');
        await boardBecomes(world, board, 'done');
        assert.equal(world.voice.calls.length, turn);
      }
      world.slack.fault({ method: 'app:event', channel: 'C0ALERTS', times: 1, kind: 'drop_after' });
      const alert = postAlert(world, 'db-4 lag');
      await world.slack.settled();
      const outcomes = broughtOf(world, alert).map((each) => each.result?.outcome);
      assert.deepEqual(outcomes, ['operation_timeout', 'ok']);
      await alertBoards(world, 1);
      assert.equal(world.voice.calls.length, 4);
    });
  });
});

describe('a silent connection', () => {
  test('is noticed by the history, shown by /readyz and the log, and replaced; the alert calls', async () => {
    const clock = createJumpClock();
    const logs: string[] = [];
    const log = createLog('info', { sink: { write: (line) => logs.push(line) } });
    const slack = { now: () => clock.now(), eventRetryDelaysMs: [] };
    await withSocketMode(
      { config: alertConfig, clock, log, leaseMs: 24 * 3_600_000, slack },
      async (world) => {
        const readyz = async () => {
          const response = await fetch(`http://127.0.0.1:${world.app.port()}/readyz`);
          return { status: response.status, body: await response.text() };
        };
        const connections = () =>
          world.slack.state.callsLog.filter((call) => call.method === 'apps.connections.open').length;
        const store = await world.database.open();
        await eventually('the channel was looked at', async () => {
          const rows = await store.read.selectFrom('channel_reads').selectAll().execute();
          return rows.length === 1;
        });
        await store.close();
        assert.equal((await readyz()).status, 200);
        clock.jump(1_000);
        world.slack.fault({ method: 'app:event', times: 100_000, kind: 'hang' });
        const connected = connections();
        postAlert(world, 'silent socket');
        clock.jump(5 * 60_000);
        await eventually('it connects anew', () => connections() > connected);
        assert.ok(logs.some((line) => line.includes('Slack delivers no events although')));
        clock.jump(6_000);
        const told = await readyz();
        assert.deepEqual([told.status, told.body.includes('slack_events')], [503, true]);
        world.slack.clearFaults();
        await eventually('it is connected', () => world.slack.socketCount() > 0);
        await alertBoards(world, 1);
        assert.equal(world.voice.calls.length, 1);
        postAlert(world, 'heard again');
        await alertBoards(world, 2);
        clock.jump(6_000);
        await eventually('it is ready', async () => (await readyz()).status === 200);
      },
    );
  });
});
