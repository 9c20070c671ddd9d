import { setImmediate as nextTurn } from 'node:timers/promises';

/** The longest that a reader runs before others have their turn, ms. */
const sliceMs = 8;

/** Runs a reader to its end, and lets the process do other work between its steps. */
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
