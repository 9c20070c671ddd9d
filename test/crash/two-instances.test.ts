import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ChildApp, type Stage, type StageOptions, startStage } from '../support/child.ts';
import { startProxy } from '../support/proxy.ts';
import { isQuick, timeOf } from '../support/quick.ts';
import { databaseKinds } from '../support/store.ts';
import { ask, boardBecomes, eventually, usualConfig } from '../support/world.ts';
import { account, numbers, settled } from './accounts.ts';

const voice = { report: { retries: 1_000, retryAfterMs: 1500 } };
/** Many small submissions, so that more are always to come: two callees each, ten a second. */
const manySubmissions = usualConfig
  .replace('perSecond: 200', 'perSecond: 10')
  .replace('submit:', 'limits: { callees: 2 }, submit:');

const sentBy = (app: ChildApp) => app.logs.filter((line) => line.msg === 'submission sent').length;

/** The two apps; the one that is sending comes first. */
async function bySending(one: ChildApp, other: ChildApp): Promise<[ChildApp, ChildApp]> {
  await eventually('one of them sends', () => sentBy(one) + sentBy(other) >= 2);
  return sentBy(one) > sentBy(other) ? [one, other] : [other, one];
}

describe('two instances on one PostgreSQL', { skip: !databaseKinds.includes('postgres') }, () => {
  const withTwo = async <Value>(
    options: StageOptions,
    use: (stage: Stage, one: ChildApp, other: ChildApp) => Promise<Value>,
    env: Record<string, string> = {},
  ) => {
    const stage = await startStage({ database: 'postgres', voice, config: manySubmissions, ...options });
    try {
      const [one, other] = await Promise.all([stage.start(), stage.start(env)]);
      return await use(stage, one, other);
    } finally {
      await stage.stop();
    }
  };

  test('the lease of a killed instance is taken over within 10 s', async (t) => {
    const killed = () =>
      withTwo({}, async (stage, one, other) => {
        stage.voice.faults.always({ delayMs: 100 });
        const callees = numbers(80);
        await ask(stage, { callee: callees.join('\n') });
        const [sending, waiting] = await bySending(one, other);
        await sending.kill();
        const before = sentBy(waiting);
        const tookMs = await timeOf(() => eventually('the other goes on', () => sentBy(waiting) > before));
        t.diagnostic(`taken over after ${Math.round(tookMs)} ms`);
        await settled(stage, callees);
        return tookMs;
      });
    await isQuick('taking over', 10_000, killed, 3);
  });

  test('an instance paused in the middle of a POST until its lease is lost does not send what the other has sent', async (t) => {
    const config = manySubmissions
      .replace('callees: 2', 'callees: 1')
      .replace('perSecond: 10', 'perSecond: 4');
    await withTwo({ config }, async (stage, one, other) => {
      stage.voice.faults.always({ delayMs: 300 });
      const callees = numbers(80);
      const board = await ask(stage, { callee: callees.join('\n') });
      const [sending, waiting] = await bySending(one, other);
      const store = await stage.database.open();
      const left = async () => (await account(store)).states.ready ?? 0;
      const posts = stage.voice.requests.length;
      await eventually('a POST is on its way', () => stage.voice.requests.length > posts);
      sending.signal('SIGSTOP');
      const before = sentBy(waiting);
      await eventually('the other has taken over', () => sentBy(waiting) >= before + 10);
      const leftThen = await left();
      sending.signal('SIGCONT');
      t.diagnostic(`left when it woke up: ${leftThen}`);
      assert.ok(leftThen > 0, 'the other is not through');
      await eventually('it knows that its lease is lost', () =>
        sending.logs.some((line) => line.msg === 'the lease of a task was lost while it ran'),
      );
      await boardBecomes(stage, board, 'done');
      const end = await settled(stage, callees);
      assert.deepEqual(end.unknown, []);
      assert.ok(await sending.isReady());
    });
  });

  test('the clock of one instance is an hour off', async (t) => {
    const skew =
      'const real = Date.now; Date.now = () => real() + 3_600_000; const D = Date; globalThis.Date = class extends D { constructor(...a) { if (a.length === 0) super(D.now()); else super(...a); } static now() { return D.now(); } };';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(skew)}` };
    await withTwo(
      {},
      async (stage, one, other) => {
        // Slack's signatures contain the time: an instance whose clock is an hour off must refuse them.
        other.inFront = false;
        const callees = numbers(60);
        for (let from = 0; from < 60; from += 10) {
          await ask(stage, { callee: callees.slice(from, from + 10).join('\n') });
        }
        const end = await settled(stage, callees);
        t.diagnostic(`sent by the right one: ${sentBy(one)}, by the wrong one: ${sentBy(other)}`);
        assert.deepEqual(end.unknown, []);
        const last = other.logs.at(-1)?.time;
        assert.ok(Date.parse(String(last)) - Date.now() > 3_000_000, 'its clock really is off');
      },
      env,
    );
  });

  test('an instance without its database stops sending, and the other continues', async (t) => {
    const stage = await startStage({ database: 'postgres', voice, config: manySubmissions });
    const proxy = await startProxy(stage.database.databaseUrl ?? '');
    try {
      stage.voice.faults.always({ delayMs: 100 });
      const cut = await stage.start({ DATABASE_URL: proxy.url });
      const callees = numbers(80);
      await ask(stage, { callee: callees.join('\n') });
      await eventually('it sends', () => sentBy(cut) >= 2);
      const other = await stage.start();
      proxy.freeze();
      cut.inFront = false;
      const frozenAt = performance.now();
      const sentThen = sentBy(cut);
      await eventually('the other goes on', () => sentBy(other) > 0);
      t.diagnostic(`taken over after ${Math.round(performance.now() - frozenAt)} ms`);
      await settled(stage, callees);
      // One may have been on its way, and the news of another.
      assert.ok(sentBy(cut) <= sentThen + 2, 'the one cut off has sent nothing more');
    } finally {
      await proxy.close();
      await stage.stop();
    }
  });
});
