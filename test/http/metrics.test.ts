import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { WebClient } from '@slack/web-api';
import { startSlack } from '../../sandbox/slack/slack.ts';
import { createMetrics, createMetricsServer } from '../../src/http/metrics.ts';
import { createLog } from '../../src/log.ts';
import { addTask } from '../../src/queue/enqueue.ts';
import type { Tx } from '../../src/store/types.ts';
import type { CallState, Origin, SubmissionState } from '../../src/store/values.ts';
import { createFakeClock } from '../support/clock.ts';
import { callRow, requestRow, submissionRow } from '../support/rows.ts';
import { forEachDatabase, withStore } from '../support/store.ts';

const log = createLog('silent');
const hourMs = 3_600_000;

async function addRequest(tx: Tx, id: string, origin: Origin, at: number): Promise<void> {
  await tx
    .insertInto('requests')
    .values(requestRow({ id, origin, created_at: at }))
    .execute();
}

/** A call of request "a". */
async function addCall(
  tx: Tx,
  id: string,
  call: { at: number; outcome: SubmissionState; state: CallState; termination: string | null },
): Promise<void> {
  await tx
    .insertInto('submissions')
    .values(submissionRow({ id, request_id: 'a', state: call.outcome, ready_at: call.at }))
    .execute();
  const { state, at: dialled_at, termination: termination_code } = call;
  await tx
    .insertInto('calls')
    .values(
      callRow({
        ...{ request_id: 'a', position: Number(id), submission_id: id, callee: '6591110001', voice_id: id },
        ...{ state, dialled_at, termination_code },
      }),
    )
    .execute();
}

/** The samples of one metric, as `{labels} value`. */
function samples(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length).trim())
    .sort();
}

forEachDatabase((kind) => {
  suite(`metrics of the database on ${kind}`, () => {
    test('requests by origin, submissions by outcome, calls by termination', async () => {
      const clock = createFakeClock();
      await withStore(
        async (store) => {
          const metrics = createMetrics({ store, clock, log, slackApiUrl: 'http://127.0.0.1:1/api/' });
          const now = clock.now();
          await store.transaction(async (tx) => {
            await addRequest(tx, 'a', 'person', now - 100 * hourMs);
            await addRequest(tx, 'b', 'person', now - 1);
            await addRequest(tx, 'c', 'alert', now);
            await tx
              .updateTable('requests')
              .set({ first_reached_at: now + 90_000, reach_ended_by: 'enough' })
              .where('id', '=', 'c')
              .execute();
            await addCall(tx, '1', {
              at: now - 1,
              outcome: 'accepted',
              state: 'answered',
              termination: '200',
            });
            await addCall(tx, '2', {
              at: now - 2,
              outcome: 'accepted',
              state: 'answered',
              termination: '200',
            });
            await addCall(tx, '3', { at: now - 3, outcome: 'unknown', state: 'unknown', termination: null });
            await addCall(tx, '4', {
              at: now - 4,
              outcome: 'accepted',
              state: 'not_answered',
              termination: 'made up',
            });
            await addCall(tx, '5', {
              at: now - 25 * hourMs,
              outcome: 'refused',
              state: 'refused',
              termination: '486',
            });
          });
          const text = await metrics.registry.metrics();
          assert.deepEqual(samples(text, 'voicecall_requests_total'), [
            '{origin="alert"} 1',
            '{origin="person"} 2',
          ]);
          assert.deepEqual(samples(text, 'voicecall_submissions_last_day'), [
            '{outcome="accepted"} 3',
            '{outcome="unknown"} 1',
          ]);
          assert.deepEqual(samples(text, 'voicecall_calls_last_day'), [
            '{state="answered",termination="200"} 2',
            '{state="not_answered",termination="other"} 1',
            '{state="unknown",termination=""} 1',
          ]);
          assert.deepEqual(samples(text, 'voicecall_attempts_last_day'), [
            '{attempt="1",outcome="answered"} 2',
            '{attempt="1",outcome="not_answered"} 1',
            '{attempt="1",outcome="unknown"} 1',
          ]);
          assert.deepEqual(samples(text, 'voicecall_reached_after_seconds_count'), ['1']);
          assert.ok(samples(text, 'voicecall_reached_after_seconds_bucket').includes('{le="120"} 1'));
          assert.deepEqual(samples(text, 'voicecall_reaching_ended_last_day'), ['{by="enough"} 1']);
          assert.deepEqual(samples(text, 'voicecall_database_up'), ['1']);
        },
        { kind, clock },
      );
    });

    test('each request is counted once, however often and whenever it settles', async () => {
      const clock = createFakeClock();
      await withStore(
        async (store) => {
          const metrics = createMetrics({ store, clock, log, slackApiUrl: 'http://127.0.0.1:1/api/' });
          for (let round = 0; round < 6; round++) {
            await store.transaction((tx) => addRequest(tx, `r${round}`, 'person', clock.now()));
            const [once, twice] = await Promise.all([metrics.registry.metrics(), metrics.registry.metrics()]);
            const expected = [`{origin="person"} ${round + 1}`];
            assert.deepEqual(samples(once, 'voicecall_requests_total'), expected);
            assert.deepEqual(samples(twice, 'voicecall_requests_total'), expected);
            await clock.advance(2 * 60_000);
          }
        },
        { kind, clock },
      );
    });

    test('task lag is the age of the oldest waiting task; held and future ones do not count', async () => {
      const clock = createFakeClock();
      await withStore(
        async (store) => {
          const metrics = createMetrics({ store, clock, log, slackApiUrl: 'http://127.0.0.1:1/api/' });
          const lag = async () => samples(await metrics.registry.metrics(), 'voicecall_task_lag_seconds');
          const now = clock.now();
          await store.transaction(async (tx) => {
            await addTask(tx, { kind: 'held', key: '1', runAt: now - 60_000 });
            await tx
              .updateTable('tasks')
              .set({ lease_owner: 'x', lease_until: now + 8000 })
              .execute();
            await addTask(tx, { kind: 'later', key: '1', runAt: now + 60_000 });
          });
          assert.deepEqual(await lag(), ['0']);
          await clock.advance(6_000);
          await store.transaction((tx) =>
            addTask(tx, { kind: 'late', key: '1', runAt: clock.now() - 2_500 }),
          );
          assert.deepEqual(await lag(), ['2.5']);
        },
        { kind, clock },
      );
    });
  });
});

