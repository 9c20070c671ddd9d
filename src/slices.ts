import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a reader runs before other work gets its turn, ms. */
const sliceMs = 8;

/** Runs a reader to its end. Other work of the process runs between its steps. */
export async function inSlices<Result>(reader: Generator<void, Result>): Promise<Result> {
  let since = performance.now();
  let step = reader.next();
  while (!step.done) {
    if (performance.now() - since > sliceMs) {
      await nextTurn();
      since = performance.now();
    }
    step = reader.next();
  }
  return step.value;
}
