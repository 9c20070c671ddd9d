import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Store } from './types.ts';

/** How often the database's time is measured. */
export const refreshMs = 30_000;

export interface DatabaseClock extends Clock {
  /** Ends the measuring. */
  stop(): void;
}

/**
 * A clock that tells the time of the database, so that an instance whose own clock is wrong reads leases right. Measured
 * now and every 30 s; in between it goes by monotonic time, so that setting the machine's clock changes nothing. On
 * SQLite there is one machine, and it is the given clock. Throws like `Store.transaction`.
 */
export async function databaseClock(store: Store, clock: Clock): Promise<DatabaseClock> {
  if (store.dialect === 'sqlite') return { ...clock, stop() {} };

  let stopped = false;
  let cancel = () => {};
  let ahead = await measure(store, clock);
  const schedule = () => {
    cancel = clock.after(refreshMs, () => void refresh());
  };
  const refresh = async () => {
    // A database that is away for a while leaves the last measurement good enough.
    ahead = await measure(store, clock).catch(() => ahead);
    if (!stopped) schedule();
  };
  schedule();
  return {
    now: () => Math.round(clock.monotonic() + ahead),
    monotonic: () => clock.monotonic(),
    after: (delayMs, run) => clock.after(delayMs, run),
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/** How far the database's time is ahead of our monotonic time, in ms: the quickest of three answers is the truest. */
async function measure(store: Store, clock: Clock): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, ahead: 0 };
  for (let round = 0; round < 3; round++) {
    const before = clock.monotonic();
    const { rows } = await sql<{
      at: number;
    }>`select extract(epoch from clock_timestamp()) * 1000 as at`.execute(store.read);
    const after = clock.monotonic();
    const [row] = rows;
    if (row !== undefined && after - before < best.tookMs) {
      best = { tookMs: after - before, ahead: row.at - (before + after) / 2 };
    }
  }
  return best.ahead;
}
