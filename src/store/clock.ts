import { sql } from 'kysely';
import { type Clock, followTime } from '../clock.ts';
import { readMeta } from './meta.ts';
import type { Schema } from './schema.ts';
import type { Store, StoreLog, Tx } from './types.ts';

/** How often the database's time is measured, ms. */
export const refreshMs = 5_000;
/** How often the time is stored in the database, ms. */
const noteEveryMs = 30_000;
const noteName = 'time';
/** If the clock was set back by more than this, do not wait until it has caught up: that would take days. */
const tooFarMs = 24 * 3_600_000;

export interface DatabaseClock extends Clock {
  /** Stops measuring. */
  stop(): void;
}

/**
 * The time for everything that is stored: the machine's clock on SQLite, the database's on PostgreSQL, so that all
 * instances agree. `followTime` says how it follows a clock that is set. It continues from the time that the last
 * process stored, so that after a step back not every due time is in the future. Throws like `Store.transaction`.
 */
export async function databaseClock(store: Store, clock: Clock, log: StoreLog): Promise<DatabaseClock> {
  let ahead = store.dialect === 'postgres' ? await measure(store, clock) : 0;
  const wall = store.dialect === 'postgres' ? () => clock.monotonic() + ahead : () => clock.now();
  const follow = followTime({ clock, wall, startAt: await startTime(store, wall, log), log });
  let notedAt = follow();
  const note = async () => {
    notedAt = follow();
    await store.transaction((tx) => noteTime(tx, notedAt)).catch(() => {});
  };
  const now = () => {
    const at = follow();
    // A process that starts after the clock was corrected must know of times so far ahead.
    if (at - notedAt > tooFarMs) {
      notedAt = at;
      void note();
    }
    return at;
  };

  const cancels = new Set<() => void>();
  const every = (everyMs: number, run: () => Promise<void>) => {
    let cancel = () => {};
    let stopped = false;
    const schedule = () => {
      cancel = clock.after(everyMs, () => void again());
    };
    const again = async () => {
      await run();
      if (!stopped) schedule();
    };
    schedule();
    cancels.add(() => {
      stopped = true;
      cancel();
    });
  };
  if (store.dialect === 'postgres')
    every(refreshMs, async () => {
      // If the database is away for a while, the last measurement is good enough.
      ahead = await measure(store, clock).catch(() => ahead);
    });
  every(noteEveryMs, note);
  return {
    now,
    wallOf: (at) => Math.round(at + wall() - now()),
    monotonic: () => clock.monotonic(),
    after: (delayMs, run) => clock.after(delayMs, run),
    stop() {
      for (const cancel of cancels) cancel();
    },
  };
}

/** Due times, and past times from which limits and cooldowns count. */
const comparedWithNow: readonly [table: keyof Schema, column: string][] = [
  ['tasks', 'run_at'],
  ['submissions', 'next_try_at'],
  ['submissions', 'resend_at'],
  ['posts', 'next_try_at'],
  ['calls', 'ask_at'],
  ['calls', 'held_until'],
  ['calls', 'dialled_at'],
  ['requests', 'step_started_at'],
  ['rule_calls', 'called_at'],
  ['alerts', 'last_at'],
  ['alerts', 'episode_at'],
];

/** The time that the last process stored. 0 if it is too far ahead to wait for: then every task is looked at now. */
async function startTime(store: Store, wall: () => number, log: StoreLog): Promise<number> {
  const notedAt = Number((await readMeta(store.read, noteName)) ?? 0);
  if (notedAt - wall() < tooFarMs) return notedAt;
  log.error(
    { notedAt, aheadMs: notedAt - wall() },
    'the clock was set back by more than a day: everything that waits is due now',
  );
  const now = Math.round(wall());
  await store.transaction(async (tx) => {
    await tx.deleteFrom('meta').where('name', '=', noteName).execute();
    for (const [table, column] of comparedWithNow) {
      const name = sql.ref(column);
      await sql`update ${sql.table(table)} set ${name} = ${now} where ${name} > ${now}`.execute(tx);
    }
  });
  return 0;
}

/**
 * How long before `now` no instance ran, ms: since the last process stored its time. 0 if another one runs, or if that
 * was too short to know. Stores the time, so that instances that start together count it once.
 */
export async function takeDowntime(tx: Tx, now: number): Promise<number> {
  // Locks the row until the transaction ends.
  const noted = await tx
    .updateTable('meta')
    .set((eb) => ({ value: eb.ref('value') }))
    .where('name', '=', noteName)
    .returning('value')
    .executeTakeFirst();
  await noteTime(tx, now);
  const downMs = noted === undefined ? 0 : now - Number(noted.value);
  return downMs > 2 * noteEveryMs ? downMs : 0;
}

/** Stores the current time. The stored time never decreases. */
export async function noteTime(tx: Tx, now: number): Promise<void> {
  // Compared as text: 15 digits are enough until the year 33658.
  const value = String(now).padStart(15, '0');
  await tx
    .insertInto('meta')
    .values({ name: noteName, value })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({
        value: sql`case when excluded.value > meta.value then excluded.value else meta.value end`,
      }),
    )
    .execute();
}

/** The database's time minus our monotonic time, ms. Of three measurements the quickest is the most exact. */
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
