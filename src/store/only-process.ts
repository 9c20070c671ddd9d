import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { VoicecallError } from '../errors.ts';
import { storeFault, storeUnavailable } from './errors.ts';
import type { StoreLog } from './types.ts';

// Longer than a process takes to stop, ms: the next process may start before the last one has ended.
const patienceMs = 45_000;
const lookEveryMs = 200;

/**
 * Makes this process the only one that uses the SQLite database of a directory. Returns a function that ends this.
 * The lock is an operating system lock on a separate file, so it ends with the process in every case. Waits for a
 * process that is stopping, then throws VoicecallError store_unavailable.
 */
export async function becomeOnlyProcess(
  dataDir: string,
  log: StoreLog,
  waitMs = patienceMs,
): Promise<() => void> {
  const lock = new DatabaseSync(join(dataDir, 'voicecall.lock'), { timeout: 0 });
  const giveUpAt = performance.now() + waitMs;
  for (let tries = 0; ; tries++) {
    try {
      lock.exec('begin exclusive');
      return () => {
        if (lock.isOpen) lock.close();
      };
    } catch (error) {
      const fault = storeFault(error);
      const taken = fault?.problem === 'locked';
      if (taken && performance.now() < giveUpAt) {
        if (tries === 0) log.warn({ dataDir }, 'another Voicecall uses this database; waiting until it ends');
        await sleep(lookEveryMs);
        continue;
      }
      lock.close();
      if (fault !== undefined && !taken) throw storeUnavailable(fault, error);
      throw new VoicecallError(
        'store_unavailable',
        `Another Voicecall uses the database in ${dataDir}: stop it first. Several at once need PostgreSQL.`,
        { cause: error, facts: { problem: 'locked' } },
      );
    }
  }
}
