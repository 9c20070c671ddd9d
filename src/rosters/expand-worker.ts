// Runs in a separate thread, so that expanding a calendar blocks nothing else.
import { parentPort, workerData } from 'node:worker_threads';
import { CalendarFault, expandCalendar } from './expand.ts';

try {
  parentPort?.postMessage({ calendar: expandCalendar(workerData.text, workerData.span) });
} catch (error) {
  const fault = error instanceof CalendarFault ? error.message : 'the calendar cannot be read';
  parentPort?.postMessage({ fault });
}
