import { cached } from '../cached.ts';
import type { Clock } from '../clock.ts';
import { answer, type Handler } from './server.ts';

export interface Readiness {
  /** The process is running. */
  healthz: Handler;
  /** The process can work: it has started, and no check failed that stops work. Its answer names every failed check. */
  readyz: Handler;
  started(): void;
  stopping(): void;
}

/** How long a result is reused, ms: a probe every second must not be a query every second. */
const freshForMs = 5_000;

/**
 * The two routes for an orchestrator. Each of `checks` says whether the part with its name works, and never throws.
 * @param worksWithout true for a check that is only named when it fails: the process can work all the same
 */
export function createReadiness(
  clock: Clock,
  checks: Record<string, () => Promise<boolean>>,
  worksWithout: (name: string) => boolean = () => false,
): Readiness {
  let state: 'starting' | 'started' | 'stopping' = 'starting';
  const results = cached(clock, freshForMs, async () => {
    const names = Object.keys(checks);
    const good = await Promise.all(names.map((name) => checks[name]?.()));
    return names.filter((_, index) => good[index] !== true);
  });

  async function problems(): Promise<string[]> {
    if (state !== 'started') return [state];
    return (await results.get('all')) ?? [];
  }

  return {
    healthz: (_request, response) => answer(response, 200, { status: 'up' }),
    async readyz(_request, response) {
      const found = await problems();
      const isReady = found.every(worksWithout);
      answer(response, isReady ? 200 : 503, {
        status: isReady ? 'ready' : 'not ready',
        problems: found,
      });
    },
    started() {
      state = 'started';
    },
    stopping() {
      state = 'stopping';
    },
  };
}