suite('metrics of the process', () => {
  test('a missing database is shown, and the other metrics are served', async () => {
    const clock = createFakeClock();
    await withStore(async (store) => {
      const metrics = createMetrics({ store, clock, log, slackApiUrl: 'http://127.0.0.1:1/api/' });
      await store.read.selectFrom('meta').select('name').execute();
      await store.close();
      const text = await metrics.registry.metrics();
      assert.deepEqual(samples(text, 'voicecall_database_up'), ['0']);
      assert.deepEqual(samples(text, 'voicecall_requests_total'), []);
      assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
      assert.match(text, /^process_resident_memory_bytes /m);
    });
  });

  test('Slack calls and errors by method, through the app’s client', async () => {
    const slack = await startSlack();
    try {
      await withStore(async (store) => {
        const metrics = createMetrics({ store, clock: createFakeClock(), log, slackApiUrl: slack.url });
        const web = new WebClient(slack.state.app.botToken, {
          ...{ slackApiUrl: slack.url, fetch: metrics.slackFetch, retryConfig: { retries: 0 } },
          rejectRateLimitedCalls: true,
        });
        assert.equal((await web.auth.test()).ok, true);
        await assert.rejects(web.conversations.info({ channel: 'C0NOWHERE' }));
        for (const kind of ['429', '500', 'drop_before'] as const) {
          slack.fault({ method: 'chat.postMessage', times: 1, kind });
          await assert.rejects(web.chat.postMessage({ channel: 'C0OPS', text: 'x' }));
        }
        const text = await metrics.registry.metrics();
        assert.deepEqual(samples(text, 'voicecall_slack_calls_total'), [
          '{method="auth.test"} 1',
          '{method="chat.postMessage"} 3',
          '{method="conversations.info"} 1',
        ]);
        assert.deepEqual(samples(text, 'voicecall_slack_errors_total'), [
          '{method="chat.postMessage",error="http_500"} 1',
          '{method="chat.postMessage",error="network"} 1',
          '{method="chat.postMessage",error="ratelimited"} 1',
          '{method="conversations.info",error="channel_not_found"} 1',
        ]);
      });
    } finally {
      await slack.stop();
    }
  });

  test('an unknown Slack method gets no label of its own', async () => {
    await withStore(async (store) => {
      const slackApiUrl = 'http://127.0.0.1:1/api/';
      const metrics = createMetrics({ store, clock: createFakeClock(), log, slackApiUrl });
      for (const url of ['http://127.0.0.1:1/elsewhere?x=6591110001', `${slackApiUrl}a/b/6591110001`]) {
        await assert.rejects(metrics.slackFetch(url));
      }
      const text = await metrics.registry.metrics();
      assert.deepEqual(samples(text, 'voicecall_slack_calls_total'), ['{method="other"} 2']);
    });
  });

  test('its own server answers GET /metrics and nothing else', async () => {
    await withStore(async (store) => {
      const metrics = createMetrics({
        store,
        clock: createFakeClock(),
        log,
        slackApiUrl: 'http://127.0.0.1:1/api/',
      });
      const server = createMetricsServer(metrics, { host: '127.0.0.1', port: 0, log });
      await server.start();
      try {
        const base = `http://127.0.0.1:${server.port()}`;
        const answer = await fetch(`${base}/metrics`);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/);
        assert.match(await answer.text(), /^voicecall_database_up 1$/m);
        for (const path of ['/', '/healthz', '/slack/events'])
          assert.equal((await fetch(base + path)).status, 404);
        assert.equal((await fetch(`${base}/metrics`, { method: 'POST' })).status, 405);
      } finally {
        await server.stop();
      }
    });
  });
});
