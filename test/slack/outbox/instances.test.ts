import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { lockRequest } from '../../../src/calls/request/rows.ts';
import type { Clock } from '../../../src/clock.ts';
import type { Config } from '../../../src/config/types.ts';
import { VoicecallError } from '../../../src/errors.ts';
import { createLog } from '../../../src/log.ts';
import { changed, post } from '../../../src/outbox/outbox.ts';
import type { Lease } from '../../../src/queue/types.ts';
import { createCooldownWatch } from '../../../src/slack/alerts/cooldown.ts';
import { slackLogger } from '../../../src/slack/client/bolt.ts';
import { createBalance } from '../../../src/slack/context/balance.ts';
import { createSlackClients } from '../../../src/slack/context/clients.ts';
import type { SlackDeps } from '../../../src/slack/context/deps.ts';
import { createEventWatch } from '../../../src/slack/context/event-watch.ts';
import { createPeople } from '../../../src/slack/context/people.ts';
import { createRecordings } from '../../../src/slack/context/recordings.ts';
import { createDeliverer } from '../../../src/slack/outbox/deliver.ts';
import { createEditor } from '../../../src/slack/outbox/edit.ts';
import type { Store } from '../../../src/store/types.ts';
import { configWith, createDeps, createVoiceStub, request } from '../../calls/approval/stage.ts';
import { createFakeClock } from '../../support/clock.ts';
import { databaseKinds, silentLog, waitingForLock, withStore } from '../../support/store.ts';

const lasting: Lease = { valid: () => true, signal: new AbortController().signal };
const lapsed: Lease = { valid: () => false, signal: new AbortController().signal };
const config = configWith(
  '{ calleesOver: 0, approvers: [U0BEN], channel: C0APPROVE }',
  `
lists: { oncall: ["+91 85632 14120"] }
rules:
  - { name: db, channels: [C0ALERTS], match: { severity: [critical] }, call: [oncall], say: "{title}" }`,
);

