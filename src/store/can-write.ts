import { statfs } from 'node:fs/promises';
import { noteTime } from './clock.ts';
import type { Store } from './types.ts';

/** How long the probe waits for a lock, ms. */
const patienceMs = 500;
/**
 * With less free space than this (bytes), one of the next writes fails, even if the write-ahead log still takes a
 * small one.
 */
const leastRoom = 256 * 1024;

/** True if the database can be written to. A read would still work on a full disk or a locked file. Never throws. */
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
