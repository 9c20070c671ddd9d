import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databaseKinds } from '../support/store.ts';
import {
  ask,
  boardBecomes,
  boards,
  eventually,
  fillModal,
  startWorld,
  type World,
} from '../support/world.ts';

const appToken = 'xapp-1-A0VOICECALL-0000000000-sandbox';

async function withSocketMode(
  options: Parameters<typeof startWorld>[0],
  use: (world: World) => Promise<void>,
): Promise<void> {
  const world = await startWorld({
    ...options,
    slack: { appToken, ackTimeoutMs: 1000 },
    env: { SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: '' },
  });
  try {
    await eventually('a socket', () => world.slack.socketCount() > 0);
    await use(world);
  } finally {
    await world.stop();
  }
}

const transports = (world: World) => new Set(world.slack.state.deliveries.map((each) => each.transport));

for (const database of databaseKinds) {
  describe(`Socket Mode, on ${database}`, () => {
    test('the story from command to result, without a request URL, and health is served', async () => {
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

    test('goes on after Slack has closed the socket', async () => {
      await withSocketMode({ database }, async (world) => {
        world.slack.disconnectSockets('refresh_requested');
        await eventually('the socket is gone', () => world.slack.socketCount() === 0);
        await eventually('it has connected again', () => world.slack.socketCount() > 0);
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

    test('a Submit that never arrived rings nobody until it is pressed again', async () => {
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
  });
}

describe('two Socket Mode instances on one PostgreSQL', { skip: !databaseKinds.includes('postgres') }, () => {
  test('share the envelopes, and each callee is rung once', async () => {
    await withSocketMode({ database: 'postgres' }, async (world) => {
      await world.startInstance();
      await eventually('two sockets', () => world.slack.socketCount() === 2);
      for (let turn = 0; turn < 4; turn++) {
        const callees = [0, 1, 2].map((each) => String(919811000000 + turn * 10 + each));
        await ask(world, { callee: callees.join('\n') });
      }
      await world.voice.until(() => world.voice.calls.length === 12);
      for (const board of boards(world)) await boardBecomes(world, board, 'done', 20_000);
      const rung = world.voice.calls.map((call) => call.callee);
      assert.equal(new Set(rung).size, 12);
    });
  });
});
