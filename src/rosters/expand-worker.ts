// Runs in a separate thread, so that expanding a calendar blocks nothing else.
import { parentPort, workerData } from 'node:worker_threads';
import { CalendarFault, expandCalendar } from './expand.ts';
import type { Span } from './types.ts';

const { text, span }: { text: string; span: Span } = workerData;
try {
  parentPort?.postMessage({ calendar: expandCalendar(text, span) });
} catch (error) {
  const fault = error instanceof CalendarFault ? error.message : 'the calendar cannot be read';
  parentPort?.postMessage({ fault });
}
