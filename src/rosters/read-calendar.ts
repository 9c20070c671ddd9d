import { inWorkerThread } from '../worker-thread.ts';
import type { Calendar, Span } from './types.ts';

/** Longer than an ordinary calendar of 5 MB needs, ms. */
const withinMs = 10_000;

export type ReadCalendar = { calendar: Calendar } | { fault: string };

const faults = {
  late: 'it takes too long to read the calendar',
  failed: 'the calendar takes too much memory to read',
};

/** Expands a calendar in a separate thread, which is ended if it takes too long. Does not throw. */
export async function readCalendar(text: string, span: Span, patienceMs = withinMs): Promise<ReadCalendar> {
  const read = await inWorkerThread<ReadCalendar>(
    new URL('./expand-worker.ts', import.meta.url),
    { text, span },
    patienceMs,
  );
  return 'why' in read ? { fault: faults[read.why] } : read.answer;
}
