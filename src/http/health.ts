import type { Clock } from '../clock.ts';
import type { SlackDeps } from '../slack/deps.ts';
import { tokenIsGood } from '../slack/identity.ts';
import { answer, type Handler } from './server.ts';

export interface Readiness {
  /** The process is up. */
  healthz: Handler;
  /** It takes work: started, database open, Slack token good. */
  readyz: Handler;
  started(): void;
  stopping(): void;
}

/** Looked up this often, not per request: a probe every second must not become a query every second. */
const freshForMs = 5_000;

/** The two routes an orchestrator asks. */
export function createReadiness(
  deps: Pick<SlackDeps, 'store' | 'urgent'>,
  { clock }: { clock: Clock },
): Readiness {
  let state: 'starting' | 'started' | 'stopping' = 'starting';
  let known: { untilAt: number; problems: string[] } | null = null;
  let asking: Promise<string[]> | null = null;

  async function look(): Promise<string[]> {
    const [database, slack] = await Promise.all([databaseAnswers(deps), tokenIsGood(deps)]);
    const problems = [...(database ? [] : ['database']), ...(slack ? [] : ['slack'])];
    known = { untilAt: clock.now() + freshForMs, problems };
    return problems;
  }

  async function problems(): Promise<string[]> {
    if (state !== 'started') return [state];
    if (known !== null && known.untilAt > clock.now()) return known.problems;
    asking ??= look().finally(() => {
      asking = null;
    });
    return await asking;
  }

  return {
    healthz: (_request, response) => answer(response, 200, { status: 'up' }),
    async readyz(_request, response) {
      const found = await problems();
      answer(response, found.length === 0 ? 200 : 503, {
        status: found.length === 0 ? 'ready' : 'not ready',
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

async function databaseAnswers(deps: Pick<SlackDeps, 'store'>): Promise<boolean> {
  try {
    await deps.store.read.selectFrom('meta').select('name').limit(1).execute();
    return true;
  } catch {
    return false;
  }
}
