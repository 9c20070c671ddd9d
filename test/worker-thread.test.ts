import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWorkerThread } from '../src/worker-thread.ts';

const module = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const answers = module(
  "import { parentPort, workerData } from 'node:worker_threads'; parentPort.postMessage(workerData);",
);
const hangs = module('setInterval(() => {}, 1000);');

test('a thread answers, or is ended when its time is over', async () => {
  assert.deepEqual(await inWorkerThread(answers, 'hello', 10_000), { answer: 'hello' });
  assert.deepEqual(await inWorkerThread(hangs, null, 100), { why: 'late' });
  assert.deepEqual(await inWorkerThread(module('throw new Error()'), null, 10_000), { why: 'failed' });
});

test('two run at once; the others wait within their own time, and each gets its own answer', async () => {
  const late = [inWorkerThread(hangs, null, 600), inWorkerThread(hangs, null, 600)];
  assert.deepEqual(await inWorkerThread(answers, 'no turn in time', 100), { why: 'late' });
  const waited = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((each) => inWorkerThread(answers, each, 20_000)),
  );
  assert.deepEqual(
    waited,
    ['a', 'b', 'c', 'd', 'e'].map((answer) => ({ answer })),
  );
  assert.deepEqual(await Promise.all(late), [{ why: 'late' }, { why: 'late' }]);
});
