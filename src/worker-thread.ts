import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** What a thread answered, or why it did not. `late`: not in time. `failed`: it ended, most often for lack of memory. */
export type FromWorkerThread<Answer> = { answer: Answer } | { why: 'late' | 'failed' };

/** At most this many run at once, because each may take 512 MB. Others wait, within their own time. */
const most = 2;
let running = 0;
const waiting: (() => void)[] = [];

/**
 * Runs a module in a separate thread, so that reading what others wrote blocks nothing else. The thread is ended with
 * its first message, an `Answer`, or if it takes too long. Does not throw.
 */
export async function inWorkerThread<Answer>(
  module: URL,
  workerData: unknown,
  withinMs: number,
): Promise<FromWorkerThread<Answer>> {
  const startAt = performance.now();
  while (running >= most) {
    const leftMs = withinMs - (performance.now() - startAt);
    if (leftMs <= 0) return { why: 'late' };
    await Promise.race([oneEnds(), wait(leftMs, undefined, { ref: false })]);
  }
  running++;
  try {
    return await runThread(module, workerData, withinMs - (performance.now() - startAt));
  } finally {
    running--;
    for (const look of waiting.splice(0)) look();
  }
}

function oneEnds(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve));
}

function runThread<Answer>(
  module: URL,
  workerData: unknown,
  withinMs: number,
): Promise<FromWorkerThread<Answer>> {
  return new Promise((resolve) => {
    const worker = new Worker(module, {
      workerData,
      // The thread needs no secret from the environment.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let done = false;
    const finish = (from: FromWorkerThread<Answer>) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      resolve(from);
      void worker.terminate();
    };
    const timer = setTimeout(() => finish({ why: 'late' }), withinMs);
    timer.unref();
    worker.once('message', (answer: Answer) => finish({ answer }));
    worker.once('error', () => finish({ why: 'failed' }));
    worker.once('exit', () => finish({ why: 'failed' }));
  });
}
