import { Worker } from 'node:worker_threads';

/** What a thread answered, or why it did not. `late`: not in time. `failed`: it ended, most often for lack of memory. */
export type FromThread = { answer: unknown } | { why: 'late' | 'failed' };

/**
 * Runs a module in a separate thread, so that reading what others wrote blocks nothing else. The thread is ended with
 * its first message, or if it takes too long. Does not throw.
 */
export function inThread(module: URL, workerData: unknown, withinMs: number): Promise<FromThread> {
  return new Promise((resolve) => {
    const worker = new Worker(module, {
      workerData,
      // The thread needs no secret from the environment.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let done = false;
    const finish = (from: FromThread) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      resolve(from);
      void worker.terminate();
    };
    const timer = setTimeout(() => finish({ why: 'late' }), withinMs);
    timer.unref();
    worker.once('message', (answer: unknown) => finish({ answer }));
    worker.once('error', () => finish({ why: 'failed' }));
    worker.once('exit', () => finish({ why: 'failed' }));
  });
}
