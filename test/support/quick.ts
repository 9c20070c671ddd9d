import assert from 'node:assert/strict';

/**
 * Checks that something takes at most `limitMs`. `measure` returns how long it took. It is repeated if it took too
 * long: what is slow by itself is slow each time, while the machine's other work comes and goes.
 */
export async function isQuick(
  what: string,
  limitMs: number,
  measure: () => number | Promise<number>,
  tries = 6,
): Promise<void> {
  const tookMs: number[] = [];
  while (tookMs.length < tries) {
    const took = await measure();
    if (took <= limitMs) return;
    tookMs.push(Math.round(took));
  }
  assert.fail(`${what} took ${tookMs.join(', ')} ms, and may take ${limitMs}`);
}

/** How long `run` takes, ms. */
export async function timeOf(run: () => unknown): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

/**
 * The longest time that this thread is busy without a pause while `run` runs, ms. Measured as its CPU time, so that
 * other work of the machine does not count.
 */
export async function longestBlock(run: () => unknown): Promise<number> {
  let longest = 0;
  let last = process.threadCpuUsage();
  const look = () => {
    const used = process.threadCpuUsage(last);
    longest = Math.max(longest, (used.user + used.system) / 1000);
    last = process.threadCpuUsage();
  };
  const timer = setInterval(look, 1);
  await new Promise(setImmediate);
  try {
    await run();
  } finally {
    clearInterval(timer);
    look();
  }
  return longest;
}

/**
 * True after half a minute. A property that needs a database then passes without more work, so that a busy machine
 * checks fewer cases.
 */
export function hasHadItsTime(): () => boolean {
  const until = performance.now() + 30_000;
  return () => performance.now() > until;
}