/** A Slack with given answers, and a log of its calls. "limited" is its 429. */
async function startSlack(answerTo: (method: string) => Promise<object | 'limited'>) {
  const asked: string[] = [];
  const server = createServer(async (incoming, response) => {
    const method = incoming.url?.split('/').at(-1) ?? '';
    asked.push(method);
    incoming.resume();
    const answer = await answerTo(method);
    if (answer === 'limited') response.writeHead(429, { 'retry-after': '5' }).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    asked,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function slackDeps(some: { store: Store; clock: Clock; config: () => Config; apiUrl: string }): SlackDeps {
  const log = createLog('silent');
  const deps = createDeps({ ...some, voice: createVoiceStub([]) });
  const clients = createSlackClients({ token: 'xoxb-1', apiUrl: some.apiUrl, logger: slackLogger(log) });
  const identity = { teamId: 'T0', botUserId: 'U0BOT', botId: 'B0BOT' };
  return {
    ...deps,
    ...clients,
    identity,
    people: createPeople({ ...deps, ...clients, identity }),
    recordings: createRecordings(deps),
    balance: createBalance(deps),
    events: createEventWatch(some.clock),
    slackApiUrl: some.apiUrl,
    slackBotToken: 'xoxb-1',
  };
}

/** Everything that one test needs, closed after it. */
async function onStage(
  kind: (typeof databaseKinds)[number],
  answerTo: (method: string, store: Store) => Promise<object | 'limited'>,
  run: (stage: {
    store: Store;
    deps: SlackDeps;
    asked: string[];
    openOther: (onRetry: () => void) => Promise<Store>;
  }) => Promise<void>,
): Promise<void> {
  await withStore(
    async (store, database) => {
      const slack = await startSlack((method) => answerTo(method, store));
      try {
        await run({
          store,
          deps: slackDeps({ store, clock: createFakeClock(), config: () => config, apiUrl: slack.apiUrl }),
          asked: slack.asked,
          openOther: (onRetry) =>
            database.open({
              log: {
                ...silentLog,
                debug: (_facts, message) => {
                  if (message === 'a transaction is retried') onRetry();
                },
              },
            }),
        });
      } finally {
        await slack.stop();
      }
    },
    { kind },
  );
}

const posted = async () => ({ ok: true, ts: '17.1', channel: 'C0OPS' });
const deliver = (channelId: string) => ({
  kind: 'slack.deliver',
  key: channelId,
  payload: null,
  attempts: 0,
});

async function sayHello(store: Store): Promise<string> {
  return await store.transaction((tx) =>
    post(tx, 1, { requestId: null, post: { kind: 'words', plain: 'hello' }, place: { channelId: 'C0OPS' } }),
  );
}

async function messageOf(store: Store, id: string) {
  return await store.read.selectFrom('posts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

for (const kind of databaseKinds) {
  describe(`Slack from several instances, on ${kind}`, () => {
    test('an instance that slept through its lease does not edit over what another has shown since', async () => {
      await onStage(kind, posted, async ({ store, deps, asked }) => {
        const id = await sayHello(store);
        await store.transaction((tx) =>
          tx
            .updateTable('posts')
            .set({ state: 'posted', ts: '17.1', posted_at: 1 })
            .where('id', '=', id)
            .execute(),
        );
        const edit = { kind: 'slack.edit', key: id, payload: null, attempts: 0 };
        await createEditor(deps)(edit, lapsed);
        assert.deepEqual(asked, []);
        assert.equal((await messageOf(store, id)).shown, null);
        await createEditor({ ...deps, clock: createFakeClock(deps.clock.now() + 60_000) })(edit, lasting);
        assert.deepEqual(asked, ['chat.update']);
      });
    });

    test('a 429 takes back only its own try, not that of another instance', async () => {
      const tryMeanwhile = async (_method: string, store: Store) => {
        await store.transaction((tx) =>
          tx
            .updateTable('posts')
            .set((eb) => ({ tries: eb('tries', '+', 1) }))
            .execute(),
        );
        return 'limited' as const;
      };
      await onStage(kind, tryMeanwhile, async ({ store, deps }) => {
        const id = await sayHello(store);
        await createDeliverer(deps)(deliver('C0OPS'), lasting);
        assert.equal((await messageOf(store, id)).tries, 1);
      });
    });

    test('what waits behind a resting message waits as long: the channel is not tried in between', async () => {
      const away = async () => ({ ok: false, error: 'fatal_error' });
      await onStage(kind, away, async ({ store, deps }) => {
        const requestId = await request(deps);
        const rested = deps.clock.now() + 300_000;
        await store.transaction(async (tx) => {
          await changed(tx, 1, requestId);
          const place = { channelId: 'C0OPS' };
          await post(tx, 1, { requestId, post: { kind: 'results' }, place });
          const board = tx.updateTable('posts').set({ tries: 9, next_try_at: rested });
          await board.where('kind', '=', 'board').execute();
        });
        assert.deepEqual(await createDeliverer(deps)(deliver('C0OPS'), lasting), { againAt: rested });
      });
    });

    test('a message is given up together with what replaces it', async () => {
      const closed = async () => ({ ok: false, error: 'channel_not_found' });
      await onStage(kind, closed, async ({ store, deps }) => {
        const requestId = await request(deps);
        let left = 2;
        const dying: Store = {
          ...store,
          transaction: async (run) => {
            if (left-- <= 0) throw new VoicecallError('store_unavailable', 'killed here');
            return await store.transaction(run);
          },
        };
        await createDeliverer({ ...deps, store: dying })(deliver('C0OPS'), lasting).catch(() => {});
        const messages = await store.read
          .selectFrom('posts')
          .select(['slot', 'state'])
          .where('request_id', '=', requestId)
          .execute();
        const board = messages.find(({ slot }) => slot === `board:${requestId}`);
        const instead = messages.find(({ slot }) => slot?.startsWith('moved:'));
        assert.equal(board?.state, 'dropped');
        assert.equal(instead?.state, 'pending');
      });
    });

    test('a cooldown that ends does not call for an alert that became harmless during the look-up', async () => {
      await onStage(kind, posted, async ({ store, deps }) => {
        await store.transaction((tx) =>
          tx
            .insertInto('alerts')
            .values({
              ...{ id: 'a1', key: 'k', channel_id: 'C0ALERTS', bot_id: 'B0', identity: '{}' },
              ...{ status: 'firing', severity: 'critical', title: 'replica lag', link: null },
              ...{ thread_ts: '1.1', last_ts: '1.1', first_at: 1, episode_at: 1, last_at: deps.clock.now() },
              ...{ acked_by: null, acked_at: null },
            })
            .execute(),
        );
        let read = false;
        const slow: Store = {
          ...store,
          transaction: async (run) => {
            if (!read) {
              await store.transaction((tx) =>
                tx.updateTable('alerts').set({ severity: 'info', last_ts: '2.2' }).execute(),
              );
            }
            read = true;
            return await store.transaction(run);
          },
        };
        const watch = createCooldownWatch({ ...deps, store: slow });
        const task = { kind: 'alerts.cooldown', key: 'a1:db', attempts: 0 };
        const payload = { calledAt: null, source: null };
        const again = await watch({ ...task, payload }, lasting);
        if (again !== undefined) assert.equal(await watch({ ...task, payload }, lasting), undefined);
        assert.ok(read);
        assert.deepEqual(await store.read.selectFrom('requests').select('id').execute(), []);
      });
    });
  });
}

test('a card that was just posted and a decision on it do not deadlock', {
  skip: !databaseKinds.includes('postgres'),
}, async () => {
  await onStage('postgres', posted, async ({ store, deps, openOther }) => {
    let retries = 0;
    const other = await openOther(() => retries++);
    const requestId = await request(deps);
    await store.transaction((tx) => tx.updateTable('requests').set({ expires_at: null }).execute());
    let delivering: Promise<unknown> | undefined;
    await store.transaction(async (tx) => {
      await lockRequest(tx, requestId);
      delivering = createDeliverer({ ...deps, store: other })(deliver('C0APPROVE'), lasting);
      delivering.catch(() => {});
      await waitingForLock(store);
      await changed(tx, 1, requestId);
    });
    await delivering;
    assert.equal(retries, 0);
    const card = await store.read
      .selectFrom('posts')
      .select('state')
      .where('kind', '=', 'card')
      .executeTakeFirstOrThrow();
    assert.equal(card.state, 'posted');
    const row = await store.read.selectFrom('requests').select('expires_at').executeTakeFirstOrThrow();
    assert.ok(row.expires_at !== null);
  });
});
