import type { Clock } from './clock.ts';

export interface Cached<Value> {
  /** The value of a key, loaded unless it was loaded recently. Callers at the same time share one load. */
  get(key: string): Promise<Value | null>;
  /** The value that was loaded last, however old. Null if there is none. */
  last(key: string): Value | null;
}

/** More keys than this are not kept. */
const mostKeys = 5_000;

/** Keeps what `load` returns for `forMs`. A null is not kept, so the next caller loads again; so is an error. */
export function cached<Value>(
  clock: Pick<Clock, 'now'>,
  forMs: number,
  load: (key: string) => Promise<Value | null>,
): Cached<Value> {
  const values = new Map<string, { value: Value; untilAt: number }>();
  const loading = new Map<string, Promise<Value | null>>();

  async function loadNow(key: string): Promise<Value | null> {
    try {
      const value = await load(key);
      if (value !== null) {
        if (values.size >= mostKeys) values.clear();
        values.set(key, { value, untilAt: clock.now() + forMs });
      }
      return value;
    } finally {
      loading.delete(key);
    }
  }

  return {
    async get(key) {
      const now = clock.now();
      const known = values.get(key);
      // A time further ahead was set by a clock that was wrong.
      if (known !== undefined && known.untilAt > now && known.untilAt <= now + forMs) return known.value;
      const answer = loading.get(key) ?? loadNow(key);
      loading.set(key, answer);
      return await answer;
    },
    last: (key) => values.get(key)?.value ?? null,
  };
}
