import { statfs } from 'node:fs/promises';
import { noteTime } from './clock.ts';
import type { Store } from './types.ts';

/** A probe waits no longer than this for a lock, ms. */
const patienceMs = 500;
/** With less room than this one write or the next fails, though a small one may still fit into the log of writes. */
const leastRoom = 256 * 1024;

/** Whether the database can be written to: a full disk and a locked file still answer what is read. Never throws. */
export async function canWrite(store: Store, dataDir: string, now: number): Promise<boolean> {
  try {
    if (store.dialect === 'sqlite' && (await roomIn(dataDir)) < leastRoom) return false;
    await store.transaction((tx) => noteTime(tx, now), { patienceMs });
    return true;
  } catch {
    return false;
  }
}

async function roomIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
