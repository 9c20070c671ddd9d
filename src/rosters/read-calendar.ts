import { Worker } from 'node:worker_threads';
import type { Calendar, Span } from './types.ts';

/** Longer than any calendar of 5 MB that people made needs, ms. */
const withinMs = 10_000;

export type ReadCalendar = { calendar: Calendar } | { fault: string };

/** Expands a calendar in a separate thread, which is ended if it takes too long. Does not throw. */
export function readCalendar(text: string, span: Span, patienceMs = withinMs): Promise<ReadCalendar> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./expand-worker.ts', import.meta.url), {
      workerData: { text, span },
      // The thread needs no secret from the environment.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let done = false;
    const finish = (read: ReadCalendar) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      resolve(read);
      void worker.terminate();
    };
    const timer = setTimeout(() => finish({ fault: 'it takes too long to read the calendar' }), patienceMs);
    timer.unref();
    worker.once('message', (read: ReadCalendar) => finish(read));
    worker.once('error', () => finish({ fault: 'the calendar takes too much memory to read' }));
    worker.once('exit', () => finish({ fault: 'the calendar cannot be read' }));
  });
}
